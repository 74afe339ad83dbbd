"""``numwatch poll``: polls once and prints the facts.

The JSON document is complete; the table for people is cut. Neither holds a person's phone.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
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
)
from agent.cli.runner import ExitStatus, print_json, run_command
from agent.config.load import load
from agent.config.settings import Settings
from agent.masking import mask_phone
from agent.model import Balance, Binding, Number, Routing
from agent.net.word_counts import OTHERS
from agent.polling.journal import ADVICE, PollOutcome
from agent.states import IN_SERVICE_STATES, REACHABLE_STATES

ROWS = 200
"""The most numbers of an account in the table."""
_ROUTING_FIELDS = Routing.__struct_fields__


def poll(config: Path, account: str | None, *, as_json: bool) -> int:
    """Poll once and print the facts; returns 0 when every poll succeeded, else 1."""

    def command() -> int:
        report = asyncio.run(_poll(load(config), account))
        if as_json:
            print_json(document(report))
        else:
            render(report, Console())
        return ExitStatus.FAILED if report.failed else ExitStatus.OK

    return run_command(command, misuse=(ValueError, OSError))


async def _poll(settings: Settings, account: str | None) -> Report:
    """Poll once, and store the configurations that were seen for the first time."""
    report = await poll_once(settings, account)
    await check_and_store(settings, report, await stored_baselines(settings), time.time())
    return report


def document(report: Report) -> dict[str, Any]:
    """The report as JSON values; people's phones are masked, times are ISO 8601."""
    return {
        "ok": not report.failed,
        "accounts": [_account_document(account) for account in report.accounts],
    }


def _account_document(account: AccountReport) -> dict[str, Any]:
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
        "numbers": [_number_document(account, number) for number in account.numbers],
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


def _number_document(account: AccountReport, number: Number) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(number)
    facts["contract_end"] = _timestamp(number.contract_end)
    facts["reclaim_at"] = _timestamp(number.reclaim_at)
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


def render(report: Report, console: Console) -> None:
    """Print the report for people, the numbers that are out of service first."""
    for account in report.accounts:
        console.rule(Text(f"{account.provider}/{account.account}"), align="left")
        console.print(_balance(account.balance))
        if account.numbers:
            console.print(_numbers_table(account))
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


def _numbers_table(account: AccountReport) -> Table:
    numbers = sorted(account.numbers, key=_is_in_service)
    hidden = len(numbers) - ROWS
    table = Table(caption=f"and {hidden} more; --json shows all" if hidden > 0 else None)
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
