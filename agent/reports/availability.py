"""How available each number was: down by its tickets, known by the history, else unknown; pure.

Time that nobody observed and in which no ticket says that the number was down is unknown: it
counts neither as available nor as down.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from agent.history.hours import HOUR_SECONDS, hours_between
from agent.history.observed import ObservedNumber, Seconds
from agent.reports.records import NO_FAULTS, TicketRecord
from agent.states import Scope
from agent.tickets.sla.severe_fault import UNUSABLE
from agent.tickets.ticket import Subject

NumberKey = tuple[str, str, str]
"""Provider, account and number."""


@dataclass(frozen=True)
class Availability:
    """How one number, or the numbers of a company, were over a period; seconds."""

    period: float
    down: float
    available: float
    observed: float = 0.0
    """For how long the history observed it."""

    @property
    def unknown(self) -> float:
        """Seconds of which nothing is known."""
        return max(0.0, self.period - self.down - self.available)

    @property
    def share(self) -> float | None:
        """The available share of what is known; ``None`` where nobody observed it."""
        known = self.down + self.available
        return self.available / known if self.observed and known else None

    def __add__(self, other: "Availability") -> "Availability":
        return Availability(
            self.period + other.period,
            self.down + other.down,
            self.available + other.available,
            self.observed + other.observed,
        )


NOTHING = Availability(0.0, 0.0, 0.0)
"""That of no number at all."""


@dataclass
class DownTimes:
    """When tickets say that numbers were down, between two moments.

    Args:
        since: Epoch seconds.
        until: Epoch seconds; no later than now.
    """

    since: float
    until: float
    spans: dict[NumberKey, list[tuple[float, float]]] = field(default_factory=dict)
    companies: dict[NumberKey, str] = field(default_factory=dict)

    def add(self, record: TicketRecord) -> None:
        """Take in what a ticket says of its number, or of its members."""
        if record.resolution in NO_FAULTS:
            return
        over = record.restored_at if record.restored_at is not None else record.closed_at
        self._add(record.subject, record.started_at, over)
        if record.company and record.subject.number:
            self.companies[_key(record.subject)] = record.company
        for member in record.members:
            self._add(member.subject, member.joined_at, _first(member.left_at, over))

    def _add(self, subject: Subject, start: float, end: float | None) -> None:
        is_number = bool(subject.number) and subject.scope is not Scope.BINDING
        if not is_number or subject.symptom not in UNUSABLE:
            return
        span = max(start, self.since), min(self.until if end is None else end, self.until)
        if span[0] < span[1]:
            self.spans.setdefault(_key(subject), []).append(span)


def _key(subject: Subject) -> NumberKey:
    return subject.provider, subject.account, subject.number


def _first(*moments: float | None) -> float | None:
    return min((it for it in moments if it is not None), default=None)


def merged(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The spans in order, those that meet or overlap as one."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def availability_of(
    spans: Sequence[tuple[float, float]],
    observed: ObservedNumber | None,
    since: float,
    until: float,
) -> Availability:
    """How a number was from ``since`` to ``until``.

    Args:
        spans: When tickets say that it was down.
        observed: What the history says of it, by the hour; ``None`` where there is none.
        since: Epoch seconds; where there is a history, the beginning of an hour.
        until: Epoch seconds.
    """
    whole = merged(spans)
    if observed is None:
        return Availability(until - since, sum(end - start for start, end in whole), 0.0)
    down = _by_hour(whole, since, until)
    length = _by_hour([(since, until)], since, until)
    known = np.minimum(observed.known, length)
    down = np.maximum(down, np.minimum(observed.unreachable, length))
    # Of an hour partly observed it is not known which part was down: what was observed less what
    # was down is the least that it was available.
    available = np.maximum(0.0, known - down)
    return Availability(
        until - since, float(down.sum()), float(available.sum()), float(known.sum())
    )


def _by_hour(spans: Sequence[tuple[float, float]], since: float, until: float) -> Seconds:
    hours = hours_between(since, until)
    seconds = np.zeros(len(hours))
    starts = np.arange(hours.start, hours.stop) * HOUR_SECONDS
    for start, end in spans:
        ends = np.minimum(end, starts + HOUR_SECONDS)
        seconds += np.clip(ends - np.maximum(start, starts), 0, None)
    return seconds


def by_company(
    numbers: Mapping[NumberKey, Availability], companies: Mapping[NumberKey, str]
) -> dict[str, tuple[int, Availability]]:
    """How many numbers each company has, and how they were together."""
    found: dict[str, tuple[int, Availability]] = {}
    for key, availability in numbers.items():
        company = companies.get(key, "")
        count, total = found.get(company, (0, NOTHING))
        found[company] = count + 1, total + availability
    return found
