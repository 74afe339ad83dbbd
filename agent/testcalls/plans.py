"""Runs the plans of the configuration: places the calls that are due, by the rules of the book."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from agent.checks.planned_calls import PlannedByNumber
from agent.checks.result import CheckResult
from agent.config.settings import Settings
from agent.model import AccountKey
from agent.probing.board import ProbeBoard
from agent.probing.book import Refusal, RefusedError
from agent.probing.engine.client import EngineMissingError
from agent.probing.facts import CallsByNumber, ProbeCall, Purpose
from agent.probing.prompt import PromptError
from agent.store import StoreError
from agent.testcalls.idle import IdleLines
from agent.testcalls.outcome import CallRequest
from agent.testcalls.overdrafts import overdrafts
from agent.testcalls.planned import CANNOT_CALL, RETRIES, Pair, Planned
from agent.testcalls.schedule import Schedule
from agent.testcalls.service import CallService

log = structlog.get_logger(__name__)

_Account = tuple[AccountKey, PlannedByNumber, bool]
"""An account, what is called of it, and whether it is polled here."""

TICK: Final = 1.0
"""Seconds between two looks at what is due."""


class Ownership(Protocol):
    """Which accounts are polled here: their numbers are called here, and nowhere else."""

    def owns(self, key: AccountKey) -> bool:
        """Whether the account is polled here."""
        ...

    def may_poll(self, key: AccountKey) -> bool:
        """Whether that is so at this very moment."""
        ...


@dataclass(frozen=True)
class PlanParts:
    """What plans are run with.

    Args:
        calls: Places the calls.
        board: The newest calls of everybody.
        settings: The configuration in force.
        results: The newest check result of every account.
        ownership: Returns which accounts are polled here.
        clock: Epoch seconds.
        steady: Seconds that go on as time passes, whatever is done to the machine's clock.
    """

    calls: CallService
    board: ProbeBoard
    settings: Callable[[], Settings]
    results: Mapping[AccountKey, CheckResult]
    ownership: Callable[[], Ownership]
    clock: Callable[[], float]
    steady: Callable[[], float] = time.monotonic


class PlanRunner:
    """Calls numbers by plan while :meth:`run` does."""

    def __init__(self, parts: PlanParts) -> None:
        self._parts = parts
        self._schedule = Schedule()
        self._wanted: tuple[Planned, ...] = ()
        self._settings: Settings | None = None
        self._accounts: dict[AccountKey, PlannedByNumber] = {}
        self._read_from: list[_Account] = []
        self._read_as: tuple[Planned, ...] = ()
        self._planned: tuple[Planned, ...] = ()
        self._noted: dict[AccountKey, CallsByNumber] = {}
        self._budgeted: tuple[Planned, ...] = ()
        self._seen: dict[Pair, str] = {}
        self._trouble = ""
        self._idle = IdleLines()

    async def run(self) -> None:
        """Place what is due until cancelled; calls under way are then ended properly."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    await self.follow()
                    while (planned := self._next()) is not None:
                        group.create_task(self._place(planned))
                    self._show_idle()
                except StoreError:
                    pass  # The ledger has said why; nobody is called whose last call is not known.
                except Exception:
                    log.exception("test_plans_not_followed")
                await asyncio.sleep(TICK)

    async def follow(self) -> None:
        """Bring the schedule up to date with the configuration, the numbers and the calls made.

        Raises:
            StoreError: when the calls of a new number cannot be read; it is not scheduled then.
        """
        settings = self._parts.settings()
        wanted = self._read(settings)
        if self._planned is not self._budgeted or settings is not self._settings:
            self._show_overdrafts(settings)
        if wanted != self._wanted or settings is not self._settings:
            now, wall = self._parts.steady(), self._parts.clock()
            new = [it for it in wanted if it.pair not in self._schedule.pairs]
            ages: dict[Pair, float] = {}
            if new:
                longest = max(it.every * (1 + it.spread) for it in new)
                times = await self._parts.calls.ledger.newest_times(wall - longest)
                ages = {pair: wall - at for pair, at in times.items()}
            self._schedule.replace(wanted, settings.dial.callers, ages, now, wall)
            self._wanted, self._settings, self._noted = wanted, settings, {}
            self._seen = {it: self._seen[it] for it in self._schedule.pairs if it in self._seen}
        if wanted:
            self._note_others()

    def _read(self, settings: Settings) -> tuple[Planned, ...]:
        """What is called from here: each number by the replica that polls its first account."""
        if not settings.dial.plans:
            self._accounts.clear()
            self._read_from, self._read_as, self._planned = [], (), ()
            return ()
        configured = {(it.name, one.id) for it in settings.providers for one in it.accounts}
        for key in self._accounts.keys() - configured:
            del self._accounts[key]
        # After a reload there are no results for a moment: what was known goes on meanwhile.
        for key, result in list(self._parts.results.items()):
            self._accounts[key] = result.planned
        ownership = self._parts.ownership()
        accounts = [(it, self._accounts[it], ownership.owns(it)) for it in sorted(self._accounts)]
        if not _are_same(accounts, self._read_from):
            firsts = _firsts(accounts)
            self._read_from = accounts
            self._planned = tuple(planned for planned, _ in firsts)
            self._read_as = tuple(planned for planned, owned in firsts if owned)
        return self._read_as

    def _note_others(self) -> None:
        """Take calls into account that people, acceptances or other replicas have made."""
        accounts = {it.account for it in self._wanted}
        boards = {key: self._parts.board.of(key) for key in accounts}
        changed = {key for key, calls in boards.items() if self._noted.get(key) is not calls}
        self._noted = boards
        if not changed:
            return
        now, wall = self._parts.steady(), self._parts.clock()
        for planned in self._wanted:
            calls = boards[planned.account].get(planned.number, ())
            newest = next((it for it in calls if it.caller == planned.caller), None)
            if newest is not None and self._seen.get(planned.pair) != newest.id:
                self._seen[planned.pair] = newest.id
                # A call from the time to come was made before the clock was set back.
                self._schedule.called(planned.pair, now - max(0.0, wall - newest.at))
                if newest.got_through:
                    self._schedule.got_through(planned.number)

    def _next(self) -> Planned | None:
        return self._schedule.due(self._parts.steady())

    async def _place(self, planned: Planned) -> None:
        request = CallRequest(
            planned.number, planned.caller, Purpose.PLAN, planned.plan, account=planned.account
        )
        began = self._parts.steady()
        if not self._parts.ownership().may_poll(planned.account):
            self._schedule.refused(planned, began, RETRIES[Refusal.LEDGER])
            return
        try:
            call = await self._parts.calls.call(request)
        except RefusedError as error:
            self._idle.refused(planned.caller, self._parts.steady(), error.refusal)
            self._schedule.refused(planned, self._parts.steady(), RETRIES[error.refusal])
        except (EngineMissingError, PromptError, LookupError) as error:
            self._report(str(error))
            self._idle.refused(planned.caller, self._parts.steady(), None)
            self._schedule.refused(planned, self._parts.steady(), CANNOT_CALL)
        except Exception:
            log.exception("planned_call_failed", number=planned.number, caller=planned.caller)
            self._idle.refused(planned.caller, self._parts.steady(), None)
            self._schedule.refused(planned, self._parts.steady(), CANNOT_CALL)
        else:
            self._trouble = ""
            self._idle.placed(planned.caller)
            self._conclude(planned, call, began)

    def _conclude(self, planned: Planned, call: ProbeCall, began: float) -> None:
        self._seen[planned.pair] = call.id
        self._schedule.placed(planned, began)
        if call.got_through:
            self._schedule.got_through(planned.number)
        elif call.failed:
            self._schedule.failed(planned, self._parts.steady())

    def _show_idle(self) -> None:
        callers = frozenset(it.caller for it in self._wanted)
        self._parts.calls.lines.show_idle(self._idle.lasting(callers, self._parts.steady()))

    def _show_overdrafts(self, settings: Settings) -> None:
        """Show which budgets do not suffice, and log each once."""
        former = {it.caller for it in self._parts.calls.overdrafts}
        # Budgets are shared by all replicas: what others call counts as well.
        found = overdrafts(self._planned, settings.dial.callers)
        self._parts.calls.overdrafts = found
        self._budgeted = self._planned
        for it in found:
            if it.caller not in former:
                log.warning("test_plans_over_budget", caller=it.caller, text=it.text.text("en"))
        for caller in former - {it.caller for it in found}:
            log.info("test_plans_within_budget", caller=caller)

    def _report(self, trouble: str) -> None:
        """Log once what keeps every call from being made."""
        if trouble != self._trouble:
            self._trouble = trouble
            log.error("planned_calls_cannot_be_made", error=trouble)


def _are_same(accounts: Sequence[_Account], former: Sequence[_Account]) -> bool:
    return len(accounts) == len(former) and all(
        key == known and planned is before and owned == was
        for (key, planned, owned), (known, before, was) in zip(accounts, former, strict=True)
    )


def _firsts(accounts: Iterable[_Account]) -> tuple[tuple[Planned, bool], ...]:
    """What is planned, of the first account that has a number, and whether it is polled here."""
    firsts: dict[Pair, tuple[Planned, bool]] = {}
    for key, by_number, owned in accounts:
        for number, calls in by_number.items():
            for it in calls:
                planned = Planned(
                    number, it.caller, it.plan, it.every, key, it.spread, it.second_opinion
                )
                firsts.setdefault(planned.pair, (planned, owned))
    return tuple(firsts.values())
