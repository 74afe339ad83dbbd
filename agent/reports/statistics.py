"""The fault statistics of a month or a quarter: counted batch by batch, in bounded memory; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.history.observed import ObservedNumber
from agent.reports.availability import (
    Availability,
    DownTimes,
    NumberKey,
    availability_of,
    by_company,
)
from agent.reports.measures import Measures
from agent.reports.period import Period
from agent.reports.records import Moment, TicketRecord
from agent.reports.repetitions import Repetition, Repetitions
from agent.states import Grade
from agent.tickets.categories import Category

MOST_GROUPS = 500
"""Providers and carriers that are told apart; further ones are one group, without a name."""


@dataclass(frozen=True)
class Statistics:
    """The fault statistics of one period.

    Attributes:
        period: The month or quarter.
        provider: The provider it is limited to; empty for all.
        now: As of when; a period that is not over is counted until then.
        whole: All faults that were detected in it.
        categories: By category, each of the twelve.
        months: By the name of each month.
        providers: By provider; the empty name stands for faults of none.
        carriers: By base carrier; the empty name stands for what is not known.
        grades: By service grade.
        repetitions: Faults that came back, the most first.
        numbers: How available each number was.
        companies: The same by company, with how many numbers it has.
        company_of: The company of each number.
        not_faults: Tickets found to be none, or counted by another ticket.
    """

    period: Period
    provider: str
    now: float
    whole: Measures
    categories: Mapping[Category, Measures]
    months: Mapping[str, Measures]
    providers: Mapping[str, Measures]
    carriers: Mapping[str, Measures]
    grades: Mapping[Grade, Measures]
    repetitions: Sequence[Repetition]
    numbers: Mapping[NumberKey, Availability]
    companies: Mapping[str, tuple[int, Availability]]
    company_of: Mapping[NumberKey, str]
    not_faults: int


@dataclass
class StatisticsCounter:
    """Counts the tickets of a period, in the order in which they were detected.

    Args:
        period: The month or quarter.
        now: Epoch seconds.
        repeat_within: Seconds within which a fault that comes back is a repetition.
        provider: The provider that the statistics are limited to; empty for all.
    """

    period: Period
    now: float
    repeat_within: float
    provider: str = ""
    whole: Measures = field(default_factory=Measures)
    categories: dict[Category, Measures] = field(
        default_factory=lambda: {it: Measures() for it in Category}
    )
    months: dict[str, Measures] = field(default_factory=dict)
    providers: dict[str, Measures] = field(default_factory=dict)
    carriers: dict[str, Measures] = field(default_factory=dict)
    grades: dict[Grade, Measures] = field(default_factory=lambda: {it: Measures() for it in Grade})
    not_faults: int = 0
    numbers: dict[NumberKey, Availability] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.until = min(self.period.until, self.now)
        self.down = DownTimes(self.period.since, max(self.period.since, self.until))
        self.companies: dict[NumberKey, str] = self.down.companies
        self.months.update((month.name, Measures()) for month in self.period.months)
        self._months = self.period.months
        self._repetitions = Repetitions(self.repeat_within)

    def add_former(self, moments: Sequence[Moment]) -> None:
        """Take in faults from before the period, which those of the period may repeat."""
        self._repetitions.add_all(moments)

    def add(self, records: Sequence[TicketRecord]) -> None:
        """Count a batch of tickets that were open in the period."""
        for record in records:
            self.down.add(record)
            if self.period.holds(record.detected_at):
                self._count(record)

    def _count(self, record: TicketRecord) -> None:
        if not record.is_fault:
            self.not_faults += 1
            return
        subject, category = record.subject, record.category
        is_repeated = False
        if subject.number:
            moment = Moment(subject.number, category, record.detected_at)
            is_repeated = self._repetitions.add(moment) > 1
        month = next(it.name for it in self._months if it.holds(record.detected_at))
        for measures in (
            self.whole,
            self.categories[category],
            self.months[month],
            self.grades[record.grade],
            _group(self.providers, subject.provider),
            _group(self.carriers, record.carrier_code),
        ):
            measures.add(record, self.now, is_repeated=is_repeated)

    def observe(self, account: tuple[str, str], observed: Sequence[ObservedNumber]) -> None:
        """Take in what the history has of some numbers of an account."""
        for number in observed:
            key = (*account, number.number)
            spans = self.down.spans.pop(key, ())
            self.numbers[key] = availability_of(spans, number, self.period.since, self.until)

    def result(self, companies: Mapping[NumberKey, str]) -> Statistics:
        """The statistics; ``companies`` names those of the numbers that are watched now."""
        for key, spans in self.down.spans.items():
            self.numbers[key] = availability_of(spans, None, self.period.since, self.until)
        named = {**self.companies, **{key: name for key, name in companies.items() if name}}
        repeated = self._repetitions.repeated()
        return Statistics(
            self.period,
            self.provider,
            self.now,
            self.whole,
            self.categories,
            self.months,
            dict(sorted(self.providers.items())),
            dict(sorted(self.carriers.items())),
            self.grades,
            [it for it in repeated if it.last_at >= self.period.since],
            dict(sorted(self.numbers.items(), key=_worst_first)),
            by_company(self.numbers, named),
            named,
            self.not_faults,
        )


def _group(groups: dict[str, Measures], name: str) -> Measures:
    if name not in groups and len(groups) >= MOST_GROUPS:
        name = ""
    return groups.setdefault(name, Measures())


def _worst_first(item: tuple[NumberKey, Availability]) -> tuple[float, NumberKey]:
    return -item[1].down, item[0]
