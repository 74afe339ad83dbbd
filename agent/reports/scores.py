"""How well tickets were handled: a score from 0 to 100 for each, by parts and weights; pure.

A part of which nothing is known counts nowhere, and a ticket of which nothing is known has no
score. Tickets whose responsibility was unclear, or the customer's, are not scored at all
(docs/reference/domain.md §3). Callers' answers are taken as they are: nothing here asks anybody to
answer otherwise (docs/reference/domain.md §7).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, unique

from agent.config.reports import ScoreWeights
from agent.reports.measures import end_of, promises, recorded_seconds
from agent.reports.period import Period
from agent.reports.records import TicketRecord
from agent.states import ClockName
from agent.tickets.forms import CheckResult, Responsibility

BEST = 100.0
_A_REOPENING = 50.0
_A_REJECTION = 50.0
MOST_PEOPLE = 1000
"""People and parties that are told apart; further ones are one group, without a name."""

MOST_TICKETS = 5000
"""Tickets listed one by one; groups count all."""


@unique
class Part(StrEnum):
    """A part of the handling, in the order of the tables; the names of the weights."""

    CONTACT = "contact"
    ARRIVAL = "arrival"
    RESTORATION = "restoration"
    REOPENINGS = "reopenings"
    SURVEY = "survey"
    QUALITY = "quality"


@unique
class Excluded(StrEnum):
    """Why a ticket is not scored."""

    UNCLEAR = "unclear"
    """Whose responsibility it was is unclear."""
    CUSTOMERS = "customers"
    """It was the customer's responsibility."""
    NO_FAULT = "no_fault"
    """It turned out to be none, or is counted by another ticket."""
    NOTHING_KNOWN = "nothing_known"
    """Nothing was promised, and nothing else is known of its handling."""


_CLOCKS: Mapping[ClockName, Part] = {
    ClockName.CONTACT: Part.CONTACT,
    ClockName.ON_SITE: Part.ARRIVAL,
    ClockName.RESTORE: Part.RESTORATION,
}


@dataclass(frozen=True)
class TicketScore:
    """The score of one ticket.

    Attributes:
        ticket: Its id.
        provider: Its provider.
        party: Whose responsibility it was.
        person: Who handled it; empty where nobody is recorded.
        closed_at: When it was closed, epoch seconds.
        parts: By part, from 0 to 100; ``None`` where nothing is known.
        score: The weighted mean of what is known.
    """

    ticket: str
    provider: str
    party: str
    person: str
    closed_at: float
    parts: Mapping[Part, float | None]
    score: float


@dataclass
class ScoreGroup:
    """The scores of several tickets."""

    tickets: int = 0
    total: float = 0.0
    reopenings: int = 0
    rejections: int = 0
    known: dict[Part, tuple[int, float]] = field(default_factory=dict)

    def add(self, score: TicketScore, record: TicketRecord) -> None:
        """Count one ticket."""
        self.tickets += 1
        self.total += score.score
        self.reopenings += record.reopenings
        self.rejections += _rejections(record)
        for part, points in score.parts.items():
            if points is not None:
                count, total = self.known.get(part, (0, 0.0))
                self.known[part] = count + 1, total + points

    @property
    def mean(self) -> float | None:
        """The mean score; ``None`` without tickets."""
        return self.total / self.tickets if self.tickets else None

    def part(self, part: Part) -> float | None:
        """The mean of one part; ``None`` where nothing is known of it."""
        count, total = self.known.get(part, (0, 0.0))
        return total / count if count else None


