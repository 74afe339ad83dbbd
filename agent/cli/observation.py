"""Polls everything once for a command and checks it against the stored baselines.

Baselines live in the ledger of the agent's ``data_dir``. A running agent holds that ledger and
alone writes to it; beside one a command only reads.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import structlog

from agent.baselines.baseline import PAGE_PREFIX, BaselineBook
from agent.checks.attribution import complete_all
from agent.checks.engine import Checker
from agent.checks.result import CheckResult
from agent.cli.cost_pages import CommandPages
from agent.complaints.stored_reports import LIMIT, reports_in
from agent.complaints.stored_reports import STATEMENT as WAITING_COMPLAINTS
from agent.config.inventory.inventory import Inventory
from agent.config.settings import Settings
from agent.diagnosis.caller_reports import ReportsOf
from agent.fleet import Fleet
from agent.health.faults import OpenFaults
from agent.model import AccountKey, Balance, Binding, Number, Routing, Snapshot
from agent.plan import declared_in
from agent.polling.journal import PollOutcome
from agent.polling.pollers import Pollers
from agent.states import PollFailure
from agent.store import StoreError
from agent.store.reader import read_rows
from agent.tickets.open_faults import open_faults
from agent.tickets.ticket import Ticket
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

CALL_RECORDS = 64
"""The newest call records kept for a number, more than the agent keeps over several polls."""
_OPEN_TICKETS = "SELECT document FROM tickets WHERE open"
_PAGES = "SELECT name, value FROM keep WHERE substr(name, 1, :length) = :prefix"
_LASTING = frozenset(
    {
        PollFailure.AUTH,
        PollFailure.DNS,
        PollFailure.EGRESS_DENIED,
        PollFailure.OUTDATED,
        PollFailure.REDIRECT,
        PollFailure.TIMEOUT,
        PollFailure.TLS,
        PollFailure.TLS_EXPIRED,
        PollFailure.TOO_MANY,
    }
)
"""Failures that an immediate second poll would only repeat, some of them slowly."""


# No repr: it would put people's phones into a traceback.
@dataclass(frozen=True, repr=False)
class AccountReport:
    """One account: the outcome of each poll, and the account's facts afterwards."""

    provider: str
    account: str
    outcomes: Sequence[PollOutcome]
    snapshot: Snapshot | None
    inventory: Inventory = field(default_factory=Inventory)

    @property
    def numbers(self) -> tuple[Number, ...]:
        """The account's numbers; none when they could not be listed."""
        listing = self.snapshot.listing if self.snapshot else None
        return listing.numbers if listing else ()

    @property
    def balance(self) -> Balance | None:
        """The account's balance; ``None`` when it is not known."""
        return self.snapshot.balance if self.snapshot else None

    @property
    def unlisted_phones(self) -> Mapping[str, int]:
        """How many phones the provider has under each number that the account does not list."""
        unlisted = self.snapshot.unlisted_bindings if self.snapshot else {}
        numbers = sorted(unlisted.keys() - self.inventory.numbers_of_others)
        return {number: len(unlisted[number]) for number in numbers}

    def bindings(self, number: str) -> tuple[Binding, ...] | None:
        """The phones bound behind ``number``; ``None`` when not known."""
        return self.snapshot.bindings.get(number) if self.snapshot else None

    def routing(self, number: str) -> Routing | None:
        """How ``number`` routes calls; ``None`` when not known."""
        return self.snapshot.routings.get(number) if self.snapshot else None


@dataclass(frozen=True)
class Report:
    """One round of polling."""

    accounts: Sequence[AccountReport]

    @property
    def failed(self) -> bool:
        """Whether anything could not be polled."""
        return any(outcome.failure for account in self.accounts for outcome in account.outcomes)

    @property
    def snapshots(self) -> list[Snapshot]:
        """The snapshots of the accounts of which something was polled."""
        return [account.snapshot for account in self.accounts if account.snapshot]


@dataclass(frozen=True)
class Observation:
    """One round of polling, checked."""

    report: Report
    at: float
    """When the polling ended, epoch seconds."""
    baselines: BaselineBook
    checked: Mapping[AccountKey, CheckResult]


async def observe(settings: Settings, *, retries: int = 0) -> Observation:
    """Poll everything once and check it against the stored and declared baselines.

    Configurations that are seen for the first time are stored. ``retries`` is as in
    :func:`poll_once`.

    Raises:
        ValueError: when a stored baseline or a file that declares them is damaged, or a
            provider cannot be made.
        OSError: when a file the settings name cannot be read.
    """
    baselines = await stored_baselines(settings)
    baselines.declare(declared_in(settings))
    report = await poll_once(settings, retries=retries)
    # Taken before the ledger is opened: facts of a short interval would be stale after that.
    now = time.time()
    checked = await check_and_store(settings, report, baselines, now)
    return Observation(report, now, baselines, checked)


