"""What a provider's API answered about a ticket's number, redacted for export."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from agent.masking import mask_text
from agent.polling.recorder import RecordedAnswer, RecordedFailure
from agent.tickets.document import stamp
from agent.tickets.ticket import Ticket

MAX_NUMBERS = 10
"""How many of a ticket's numbers the answers are searched for."""
MAX_ANSWERS = 40
_ACCOUNT_SYMPTOMS = frozenset({"balance", "runway", "spend_cap"})
"""Symptoms of an account's money; an answer about it names no number."""
_MAX_BODY = 512 * 1024

Redact = Callable[[str], str]
"""Removes an account's secrets from a text."""


def answers_document(
    ticket: Ticket,
    answers: Iterable[RecordedAnswer],
    failures: Sequence[RecordedFailure],
    redact: Redact,
) -> bytes:
    """The answers that concern ``ticket``, as JSON, phones masked and secrets removed.

    Args:
        ticket: The ticket.
        answers: What the account's provider answered.
        failures: The account's requests that failed.
        redact: Removes the account's secrets from a text.
    """
    documents = [_document(answer, body, redact) for answer, body in _concerning(ticket, answers)]
    document = {
        "answers": documents[:MAX_ANSWERS],
        "left_out": max(0, len(documents) - MAX_ANSWERS),
        "failures": [
            {
                "at": stamp(failure.at),
                "request": redact(failure.request),
                "reason": failure.kind,
                "detail": redact(mask_text(failure.detail)),
            }
            for failure in failures
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _concerning(
    ticket: Ticket, answers: Iterable[RecordedAnswer]
) -> Iterator[tuple[RecordedAnswer, bytes]]:
    """The answers whose request or body names one of the ticket's numbers, with their bodies."""
    numbers = [number.encode() for number in _numbers(ticket)]
    is_about_money = ticket.subject.symptom in _ACCOUNT_SYMPTOMS
    for answer in answers:
        body, request = answer.body, answer.request.lower()
        named = any(number in body or number in request.encode() for number in numbers)
        if named or (is_about_money and "balance" in request):
            yield answer, body


def _numbers(ticket: Ticket) -> list[str]:
    own = [ticket.subject.number] if ticket.subject.number else []
    members = [member.subject.number for member in ticket.members if member.subject.number]
    return list(dict.fromkeys([*own, *members]))[:MAX_NUMBERS]


def _document(answer: RecordedAnswer, body: bytes, redact: Redact) -> dict[str, Any]:
    text = body[:_MAX_BODY].decode("utf-8", "replace")
    return {
        "request": redact(answer.request),
        "status": answer.status,
        "first_given_at": stamp(answer.first_at),
        "last_given_at": stamp(answer.last_at),
        "bytes": len(body),
        "body": redact(mask_text(text)),
    }
