"""``numwatch poll``: polls once and prints the facts.

The JSON document is complete; the table for people is cut. Neither holds a person's phone.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from agent.cli.judgement import NOT_JUDGED, Judgement, poll_and_judge
from agent.cli.language import locale, say
from agent.cli.observation import AccountReport, Report
from agent.cli.poll_report import lines, unmapped_words
from agent.cli.runner import ExitStatus, print_json, run_command
from agent.cli.words import Words
from agent.config.load import load
from agent.i18n import Message
from agent.masking import mask_phone
from agent.model import Binding, Number, Routing
from agent.polling.journal import ADVICE, PollOutcome
from agent.terminal.output import console, print_lines
from agent.terminal.progress import progress

_POLLING = Message("asking the providers")
_ROUTING_FIELDS = Routing.__struct_fields__


def poll(config: Path, account: str | None, *, as_json: bool) -> int:
    """Poll once and print the facts; returns 0 when every poll succeeded, else 1."""

    def command() -> int:
        settings = load(config)
        with progress(say(_POLLING, settings)):
            report, judgement = asyncio.run(poll_and_judge(settings, account))
        if as_json:
            print_json(document(report, judgement))
        else:
            out = console()
            words = Words(locale(settings), settings.timezone)
            print_lines(lines(report, judgement, words, out.width), out)
        return ExitStatus.FAILED if report.failed else ExitStatus.OK

    return run_command(command, misuse=(ValueError, OSError))


def document(report: Report, judgement: Judgement = NOT_JUDGED) -> dict[str, Any]:
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
        "unmapped_words": list(unmapped_words(account)),
        "numbers": [_number_document(account, number, judgement) for number in account.numbers],
    }


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