async def poll_once(
    settings: Settings,
    account: str | None = None,
    clock: Callable[[], float] = time.time,
    *,
    retries: int = 0,
) -> Report:
    """Poll every account, or only ``account`` (``provider/account``), once.

    An account with a failure that may pass is polled up to ``retries`` times more; what an
    earlier poll has fetched stays.

    Raises:
        ValueError: when no such account is configured, or a provider cannot be made.
        OSError: when a file the settings name cannot be read.
    """
    fleet = Fleet()
    pollers = Pollers(fleet, Telemetry(), clock, recent_calls=CALL_RECORDS)
    try:
        await pollers.prepare(settings, CommandPages(Path(settings.data_dir), settings.store))
        keys = _chosen(pollers.accounts(), account)
        outcomes = dict(zip(keys, await _outcomes(pollers, keys), strict=True))
        for _ in range(retries):
            failed = [key for key, of_account in outcomes.items() if _may_pass(of_account)]
            outcomes |= dict(zip(failed, await _outcomes(pollers, failed), strict=True))
    finally:
        await pollers.stop()
    completed = {
        (snapshot.provider, snapshot.account): snapshot
        for snapshot in complete_all(settings, fleet.snapshots(), clock())
    }
    return Report(
        tuple(
            AccountReport(*key, of_account, completed.get(key), settings.inventory_of(*key))
            for key, of_account in outcomes.items()
        )
    )


def _chosen(accounts: tuple[AccountKey, ...], account: str | None) -> tuple[AccountKey, ...]:
    if account is None:
        return accounts
    chosen = tuple(key for key in accounts if "/".join(key) == account)
    if not chosen:
        known = ", ".join("/".join(key) for key in accounts)
        raise ValueError(f"no account {account!r}, expected one of: {known}")
    return chosen


async def _outcomes(
    pollers: Pollers, keys: Iterable[AccountKey]
) -> Iterable[tuple[PollOutcome, ...]]:
    return await asyncio.gather(*(pollers.poll_once(*key) for key in keys))


def _may_pass(outcomes: Iterable[PollOutcome]) -> bool:
    """Whether something failed, and not the whole account for a lasting reason."""
    failures = [outcome.failure for outcome in outcomes]
    return any(failures) and not all(failure in _LASTING for failure in failures if failure)


async def stored_baselines(settings: Settings) -> BaselineBook:
    """The baselines in the ledger of ``settings``; none if there is no ledger.

    Raises:
        ValueError: when a page of them is damaged.
    """
    book = BaselineBook()
    values = {"length": len(PAGE_PREFIX), "prefix": PAGE_PREFIX}
    rows = await _rows(settings, _PAGES, values)
    book.restore([(str(name), bytes(value)) for name, value in rows])
    return book


async def stored_open_faults(settings: Settings) -> OpenFaults:
    """What the open tickets in the ledger of ``settings`` say of numbers; nothing without one."""
    rows = await _rows(settings, _OPEN_TICKETS, {})
    return open_faults(msgspec.json.decode(document, type=Ticket) for (document,) in rows)


async def stored_reports(settings: Settings) -> ReportsOf:
    """What callers report in the complaints of the ledger that wait for an answer."""
    return reports_in(await _rows(settings, WAITING_COMPLAINTS, {"limit": LIMIT}))


async def _rows(
    settings: Settings, statement: str, values: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    try:
        return await read_rows(Path(settings.data_dir), settings.store, statement, values)
    except StoreError as error:
        log.debug("ledger_not_read", error=str(error))
        return []


async def check_and_store(
    settings: Settings, report: Report, baselines: BaselineBook, now: float
) -> Mapping[AccountKey, CheckResult]:
    """Check the polled facts against ``baselines``, and store the configurations new to them."""
    checker = Checker(settings, baselines)
    checked = {
        (snapshot.provider, snapshot.account): checker.check(snapshot, now)
        for snapshot in report.snapshots
    }
    await _store(settings, baselines)
    return checked


async def _store(settings: Settings, baselines: BaselineBook) -> None:
    """Write what is new in ``baselines``, unless a running agent does that itself."""
    new = list(baselines.take_unwritten())
    if not new:
        return
    for name, _ in new:
        baselines.mark_unwritten(name)
    # Only a run that saw something new pays for loading what can write.
    from agent.baselines.repository import BaselineRepository  # noqa: PLC0415 - see above
    from agent.store.database import Database  # noqa: PLC0415

    try:
        database = await Database.open(Path(settings.data_dir), settings.store)
    except StoreError as error:
        log.debug("baselines_not_kept", error=str(error))
        return
    try:
        await BaselineRepository(database, baselines).write_changes()
    finally:
        await database.close()
