"""Derives check results and series from every new snapshot and publishes them.

The work is done in a thread, some accounts at a time, so that neither the event loop nor a scrape
waits for it; an account that was polled several times meanwhile is processed once. One of which
nothing but the times of polls is new waits for a second, because others have such news meanwhile.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple, Protocol

import structlog

from agent.checks.call_habits import CallHabits
from agent.checks.charge_habits import ChargeHabits
from agent.checks.engine import Checker, CheckResult
from agent.checks.habits import Habits, Usual
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.health.fleet import FleetHealth
from agent.model import AccountKey, Snapshot
from agent.postponed_checks import PostponedChecks
from agent.probing.board import ProbeBoard
from agent.series import SeriesBuilder
from agent.series.account import provider_down_block
from agent.series.calls import habit_blocks
from agent.states import Capability
from agent.tickets.moved_numbers import MovedNumbers
from exporters.block import Block

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0
"""Seconds without news after which the accounts are processed of which nothing but the times of
polls is new. Where no account was polled meanwhile, all are: facts become stale."""
_NUMBERS_AT_ONCE = 2000
"""Numbers of the accounts that are processed at once: results are published after each batch."""
_PATIENCE = 3.0
"""Seconds that who looks waits for checks that were postponed."""


class _Work(NamedTuple):
    """An account to process: its newest snapshot, and its result before."""

    key: AccountKey
    snapshot: Snapshot
    before: CheckResult | None


class Publisher(Protocol):
    """Publishes the blocks of accounts."""

    def publish(self, owner: str, blocks: Sequence[Block]) -> None:
        """Replace all blocks of ``owner``."""
        ...

    def withdraw(self, owner: str) -> None:
        """Remove all blocks of ``owner``."""
        ...


class Refresher:
    """Turns every new snapshot into check results and published series."""

    def __init__(
        self,
        fleet: Fleet,
        exposition: Publisher,
        clock: Callable[[], float],
        checker: Checker,
        series: SeriesBuilder,
        fleet_health: FleetHealth | None = None,
    ) -> None:
        self._fleet = fleet
        self._exposition = exposition
        self._clock = clock
        self._checker = checker
        self._series = series
        self._moved = MovedNumbers(fleet)
        self.habits = Habits()
        self.charges = ChargeHabits()
        self.calls = CallHabits()
        self._fleet_health = fleet_health or FleetHealth()
        self.probes = ProbeBoard()
        """The newest test calls of all accounts."""
        self.probes.subscriber = self._mark_called
        self._habit_blocks: dict[AccountKey, tuple[list[Usual], tuple[Block, ...]]] = {}
        self._clock_set = 0.0
        self._dirty: set[AccountKey] = set()
        self._taken: set[AccountKey] = set()
        self._processed = asyncio.Event()
        self._wake = asyncio.Event()
        self.postponed = PostponedChecks()
        self.results: dict[AccountKey, CheckResult] = {}
        """The newest check result of every account."""
        self.failed: set[AccountKey] = set()
        """The accounts whose newest facts could not be processed."""
        fleet.subscribe(self._mark_dirty)

    @property
    def learners(self) -> tuple[Habits, ChargeHabits, CallHabits]:
        """What is learnt of accounts, in the order in which it is restored."""
        return self.habits, self.charges, self.calls

    def waiting_for(self, settings: Settings) -> str | None:
        """The configured accounts without a result yet, in words; ``None`` if there are none."""
        missing = [
            f"{provider.name}/{account.id}"
            for provider in settings.providers
            for account in provider.accounts
            if (provider.name, account.id) not in self.results
        ]
        return f"still waiting for the first poll of {', '.join(missing[:10])}" if missing else None

    def replace(self, checker: Checker, series: SeriesBuilder) -> None:
        """Use the checks and series of another configuration from now on.

        An account being processed still stores a result of the former checks; it is marked
        dirty here and therefore processed again.
        """
        self._checker, self._series = checker, series
        self.results.clear()
        self._mark_all_dirty()
        self._wake.set()

    def _mark_dirty(self, snapshot: Snapshot) -> None:
        key = snapshot.provider, snapshot.account
        dependents = self._checker.attribution.dependents(key)
        self._dirty.update(it for it in dependents if not self.postponed.postpone_dependent(it))
        is_new = self.postponed.is_new(snapshot)
        if is_new or not self.postponed.postpone(snapshot, self._clock()):
            self._dirty.add(key)
        if is_new:
            self._wake.set()

    def _mark_called(self, accounts: Iterable[AccountKey]) -> None:
        """Process the accounts whose numbers were called for tests."""
        self._dirty.update(key for key in accounts if self._fleet.get(*key) is not None)
        self._wake.set()

    def _mark_all_dirty(self) -> None:
        self._dirty.update((s.provider, s.account) for s in self._fleet.snapshots())

    def follow_tickets(self) -> None:
        """Process the accounts about whose numbers open tickets say something else now."""
        changed = self._fleet_health.take_changed()
        if changed is None:
            self._mark_all_dirty()
        else:
            self._dirty.update(key for key in changed if self._fleet.get(*key) is not None)
        if self._dirty:
            self._wake.set()

    async def run(self) -> None:
        """Process accounts until cancelled; one that fails is logged and does not stop others."""
        while True:
            await self._wait_for_work()
            for keys in self._batches(self._take_dirty()):
                await self._process(keys)
                self._taken.difference_update(keys)
            ended, self._processed = self._processed, asyncio.Event()
            ended.set()

    async def attend(self) -> None:
        """Somebody looks: process what was postponed, and for a while postpone nothing.

        Where that takes longer than a page may, it goes on behind what is shown.
        """
        waiting = self.postponed.attend()
        if waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._process_at_once(waiting)

    async def catch_up(self) -> None:
        """Process what was postponed."""
        await self._process_at_once(self.postponed.take_waiting())

    async def _process_at_once(self, keys: Collection[AccountKey]) -> None:
        self._dirty.update(keys)
        self._wake.set()
        while not self._dirty.isdisjoint(keys) or not self._taken.isdisjoint(keys):
            await self._processed.wait()

    def clock_was_set(self, step: float) -> None:
        """Restate the results after the agent's clock was set by ``step`` seconds.

        Until :meth:`refresh_all`, the published series have times by the clock as it was.
        """
        self._clock_set += step
        self.postponed.clock_was_set(step)
        self.results = {key: result.restated(step) for key, result in self.results.items()}

    async def refresh_all(self) -> None:
        """Process every account now."""
        keys = [(snapshot.provider, snapshot.account) for snapshot in self._fleet.snapshots()]
        for some in self._batches(keys):
            await self._process(some)

    def _batches(self, keys: Sequence[AccountKey]) -> Iterator[Sequence[AccountKey]]:
        """``keys`` in batches of accounts with :data:`_NUMBERS_AT_ONCE` numbers or few more."""
        batch: list[AccountKey] = []
        numbers = 0
        for key in keys:
            batch.append(key)
            snapshot = self._fleet.get(*key)
            listing = snapshot.listing if snapshot is not None else None
            numbers += 1 + (len(listing.numbers) if listing is not None else 0)
            if numbers >= _NUMBERS_AT_ONCE:
                yield batch
                batch, numbers = [], 0
        if batch:
            yield batch

    async def _process(self, keys: Sequence[AccountKey]) -> None:
        # Read together, here and not in the thread: the clock may be set before that begins.
        now, clock_set = self._clock(), self._clock_set
        work = [
            _Work(key, snapshot, self.results.get(key))
            for key in keys
            if (snapshot := self._fleet.get(*key)) is not None
        ]
        derived = await asyncio.to_thread(self._derive_all, work, now)
        set_meanwhile = self._clock_set - clock_set
        for it, outcome in zip(work, derived, strict=True):
            if isinstance(outcome, Exception):
                await self._publish_failure(it.key, outcome)
                continue
            result, blocks = outcome
            self.results[it.key] = result.restated(set_meanwhile) if set_meanwhile else result
            self.postponed.checked(it.snapshot, now, set_meanwhile)
            self._exposition.publish(it.snapshot.key, blocks)
            self._record_recovery(it.key)

    async def _wait_for_work(self) -> None:
        try:
            async with asyncio.timeout(TICK_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            if not self._dirty:
                self._mark_ageing()
        self._wake.clear()
        # However much else there is to do: what nobody polls any more grows stale all the same.
        self._dirty.update(self.postponed.take_stale(self._clock()))

    def _mark_ageing(self) -> None:
        keys = ((it.provider, it.account) for it in self._fleet.snapshots())
        self._dirty.update(key for key in keys if not self.postponed.rests(key))

    def _take_dirty(self) -> list[AccountKey]:
        self._forget_dropped()
        self._taken, self._dirty = self._dirty, set()
        return sorted(self._taken)

    def _forget_dropped(self) -> None:
        for key in [key for key in self.results if self._fleet.get(*key) is None]:
            del self.results[key]
            self.failed.discard(key)
            self._habit_blocks.pop(key, None)
            self._series.forget(*key)
            self.charges.forget(key)
            self.calls.forget(key)
            self._fleet_health.forget(key)
            self.postponed.forget(key)
            self._exposition.withdraw("/".join(key))

    async def _publish_failure(self, key: AccountKey, error: Exception) -> None:
        """Publish ``provider_up`` 0 and the series of the newest result, until they are stale.

        The facts of that result age as though nothing had been polled since, so that an account
        whose facts cannot be processed never looks well.
        """
        if key not in self.failed:
            # Once, not every second: the account is tried again with every tick.
            log.error("account_refresh_failed", account="/".join(key), exc_info=error)
        self.failed.add(key)
        snapshot = self._fleet.get(*key)
        if snapshot is None:
            return
        before = self.results.get(key)
        blocks: tuple[Block, ...] = ()
        if before is not None:
            try:
                blocks = await asyncio.to_thread(self._outdated_blocks, before)
            except Exception as also:  # noqa: BLE001 - then without them
                log.debug("series_not_built", account=snapshot.key, error=str(also))
        down = provider_down_block(snapshot)
        others = tuple(block for block in blocks if block.family.name != down.family.name)
        self._exposition.publish(snapshot.key, (down, *others))

    def _outdated_blocks(self, before: CheckResult) -> tuple[Block, ...]:
        """The series of an older result, as far as its facts are not stale."""
        now = self._clock()
        health = self._fleet_health.of(before, now)
        return self._series.build(before.snapshot, before, now, health)

    def _record_recovery(self, key: AccountKey) -> None:
        if key in self.failed:
            self.failed.discard(key)
            log.info("account_refresh_recovered", account="/".join(key))

    def _derive_all(
        self, work: Sequence[_Work], now: float
    ) -> list[tuple[CheckResult, tuple[Block, ...]] | Exception]:
        """What :meth:`_derive` returns of each, or why it could not: the others go on."""
        derived: list[tuple[CheckResult, tuple[Block, ...]] | Exception] = []
        for it in work:
            try:
                derived.append(self._derive(it.key, it.snapshot, it.before, now))
            except Exception as error:  # noqa: BLE001 - one account must not stop the others
                derived.append(error)
        return derived

    def _derive(
        self, key: AccountKey, snapshot: Snapshot, before: CheckResult | None, now: float
    ) -> tuple[CheckResult, tuple[Block, ...]]:
        checker = self._checker
        snapshot = self._moved.without_moved(snapshot, checker.baselines, now)
        snapshot = checker.attribution.complete(snapshot, self._of, now)
        charges = self.charges.note(snapshot, now)
        calls = self.calls.note(snapshot, checker.opening_hours, now)
        checked = checker.check(snapshot, now, before)
        probes, troubled = self.probes.of(key), self.probes.troubled(key)
        result = replace(checked, charges=charges, compared_calls=calls, probes=probes)
        result = replace(result, probes_troubled=troubled)
        health = self._fleet_health.of(result, now)
        blocks = self._series.build(snapshot, result, now, health)
        return result, (*blocks, *self._usual_calls(key, snapshot, now))

    def _of(self, key: AccountKey) -> Snapshot | None:
        return self._fleet.get(*key)

    def _usual_calls(self, key: AccountKey, snapshot: Snapshot, now: float) -> tuple[Block, ...]:
        """The series of the calls usual at this hour; the same blocks until the next hour."""
        usual = self.habits.note(snapshot, now)
        rendered = self._habit_blocks.get(key)
        if rendered is None or rendered[0] is not usual:
            rendered = self._habit_blocks[key] = (usual, habit_blocks(key, usual))
        return rendered[1] if snapshot.is_fresh(Capability.CALLS, now) else ()
