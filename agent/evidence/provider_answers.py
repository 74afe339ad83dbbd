"""What a provider's API answered about a ticket's number, redacted for export.

The work for one ticket is bounded, whatever a provider has answered: few answers are masked, of
a large one only the part around the number, and the search for them reads at most so many bytes.
"""

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

from agent.evidence.mapped_values import only_mapped
from agent.masking import mask_text
from agent.polling.recorder import RecordedAnswer, RecordedFailure
from agent.tickets.document import stamp
from agent.tickets.ticket import Ticket

MAX_NUMBERS = 10
"""How many of a ticket's numbers the answers are searched for."""
MAX_ANSWERS = 40
MAX_SEARCHED = 64 * 1024 * 1024
"""Bytes of answers read for one ticket. Ten thousand numbers are listed in about five million."""
MAX_BODY = 32 * 1024
"""Bytes of one answer that are masked and kept, around the number."""
MAX_BODIES = 256 * 1024
"""Bytes of all answers of one document; a seventh of a second of masking."""
_ACCOUNT_SYMPTOMS = frozenset({"balance", "runway", "spend_cap"})
"""Symptoms of an account's money; an answer about it names no number."""
_MASKED_AT_ONCE = 8 * 1024
_CUT_START = re.compile(r'[^"\n]{0,512}["\n]|[\d\s\-.()+]+')
_CUT_END = re.compile(r'(?:["\n][^"\n]{0,512}|[\d\s\-.()+]+)\Z')

Redact = Callable[[str], str]
"""Removes an account's secrets from a text."""


def answers_document(
    ticket: Ticket,
    answers: Iterable[RecordedAnswer],
    failures: Sequence[RecordedFailure],
    redact: Redact,
) -> bytes:
    """The answers that concern ``ticket``, as JSON, phones masked and secrets removed.

    Of every kind of request the answer that changed last comes first: the one that shows the
    fault is the listing that changed when it began.

    Args:
        ticket: The ticket.
        answers: What the account's provider answered.
        failures: The account's requests that failed.
        redact: Removes the account's secrets from a text.
    """
    search = _Search(ticket)
    excerpts = list(search.excerpts(answers))
    excerpts.sort(key=lambda excerpt: (excerpt.answer.kind, -excerpt.answer.first_at))
    document = {
        "answers": [_document(excerpt, redact) for excerpt in excerpts],
        "left_out": search.unread,
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


@dataclass(frozen=True)
class _Excerpt:
    """An answer and the part of its body that is kept."""

    answer: RecordedAnswer
    size: int
    """Bytes of the whole body."""
    start: int
    part: bytes


class _Search:
    """Finds the answers whose request or body names one of a ticket's numbers."""

    def __init__(self, ticket: Ticket) -> None:
        self._numbers = _numbers(ticket)
        self._patterns = [number.encode() for number in self._numbers]
        self._is_about_money = ticket.subject.symptom in _ACCOUNT_SYMPTOMS
        self.unread = 0
        """Answers that were not looked at because a bound was reached."""

    def excerpts(self, answers: Iterable[RecordedAnswer]) -> Iterator[_Excerpt]:
        """The excerpts of the answers that concern the ticket, within the bounds."""
        ordered = self._ordered(answers)
        count, selected, read = 0, 0, 0
        for position, answer in enumerate(ordered):
            if count == MAX_ANSWERS or read >= MAX_SEARCHED or selected >= MAX_BODIES:
                self.unread = len(ordered) - position
                return
            body = answer.body
            read += len(body)
            at = min((at for it in self._patterns if (at := body.find(it)) >= 0), default=-1)
            if at >= 0 or self._is_named_by(answer):
                excerpt = _excerpt(answer, body, at)
                selected += len(excerpt.part)
                count += 1
                yield excerpt

    def _ordered(self, answers: Iterable[RecordedAnswer]) -> list[RecordedAnswer]:
        """The answers in the order of the search: of every kind one, then the next of each.

        Within a kind those whose request names the number come first, then what changed last: a
        provider with very many calls must not push out the one listing that shows the fault.
        """
        kinds: dict[str, list[RecordedAnswer]] = defaultdict(list)
        for answer in answers:
            kinds[answer.kind].append(answer)
        for kind in kinds.values():
            kind.sort(key=lambda it: (not self._is_named_by(it), -it.first_at))
        ranks = chain.from_iterable(zip_longest(*kinds.values()))
        return [answer for answer in ranks if answer is not None]

    def _is_named_by(self, answer: RecordedAnswer) -> bool:
        if self._is_about_money and "balance" in answer.request.lower():
            return True
        return any(number in answer.request for number in self._numbers)


def _numbers(ticket: Ticket) -> list[str]:
    own = [ticket.subject.number] if ticket.subject.number else []
    members = [member.subject.number for member in ticket.members if member.subject.number]
    return list(dict.fromkeys([*own, *members]))[:MAX_NUMBERS]


def _excerpt(answer: RecordedAnswer, body: bytes, at: int) -> _Excerpt:
    start = max(0, min(at - MAX_BODY // 2, len(body) - MAX_BODY))
    return _Excerpt(answer, len(body), start, body[start : start + MAX_BODY])


def _document(excerpt: _Excerpt, redact: Redact) -> dict[str, Any]:
    answer, text = excerpt.answer, excerpt.part.decode("utf-8", "ignore")
    # A phone or a secret that was cut in two would not be recognized.
    if excerpt.start > 0 and (cut := _CUT_START.match(text)):
        text = text[cut.end() :]
    if excerpt.start + len(excerpt.part) < excerpt.size and (
        cut := _CUT_END.search(text, len(text) - 600)
    ):
        text = text[: cut.start()]
    return {
        "request": redact(answer.request),
        "status": answer.status,
        "first_given_at": stamp(answer.first_at),
        "last_given_at": stamp(answer.last_at),
        "bytes": excerpt.size,
        "from_byte": excerpt.start,
        "body": redact(_masked(only_mapped(text, answer.mapped))),
    }


def _masked(text: str) -> str:
    """``text`` masked in steps, between which other threads get the interpreter lock."""
    parts, start = [], 0
    while start < len(text):
        # No phone reaches across a quotation mark.
        quote = text.find('"', start + _MASKED_AT_ONCE)
        end = len(text) if quote < 0 else quote
        parts.append(mask_text(text[start:end]))
        start = end
        time.sleep(0)
    return "".join(parts)
