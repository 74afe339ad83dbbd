"""What a provider's API said about a ticket's number, fit to be handed out."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from agent.masking import mask_text
from agent.polling.recorder import RecordedAnswer, RecordedFailure
from agent.tickets.document import stamp
from agent.tickets.ticket import Ticket

MOST_NUMBERS = 10
"""Of a ticket with members the answers about so many numbers are kept."""
MOST_ANSWERS = 40
_OF_ACCOUNTS = frozenset({"balance", "runway", "spend_cap"})
"""Symptoms of an account's money, which its numbers' answers do not tell."""
_LONGEST = 512 * 1024

Redact = Callable[[str], str]


def answers_document(
    ticket: Ticket,
    seen: Iterable[RecordedAnswer],
    failed: Sequence[RecordedFailure],
    redact: Redact,
) -> bytes:
    """The answers that concern ``ticket``, as JSON: phones masked, secrets cut out.

    Args:
        ticket: The ticket.
        seen: What the account's provider answered.
        failed: The account's requests that failed.
        redact: Takes the account's secrets out of a text.
    """
    told = [_answer(each, body, redact) for each, body in _concerning(ticket, seen)]
    document = {
        "answers": told[:MOST_ANSWERS],
        "left_out": max(0, len(told) - MOST_ANSWERS),
        "failures": [
            {
                "at": stamp(each.at),
                "request": redact(each.request),
                "reason": each.kind,
                "detail": redact(mask_text(each.detail)),
            }
            for each in failed
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _concerning(
    ticket: Ticket, seen: Iterable[RecordedAnswer]
) -> Iterator[tuple[RecordedAnswer, bytes]]:
    needles = [number.encode() for number in _numbers(ticket)]
    money = ticket.subject.symptom in _OF_ACCOUNTS
    for each in seen:
        body, asked = each.body, each.request.lower()
        told = any(needle in body or needle in asked.encode() for needle in needles)
        if told or (money and "balance" in asked):
            yield each, body


def _numbers(ticket: Ticket) -> list[str]:
    own = [ticket.subject.number] if ticket.subject.number else []
    members = [member.subject.number for member in ticket.members if member.subject.number]
    return list(dict.fromkeys([*own, *members]))[:MOST_NUMBERS]


def _answer(each: RecordedAnswer, body: bytes, redact: Redact) -> dict[str, Any]:
    text = body[:_LONGEST].decode("utf-8", "replace")
    return {
        "request": redact(each.request),
        "status": each.status,
        "first_given_at": stamp(each.first_at),
        "last_given_at": stamp(each.last_at),
        "bytes": len(body),
        "body": redact(mask_text(text)),
    }
