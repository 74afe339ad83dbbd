"""Keeps what is derived from snapshots current: checks, series, the metrics page.

Polls come in whenever they end; several that end together are worked off in one go, in a
thread, so that neither the event loop nor a scrape waits for them.
"""

import asyncio
from collections.abc import Callable

import structlog

from agent.checks.engine import Checker, CheckResult
from agent.checks.habits import Habits, Usual
from agent.fleet import Fleet
from agent.model import AccountKey, Snapshot
from agent.series import SeriesBuilder
from agent.series.calls import habit_blocks
from agent.states import Capability
from exporters.block import Block
from exporters.exposition import Exposition

log = structlog.get_logger(__name__)

AGEING_TICK_SECONDS = 1.0
"""How often accounts are looked at although no poll came in: facts grow stale by themselves."""


class Refresher:
    """Turns every new snapshot into checked facts and published series."""

    def __init__(
        self,
        fleet: Fleet,
        exposition: Exposition,
        clock: Callable[[], float],
        checker: Checker,
        series: SeriesBuilder,
    ) -> None:
        self._fleet = fleet
        self._exposition = exposition
        self._clock = clock
        self._checker = checker
        self._series = series
        self.habits = Habits()
        self._shown: dict[AccountKey, tuple[list[Usual], tuple[Block, ...]]] = {}
        self._dirty: set[AccountKey] = set()
        self._wake = asyncio.Event()
        self.checked: dict[AccountKey, CheckResult] = {}
        fleet.subscribe(self._note)

    def replace(self, checker: Checker, series: SeriesBuilder) -> None:
        """Use another configuration's checks from the next round on."""
        self._checker, self._series = checker, series
        self.checked.clear()
        self._dirty.update((s.provider, s.account) for s in self._fleet.snapshots())
        self._wake.set()

    def _note(self, snapshot: Snapshot) -> None:
        self._dirty.add((snapshot.provider, snapshot.account))
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled; an account that cannot be worked on never stops the others."""
        while True:
            await self._woken()
            for key in self._due():
                try:
                    await self._refresh(key)
                except Exception:
                    log.exception("account_refresh_failed", account="/".join(key))

    async def _woken(self) -> None:
        try:
            async with asyncio.timeout(AGEING_TICK_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            self._dirty.update((s.provider, s.account) for s in self._fleet.snapshots())
        self._wake.clear()

    def _due(self) -> list[AccountKey]:
        self._forget_dropped()
        due, self._dirty = sorted(self._dirty), set()
        return due

    def _forget_dropped(self) -> None:
        for key in [key for key in self.checked if self._fleet.get(*key) is None]:
            del self.checked[key]
            self._shown.pop(key, None)
            self._series.forget(*key)
            self._exposition.withdraw("/".join(key))

    async def _refresh(self, key: AccountKey) -> None:
        snapshot = self._fleet.get(*key)
        if snapshot is None:
            return
        checked, blocks = await asyncio.to_thread(self._derive, key, snapshot)
        self.checked[key] = checked
        self._exposition.publish(snapshot.key, blocks)

    def _derive(self, key: AccountKey, snapshot: Snapshot) -> tuple[CheckResult, tuple[Block, ...]]:
        now = self._clock()
        checked = self._checker.check(snapshot, now, self.checked.get(key))
        blocks = self._series.build(snapshot, checked, now)
        return checked, (*blocks, *self._usual(key, snapshot, now))

    def _usual(self, key: AccountKey, snapshot: Snapshot, now: float) -> tuple[Block, ...]:
        """What is usual at this hour; the same blocks until the next hour."""
        usual = self.habits.note(snapshot, now)
        held = self._shown.get(key)
        if held is None or held[0] is not usual:
            held = self._shown[key] = (usual, habit_blocks(key, usual))
        return held[1] if snapshot.is_fresh(Capability.CALLS, now) else ()
