"""The fault statistics as a JSON document: figures without words, for programs."""

import msgspec

from agent.reports.availability import Availability
from agent.reports.measures import Measures
from agent.reports.statistics import Statistics
from agent.tickets.document import stamp


class PromiseView(msgspec.Struct, frozen=True):
    """How often a promised time was kept."""

    clock: str
    met: int
    missed: int
    undecided: int


class MeasuresView(msgspec.Struct, frozen=True, kw_only=True):
    """What some faults add up to; a mean is ``null`` where no time is recorded."""

    name: str
    """Of the category, month, provider, carrier or grade; empty for all, and where it is none."""
    faults: int
    severe: int
    repeated: int
    reopenings: int
    still_open: int
    mean_contact_seconds: float | None
    mean_restore_seconds: float | None
    mean_close_seconds: float | None
    promises: tuple[PromiseView, ...]
    excluded_seconds: dict[str, float]


class RepetitionView(msgspec.Struct, frozen=True):
    """A fault that came back."""

    number: str
    category: str
    count: int
    last_at: str | None


class AvailabilityView(msgspec.Struct, frozen=True, kw_only=True):
    """How available a number or a company's numbers were; ``share`` is of what is known."""

    provider: str = ""
    account: str = ""
    number: str = ""
    company: str
    numbers: int = 1
    period_seconds: float
    down_seconds: float
    available_seconds: float
    unknown_seconds: float
    share: float | None


class StatisticsView(msgspec.Struct, frozen=True, kw_only=True):
    """The fault statistics of a month or a quarter."""

    period: str
    since: str | None
    until: str | None
    provider: str
    counted_at: str | None
    all: MeasuresView
    not_faults: int
    categories: tuple[MeasuresView, ...]
    months: tuple[MeasuresView, ...]
    providers: tuple[MeasuresView, ...]
    carriers: tuple[MeasuresView, ...]
    grades: tuple[MeasuresView, ...]
    repetitions: tuple[RepetitionView, ...]
    companies: tuple[AvailabilityView, ...]
    numbers: tuple[AvailabilityView, ...]


def statistics_view(it: Statistics) -> StatisticsView:
    """The document of the statistics."""
    return StatisticsView(
        period=it.period.name,
        since=stamp(it.period.since),
        until=stamp(it.period.until),
        provider=it.provider,
        counted_at=stamp(it.now),
        all=_measures("", it.whole),
        not_faults=it.not_faults,
        categories=tuple(_measures(name.value, found) for name, found in it.categories.items()),
        months=tuple(_measures(name, found) for name, found in it.months.items()),
        providers=tuple(_measures(name, found) for name, found in it.providers.items()),
        carriers=tuple(_measures(name, found) for name, found in it.carriers.items()),
        grades=tuple(_measures(name.value, found) for name, found in it.grades.items()),
        repetitions=tuple(
            RepetitionView(one.number, one.category.value, one.count, stamp(one.last_at))
            for one in it.repetitions
        ),
        companies=tuple(
            _availability(found, company=name, numbers=count)
            for name, (count, found) in it.companies.items()
        ),
        numbers=tuple(
            _availability(
                found,
                provider=key[0],
                account=key[1],
                number=key[2],
                company=it.company_of.get(key, ""),
            )
            for key, found in it.numbers.items()
        ),
    )


def _measures(name: str, it: Measures) -> MeasuresView:
    return MeasuresView(
        name=name,
        faults=it.faults,
        severe=it.severe,
        repeated=it.repeated,
        reopenings=it.reopenings,
        still_open=it.still_open,
        mean_contact_seconds=it.contact.mean,
        mean_restore_seconds=it.restore.mean,
        mean_close_seconds=it.close.mean,
        promises=tuple(
            PromiseView(clock.value, tally.met, tally.missed, tally.undecided)
            for clock, tally in it.promises.items()
        ),
        excluded_seconds={reason.value: seconds for reason, seconds in it.excluded.items()},
    )


def _availability(
    it: Availability,
    *,
    company: str,
    provider: str = "",
    account: str = "",
    number: str = "",
    numbers: int = 1,
) -> AvailabilityView:
    return AvailabilityView(
        provider=provider,
        account=account,
        number=number,
        company=company,
        numbers=numbers,
        period_seconds=it.period,
        down_seconds=it.down,
        available_seconds=it.available,
        unknown_seconds=it.unknown,
        share=it.share,
    )
