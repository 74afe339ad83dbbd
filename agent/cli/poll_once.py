"""Polls everything once and says what it saw: the ``numwatch poll`` command."""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.cli.poll_report import AccountReport, Report
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.model import AccountKey, Balance, Binding, Number
from agent.polling.journal import ADVICE, PollOutcome
from agent.polling.pollers import Pollers
from agent.states import IN_SERVICE_STATES, REACHABLE_STATES, PollFailure
from exporters.telemetry import Telemetry

ROWS = 200
"""So many numbers of an account are shown to people; ``--json`` tells all of them."""

EVIDENCE = 64
"""So many of a number's newest call records are kept: one look must do."""

_LASTING = frozenset(
    {
        PollFailure.AUTH,
        PollFailure.DNS,
        PollFailure.EGRESS_DENIED,
        PollFailure.REDIRECT,
        PollFailure.TIMEOUT,
        PollFailure.TLS,
        PollFailure.TLS_EXPIRED,
    }
)
"""Failures that another look at once would only meet again, some of them slowly."""


async def poll_once(
    settings: Settings,
    account: str | None = None,
    clock: Callable[[], float] = time.time,
    *,
    again: int = 0,
) -> Report:
    """Poll every account, or only ``account`` (``provider/account``), once.

    An account of which something failed that may pass is polled up to ``again`` times more;
    what the first look has seen stands.

    Raises:
        ValueError: when no such account is configured, or a provider cannot be made.
        OSError: when a file the settings name cannot be read.
    """
    fleet = Fleet()
    pollers = Pollers(fleet, Telemetry(), clock, recent_calls=EVIDENCE)
    try:
        await pollers.prepare(settings)
        keys = _chosen(pollers.accounts(), account)
        outcomes = dict(zip(keys, await _polled(pollers, keys), strict=True))
        for _ in range(again):
            failed = [key for key, of_account in outcomes.items() if _may_pass(of_account)]
            outcomes |= dict(zip(failed, await _polled(pollers, failed), strict=True))
    finally:
        await pollers.stop()
    return Report(
        tuple(
            AccountReport(*key, of_account, fleet.get(*key)) for key, of_account in outcomes.items()
        )
    )


async def _polled(
    pollers: Pollers, keys: Iterable[AccountKey]
) -> Iterable[tuple[PollOutcome, ...]]:
    return await asyncio.gather(*(pollers.poll_once(*key) for key in keys))


def _may_pass(outcomes: Iterable[PollOutcome]) -> bool:
    """Whether something failed now and then, not the whole account for a lasting reason."""
    failures = [outcome.failure for outcome in outcomes]
    return any(failures) and not all(failure in _LASTING for failure in failures if failure)


def render_json(report: Report) -> str:
    """The report as one JSON document."""
    return json.dumps(report.document(), ensure_ascii=False, indent=2)


def render(report: Report, console: Console) -> None:
    """Print the report for people."""
    for account in report.accounts:
        console.rule(Text(f"{account.provider}/{account.account}"), align="left")
        console.print(_balance(account.balance))
        if account.numbers:
            console.print(_numbers_table(account))
        for line in _failures(account):
            console.print(line)


def _chosen(accounts: tuple[AccountKey, ...], account: str | None) -> tuple[AccountKey, ...]:
    if account is None:
        return accounts
    chosen = tuple(key for key in accounts if "/".join(key) == account)
    if not chosen:
        known = ", ".join("/".join(key) for key in accounts)
        raise ValueError(f"no account {account!r}, expected one of: {known}")
    return chosen


def _balance(balance: Balance | None) -> Text:
    if balance is None:
        return Text("balance: unknown", style="dim")
    words = f"balance: {balance.amount:.2f} {balance.currency}"
    low = balance.notice_threshold
    if low is not None and balance.amount < low:
        return Text(f"{words}, below the notice line of {low:.2f}", style="bold yellow")
    return Text(words)


def _numbers_table(account: AccountReport) -> Table:
    numbers = sorted(account.numbers, key=_is_in_service)
    hidden = len(numbers) - ROWS
    table = Table(caption=f"and {hidden} more; --json tells all" if hidden > 0 else None)
    for heading in ("number", "state", "at the provider", "network", "bound phones", "company"):
        table.add_column(heading)
    for number in numbers[:ROWS]:
        table.add_row(*_cells(number, account.bindings(number.number)))
    return table


def _cells(number: Number, bindings: tuple[Binding, ...] | None) -> Iterator[Text]:
    yield Text(number.number)
    yield Text(number.state, style="green" if _is_in_service(number) else "bold red")
    yield Text(" · ".join(filter(None, (number.native_status, number.reason))))
    yield Text(number.network_state)
    yield _bound(bindings)
    yield Text(number.company)


def _bound(bindings: tuple[Binding, ...] | None) -> Text:
    if bindings is None:
        return Text("unknown", style="dim")
    reachable = sum(binding.state in REACHABLE_STATES for binding in bindings)
    troubles = sorted({str(b.state) for b in bindings if b.state not in REACHABLE_STATES})
    words = " ".join([f"{reachable} of {len(bindings)} reachable", *troubles])
    return Text(words, style="" if reachable else "bold red")


def _failures(account: AccountReport) -> Iterable[Text]:
    for outcome in account.outcomes:
        if outcome.failure is not None:
            yield Text.assemble(
                (f"{outcome.capability} failed: {outcome.failure}", "bold red"),
                f" · {outcome.detail}\n  what to do: {ADVICE[outcome.failure]}",
            )


def _is_in_service(number: Number) -> bool:
    return number.state in IN_SERVICE_STATES