@dataclass
class Scores:
    """The scores of the tickets that were closed in a period."""

    period: Period
    provider: str
    weights: ScoreWeights
    whole: ScoreGroup = field(default_factory=ScoreGroup)
    providers: dict[str, ScoreGroup] = field(default_factory=dict)
    parties: dict[str, ScoreGroup] = field(default_factory=dict)
    people: dict[str, ScoreGroup] = field(default_factory=dict)
    excluded: dict[Excluded, int] = field(default_factory=dict)
    tickets: list[TicketScore] = field(default_factory=list)

    def add(self, records: Sequence[TicketRecord]) -> None:
        """Count a batch of tickets that were closed in the period."""
        for record in records:
            self._count(record)

    def _count(self, record: TicketRecord) -> None:
        score = score_of(record, self.weights)
        if isinstance(score, Excluded):
            self.excluded[score] = self.excluded.get(score, 0) + 1
            return
        if len(self.tickets) < MOST_TICKETS:
            self.tickets.append(score)
        for group in (
            self.whole,
            _group(self.providers, score.provider),
            _group(self.parties, score.party),
            _group(self.people, score.person),
        ):
            group.add(score, record)


def _group(groups: dict[str, ScoreGroup], name: str) -> ScoreGroup:
    if name not in groups and len(groups) >= MOST_PEOPLE:
        name = ""
    return groups.setdefault(name, ScoreGroup())


def score_of(record: TicketRecord, weights: ScoreWeights) -> TicketScore | Excluded:
    """The score of a closed ticket, or why it has none."""
    excluded = excluded_for(record)
    if excluded is not None:
        return excluded
    parts = _parts(record)
    known = {part: points for part, points in parts.items() if points is not None}
    share = {part: float(getattr(weights, part.value)) for part in known}
    # That it was not opened again is known of every ticket, and alone says nothing.
    if not sum(share.values()) or known.keys() == {Part.REOPENINGS}:
        return Excluded.NOTHING_KNOWN
    score = sum(points * share[part] for part, points in known.items()) / sum(share.values())
    closed = record.closed_at if record.closed_at is not None else record.detected_at
    subject = record.subject
    return TicketScore(
        record.id, subject.provider, party_of(record), person_of(record), closed, parts, score
    )


def excluded_for(record: TicketRecord) -> Excluded | None:
    """Why a ticket is not scored whatever is known of its handling; ``None`` where it may be."""
    if not record.is_fault:
        return Excluded.NO_FAULT
    if record.responsible == Responsibility.UNCLEAR:
        return Excluded.UNCLEAR
    is_taken_out = record.severe is not None and bool(record.severe.excluded)
    if record.responsible == Responsibility.CUSTOMER or is_taken_out:
        return Excluded.CUSTOMERS
    return None


def party_of(record: TicketRecord) -> str:
    """Whose responsibility it was: by a person, else by the diagnosis; empty where unknown."""
    if record.responsible:
        return record.responsible
    return "" if record.diagnosis is None else record.diagnosis.party


def person_of(record: TicketRecord) -> str:
    """Who handled it: who had it, else who was on site, else the person who closed it."""
    if record.assignee:
        return record.assignee
    if record.confirmation is not None and record.confirmation.staff:
        return record.confirmation.staff
    # A ticket system is a place, not a person.
    return "" if ":" in record.closed_by else record.closed_by


def _parts(record: TicketRecord) -> dict[Part, float | None]:
    parts: dict[Part, float | None] = dict.fromkeys(Part)
    for name, is_met in promises(record, end_of(record, record.detected_at)):
        # That the fault was over in time is known; of a contact or an arrival it says nothing.
        is_recorded = name is ClockName.RESTORE or recorded_seconds(record, name) is not None
        if is_met is False or (is_met and is_recorded):
            parts[_CLOCKS[name]] = BEST * is_met
    parts[Part.REOPENINGS] = max(0.0, BEST - _A_REOPENING * record.reopenings)
    answers = [it.satisfied for it in record.complaints if it.satisfied is not None]
    if answers:
        parts[Part.SURVEY] = BEST * sum(answers) / len(answers)
    if record.quality:
        parts[Part.QUALITY] = _quality(record)
    return parts


def _quality(record: TicketRecord) -> float:
    if record.quality[-1].result is CheckResult.REJECTED:
        return 0.0
    return max(0.0, BEST - _A_REJECTION * _rejections(record))


def _rejections(record: TicketRecord) -> int:
    return sum(it.result is CheckResult.REJECTED for it in record.quality)
