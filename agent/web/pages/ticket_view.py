"""What a ticket's page shows of the ticket, computed once for its template."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agent.diagnosis.answers import known_questions
from agent.diagnosis.evidence_words import fact_text, source_text, value_of_fact, without_names
from agent.diagnosis.evidence_words import reason_text as fact_reason_text
from agent.diagnosis.texts import verdict_in
from agent.i18n import Joined, Message
from agent.masking import mask_text
from agent.states import Scope
from agent.tickets.ending import ending_of
from agent.tickets.members import MemberSlice
from agent.tickets.sla.clocks import Reading, readings
from agent.tickets.text import about_in
from agent.tickets.ticket import Member, Ticket
from agent.tickets.together import why_together
from agent.verdict import Verdict
from agent.web.pages.ticket_rows import ClockView, clock_view
from agent.web.pages.timeline import TimelineRow, is_conversation, reason_text, timeline_rows
from agent.web.texts import PageTexts

MEMBERS_A_PAGE: Final = 20
MOST_ENTRIES: Final = 300
"""Entries of the timeline that the page shows; the ticket's JSON has all."""
_QUESTION: Final = re.compile(r"(.*?)\s*\[(\w+)=([^\]]*)\]", re.DOTALL)
_CONFIDENCE: Final = (
    (0.9, Message("almost certain")),
    (0.7, Message("likely")),
    (0.4, Message("possible")),
    (0.0, Message("a guess")),
)
"""From which confidence on a verdict is called what."""


@dataclass(frozen=True)
class Question:
    """A question of the diagnosis; one without a name has no form."""

    text: str
    name: str = ""
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class EvidenceRow:
    """One fact that the diagnosis rests on; phones are masked."""

    fact: str
    value: str
    source: str
    seen_at: float | None


@dataclass(frozen=True)
class ConsideredRow:
    """A cause that was considered, with what speaks for and against it."""

    cause: str
    pro: str
    contra: str


@dataclass(frozen=True)
class ClockRow:
    """One clock of the service levels."""

    reading: Reading
    view: ClockView


@dataclass(frozen=True)
class MemberPage:
    """One page of the affected numbers."""

    items: tuple[Member, ...]
    total: int
    present: int
    """How many are still affected."""
    limit: int
    offset: int
    share: str
    """Why they belong together."""


@dataclass(frozen=True)
class Ending:
    """What is said of a ticket that is over."""

    seen: str
    """What was seen at the end."""
    lasted: float
    """Seconds from the beginning of the fault until it was over."""
    is_kept: bool | None
    """Whether every promise was kept; ``None`` where nothing was promised."""


@dataclass(frozen=True)
class TicketView:
    """The parts of the page that need more than the ticket's document."""

    title: str
    about: str
    """What the alert says, without the diagnosis, which has a section of its own."""
    clocks: tuple[ClockRow, ...]
    timeline: list[TimelineRow]
    entries_total: int
    comments: list[TimelineRow]
    questions: list[Question]
    steps: Sequence[str]
    findings: Sequence[str]
    considered: list[ConsideredRow]
    evidence: list[EvidenceRow]
    confidence: str
    members: MemberPage
    ending: Ending | None
    is_of_one_number: bool


def ticket_view(
    ticket: Ticket, members: MemberSlice, texts: PageTexts, now: float, offset: int
) -> TicketView:
    """The parts of ``ticket``'s page; its ``members`` are those from ``offset`` on."""
    clocks = tuple(ClockRow(it, clock_view(it)) for it in readings(ticket.clocks, now))
    verdict = None if ticket.diagnosis is None else verdict_in(ticket.diagnosis, texts.locale)
    return TicketView(
        title=texts.ticket_title(ticket),
        about=about_in(ticket, texts.locale),
        clocks=clocks,
        timeline=timeline_rows(ticket.timeline[-MOST_ENTRIES:], texts),
        entries_total=len(ticket.timeline),
        comments=timeline_rows(filter(is_conversation, ticket.timeline), texts),
        questions=[] if verdict is None else [*map(_question, verdict.questions)],
        steps=() if verdict is None else verdict.next_steps,
        findings=() if verdict is None else tuple(map(without_names, verdict.findings)),
        considered=[] if verdict is None else _considered(verdict, texts),
        evidence=_evidence(ticket, texts),
        confidence="" if verdict is None else confidence_text(verdict.confidence, texts),
        members=MemberPage(
            members.items,
            members.total,
            members.present,
            MEMBERS_A_PAGE,
            offset,
            why_together(ticket.subject, members.joined).get(texts.locale, ""),
        ),
        ending=None if ticket.open else _ending(ticket, clocks, texts),
        is_of_one_number=ticket.subject.scope in (Scope.NUMBER, Scope.BINDING),
    )


def confidence_text(confidence: float, texts: PageTexts) -> str:
    """How sure the diagnosis is, in words."""
    word = next(message for least, message in _CONFIDENCE if confidence >= least)
    return word.text(texts.locale)


def _evidence(ticket: Ticket, texts: PageTexts) -> list[EvidenceRow]:
    if ticket.diagnosis is None:
        return []
    diagnosed_at = ticket.diagnosed_at or ticket.detected_at
    return [
        EvidenceRow(
            fact=fact_text(it.fact, texts.locale),
            value=mask_text(value_of_fact(it.fact, it.value, texts.locale)),
            source=source_text(it.source, texts.locale),
            seen_at=None if it.age_seconds is None else diagnosed_at - it.age_seconds,
        )
        for it in ticket.diagnosis.evidence
    ]


def _considered(verdict: Verdict, texts: PageTexts) -> list[ConsideredRow]:
    def joined(reasons: Sequence[str]) -> str:
        known = tuple(mask_text(fact_reason_text(reason, texts.locale)) for reason in reasons)
        return Joined(known).text(texts.locale)

    return [
        ConsideredRow(texts.label(it.cause), joined(it.for_), joined(it.against))
        for it in verdict.considered
    ]


def _question(line: str) -> Question:
    found = _QUESTION.fullmatch(line)
    if found is None:
        return Question(line)
    text, name, _ = found.groups()
    known = known_questions()
    return Question(text, name, known[name]) if name in known else Question(text)


def _ending(ticket: Ticket, clocks: Sequence[ClockRow], texts: PageTexts) -> Ending:
    ended = ending_of(ticket)
    over = ticket.started_at if ended is None else ended.at
    in_time = None if not clocks else not any(row.reading.breached for row in clocks)
    seen = "" if ended is None else reason_text(ended.seen, texts)
    return Ending(mask_text(seen), over - ticket.started_at, in_time)
