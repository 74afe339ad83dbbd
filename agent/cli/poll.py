"""``numwatch poll``: polls once and prints the facts.

The JSON document is complete; the table for people is cut. Neither holds a person's phone.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.cli.observation import (
    AccountReport,
    Report,
    check_and_store,
    poll_once,
    stored_baselines,
    stored_open_faults,
)
from agent.cli.runner import ExitStatus, print_json, run_command
from agent.config.load import load
from agent.config.settings import Settings
from agent.health.account import AccountHealth, assess
from agent.health.findings import Finding, findings
from agent.health.rule import WORST_FIRST
from agent.masking import mask_phone
from agent.model import AccountKey, Balance, Binding, Number, Routing
from agent.net.word_counts import OTHERS
from agent.polling.journal import ADVICE, PollOutcome
from agent.states import IN_SERVICE_STATES, REACHABLE_STATES, Health

ROWS = 200
"""The most numbers of an account in the table."""
_STYLES = {
    Health.OK: "green",
    Health.DEGRADED: "yellow",
    Health.DOWN: "bold red",
    Health.UNKNOWN: "dim",
}
_HEADINGS = (
    "number",
    "health",
    "state",
    "at the provider",
    "network",
    "bound phones",
    "company",
)
_ROUTING_FIELDS = Routing.__struct_fields__


def poll(config: Path, account: str | None, *, as_json: bool) -> int:
    """Poll once and print the facts; returns 0 when every poll succeeded, else 1."""

    def command() -> int:
        report, judgement = asyncio.run(poll_and_judge(load(config), account))
        if as_json:
            print_json(document(report, judgement))
        else:
            render(report, judgement, Console())
        return ExitStatus.FAILED if report.failed else ExitStatus.OK

    return run_command(command, misuse=(ValueError, OSError))


@dataclass(frozen=True)
class Judgement:
    """How the polled numbers are (docs/health.md), by account; judged at ``at``, epoch seconds."""

    at: float
    accounts: Mapping[AccountKey, AccountHealth]

    def of(self, account: AccountReport, number: str) -> tuple[Health, tuple[Finding, ...]]:
        """The health of a number, and what is wrong with it."""
        health = self.accounts.get((account.provider, account.account))
        row = None if health is None else health.result.number_row(number)
        if health is None or row is None:
            return Health.UNKNOWN, ()
        return health.health(row), findings(health, row, self.at)


async def poll_and_judge(
    settings: Settings, account: str | None = None
) -> tuple[Report, Judgement]:
    """Poll once, and judge by the facts and by the open tickets in the ledger.

    The configurations that were seen for the first time are stored.
    """
    report = await poll_once(settings, account)
    now, faults = time.time(), await stored_open_faults(settings)
    checked = await check_and_store(settings, report, await stored_baselines(settings), now)
    healths = {key: assess(result, now, faults.of(key)) for key, result in checked.items()}
    return report, Judgement(now, healths)


def document(report: Report, judgement: Judgement) -> dict[str, Any]:
    """The report as JSON values; people's phones are masked, times are ISO 8601."""
    return {
        "ok": not report.failed,
        "accounts": [_account_document(account, judgement) for account in report.accounts],
    }


def _account_document(account: AccountReport, judgement: Judgement) -> dict[str, Any]:
    return {
        "provider": account.provider,
        "account": account.account,
        "capabilities": {str(it.capability): _outcome_document(it) for it in account.outcomes},
        "balance": msgspec.to_builtins(account.balance),
        "unlisted_phones": [
            {"number": mask_phone(number), "phones": count}
            for number, count in account.unlisted_phones.items()
        ],
        "unmapped_words": list(_words(account)),
        "numbers": [_number_document(account, number, judgement) for number in account.numbers],
    }


def _words(account: AccountReport) -> Iterator[dict[str, Any]]:
    """The provider's words that the profile does not map, the most frequent of a field first."""
    for outcome in account.outcomes:
        for field, words in sorted(outcome.unmapped_words.items()):
            for word, count in sorted(words.items(), key=_frequent_first):
                yield {"field": field, "word": word, "count": count}


def _frequent_first(entry: tuple[str, int]) -> tuple[bool, int, str]:
    return entry[0] == OTHERS, -entry[1], entry[0]


def _outcome_document(outcome: PollOutcome) -> dict[str, Any]:
    return {
        "ok": outcome.failure is None,
        "reason": outcome.failure and str(outcome.failure),
        "detail": outcome.detail,
        "advice": outcome.failure and ADVICE[outcome.failure],
        "duration_seconds": round(outcome.duration, 3),
    }


