"""Scores and claims as JSON documents: figures without words, for programs."""

import msgspec

from agent.reports.claims import Claim, ClaimLine
from agent.reports.scores import Part, ScoreGroup, Scores
from agent.reports.words import masked_name
from agent.tickets.document import stamp


class ScoreView(msgspec.Struct, frozen=True, kw_only=True):
    """The mean scores of a group of tickets; a part is ``null`` where nothing is known of it."""

    name: str
    tickets: int
    score: float | None
    parts: dict[str, float | None]
    reopenings: int
    rejections: int


class TicketScoreView(msgspec.Struct, frozen=True, kw_only=True):
    """The score of one ticket."""

    ticket: str
    provider: str
    party: str
    person: str
    closed_at: str | None
    score: float
    parts: dict[str, float | None]


class ScoresView(msgspec.Struct, frozen=True, kw_only=True):
    """The handling scores of a period."""

    period: str
    provider: str
    all: ScoreView
    providers: tuple[ScoreView, ...]
    parties: tuple[ScoreView, ...]
    people: tuple[ScoreView, ...]
    not_scored: dict[str, int]
    tickets: tuple[TicketScoreView, ...]


class ExclusionView(msgspec.Struct, frozen=True):
    """Time that did not count."""

    reason: str
    start: str | None
    end: str | None


class ClaimLineView(msgspec.Struct, frozen=True, kw_only=True):
    """A promised time that was broken."""

    ticket: str
    provider_ticket: str
    subject: str
    numbers: int
    grade: str
    clock: str
    began: str | None
    ended: str | None
    allowed_seconds: float
    counted_seconds: float
    excluded: tuple[ExclusionView, ...]
    amount: float
    unclaimed: str
    """Why nothing is claimed for it; empty where something is."""


class ClaimView(msgspec.Struct, frozen=True, kw_only=True):
    """What is claimed of one provider for one period."""

    period: str
    provider: str
    tickets: int
    currency: str
    amount: float
    lines: tuple[ClaimLineView, ...]
    evidence: tuple[dict[str, str], ...]


def scores_view(it: Scores, *, shows_people: bool) -> ScoresView:
    """The document of scores; names of people are masked unless ``shows_people``."""
    name_of = str if shows_people else masked_name
    return ScoresView(
        period=it.period.name,
        provider=it.provider,
        all=_group("", it.whole),
        providers=tuple(_group(name, group) for name, group in it.providers.items()),
        parties=tuple(_group(name, group) for name, group in it.parties.items()),
        people=tuple(_group(name_of(name), group) for name, group in it.people.items()),
        not_scored={reason.value: count for reason, count in it.excluded.items()},
        tickets=tuple(
            TicketScoreView(
                ticket=one.ticket,
                provider=one.provider,
                party=one.party,
                person=name_of(one.person),
                closed_at=stamp(one.closed_at),
                score=one.score,
                parts={part.value: points for part, points in one.parts.items()},
            )
            for one in it.tickets
        ),
    )


def _group(name: str, group: ScoreGroup) -> ScoreView:
    return ScoreView(
        name=name,
        tickets=group.tickets,
        score=group.mean,
        parts={part.value: group.part(part) for part in Part},
        reopenings=group.reopenings,
        rejections=group.rejections,
    )


def claim_view(it: Claim) -> ClaimView:
    """The document of a claim."""
    return ClaimView(
        period=it.period.name,
        provider=it.provider,
        tickets=it.tickets,
        currency=it.contract.currency,
        amount=it.amount,
        lines=tuple(map(_line, it.lines)),
        evidence=tuple(
            {"ticket": file.ticket, "name": file.name, "sha256": file.sha256}
            for file in it.evidence
        ),
    )


def _line(line: ClaimLine) -> ClaimLineView:
    return ClaimLineView(
        ticket=line.ticket,
        provider_ticket=line.provider_ticket,
        subject=line.subject,
        numbers=line.numbers,
        grade=line.grade.value,
        clock=line.clock.value,
        began=stamp(line.began),
        ended=stamp(line.ended),
        allowed_seconds=line.allowed,
        counted_seconds=line.counted,
        excluded=tuple(
            ExclusionView(it.reason.value, stamp(it.start), stamp(it.end)) for it in line.excluded
        ),
        amount=line.amount,
        unclaimed="" if line.unclaimed is None else line.unclaimed.value,
    )