def _number_document(
    account: AccountReport, number: Number, judgement: Judgement
) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(number)
    facts["contract_end"] = _timestamp(number.contract_end)
    facts["reclaim_at"] = _timestamp(number.reclaim_at)
    health, found = judgement.of(account, number.number)
    facts["health"], facts["findings"] = health.value, msgspec.to_builtins(found)
    bindings = account.bindings(number.number)
    facts["bindings"] = None if bindings is None else [_binding_document(it) for it in bindings]
    routing = account.routing(number.number)
    facts["routing"] = None if routing is None else _routing_document(routing)
    return facts


def _binding_document(binding: Binding) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(binding)
    del facts["holder"]
    return {**facts, "id": mask_phone(binding.id), "phone": mask_phone(binding.phone)}


def _routing_document(routing: Routing) -> Mapping[str, Any]:
    facts = {name: msgspec.to_builtins(getattr(routing, name)) for name in _ROUTING_FIELDS}
    for name in ("blacklist", "whitelist", "binding_order"):
        facts[name] = [mask_phone(entry) for entry in facts[name]]
    recipient = routing.voicemail_recipient
    return {**facts, "voicemail_recipient": recipient and mask_phone(recipient)}


def _timestamp(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def render(report: Report, judgement: Judgement, console: Console) -> None:
    """Print the report for people, the numbers that are worst first."""
    for account in report.accounts:
        console.rule(Text(f"{account.provider}/{account.account}"), align="left")
        console.print(_balance(account.balance))
        if account.numbers:
            console.print(_numbers_table(account, judgement))
        for line in (*_unlisted(account), *_unmapped(account), *_failures(account)):
            console.print(line)


def _balance(balance: Balance | None) -> Text:
    if balance is None:
        return Text("balance: unknown", style="dim")
    text = f"balance: {balance.amount:.2f} {balance.currency}"
    notice = balance.notice_threshold
    if notice is not None and balance.amount < notice:
        return Text(f"{text}, below the notice line of {notice:.2f}", style="bold yellow")
    return Text(text)


def _numbers_table(account: AccountReport, judgement: Judgement) -> Table:
    def rank(number: Number) -> int:
        return WORST_FIRST.index(judgement.of(account, number.number)[0])

    numbers = sorted(account.numbers, key=rank)
    hidden = len(numbers) - ROWS
    table = Table(caption=f"and {hidden} more; --json shows all" if hidden > 0 else None)
    for heading in _HEADINGS:
        table.add_column(heading)
    for number in numbers[:ROWS]:
        health, _ = judgement.of(account, number.number)
        table.add_row(*_cells(number, health, account.bindings(number.number)))
    return table


def _cells(number: Number, health: Health, bindings: tuple[Binding, ...] | None) -> Iterator[Text]:
    yield Text(number.number)
    yield Text(health.value, style=_STYLES[health])
    yield Text(number.state, style="green" if _is_in_service(number) else "bold red")
    yield Text(" · ".join(filter(None, (number.native_status, number.reason))))
    yield Text(number.network_state)
    yield _bindings_cell(bindings)
    yield Text(number.company)


def _bindings_cell(bindings: tuple[Binding, ...] | None) -> Text:
    if bindings is None:
        return Text("unknown", style="dim")
    reachable = sum(binding.state in REACHABLE_STATES for binding in bindings)
    others = sorted({str(it.state) for it in bindings if it.state not in REACHABLE_STATES})
    text = " ".join([f"{reachable} of {len(bindings)} reachable", *others])
    return Text(text, style="" if reachable else "bold red")


def _unlisted(account: AccountReport) -> Iterable[Text]:
    for number, count in islice(account.unlisted_phones.items(), ROWS):
        yield Text(
            f"{count} phones are under {mask_phone(number)}, which the account does not list",
            style="bold yellow",
        )


def _unmapped(account: AccountReport) -> Iterable[Text]:
    for entry in islice(_words(account), ROWS):
        yield Text(
            f"{entry['field']}: the profile does not map {entry['word']} ({entry['count']} times)",
            style="bold yellow",
        )


def _failures(account: AccountReport) -> Iterable[Text]:
    for outcome in account.outcomes:
        if outcome.failure is not None:
            yield Text.assemble(
                (f"{outcome.capability} failed: {outcome.failure}", "bold red"),
                f" · {outcome.detail}\n  what to do: {ADVICE[outcome.failure]}",
            )


def _is_in_service(number: Number) -> bool:
    return number.state in IN_SERVICE_STATES
