"""The fault statistics as a paper: by category, month, provider, carrier and grade."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

from agent.i18n import Message, contextual
from agent.reports.availability import Availability
from agent.reports.measures import Measures, PromiseTally
from agent.reports.paper import Cell, CellKind, Paper, Section, Table
from agent.reports.statistics import Statistics
from agent.reports.words import ReportWords
from agent.states import ClockName

MOST_ROWS = 100
"""Numbers, companies and repeated faults on a page; CSV and JSON have all."""
_Row = TypeVar("_Row")
_NO_PROVIDER = Message("no provider")
_COLUMNS: Final = (
    Message("Faults"),
    Message("Severe faults"),
    Message("Repeated faults"),
    Message("Opened again"),
    Message("Still open"),
    Message("Mean time to contact"),
    Message("Mean time to restore"),
    Message("Mean time to close"),
    Message("Promises kept"),
    Message("Promises broken"),
)


class StatisticsPaper:
    """Writes the statistics of one period in one language.

    Args:
        statistics: What was counted.
        words: The language.
        most_rows: The most rows of the long tables; ``None`` for all.
    """

    def __init__(
        self, statistics: Statistics, words: ReportWords, most_rows: int | None = MOST_ROWS
    ) -> None:
        self._it = statistics
        self._words = words
        self._most_rows = most_rows

    def paper(self) -> Paper:
        """The whole paper."""
        it, text = self._it, self._words.text
        return Paper(
            self._words.locale,
            text(Message("Fault statistics")),
            [*self._lines()],
            [self._whole(), *self._groups(), *self._lists()],
            f"fault-statistics-{it.period.name}",
        )

    def _groups(self) -> Iterable[Section]:
        it, words = self._it, self._words
        none = words.text(_NO_PROVIDER)
        groups = (
            (
                Message("By category"),
                Message("Category"),
                [(words.category(name), found) for name, found in it.categories.items()],
            ),
            (Message("By month"), Message("Month"), list(it.months.items())),
            (
                Message("By provider"),
                Message("Provider"),
                [(name or none, found) for name, found in it.providers.items()],
            ),
            (
                Message("By base carrier"),
                Message("Base carrier"),
                [(words.carrier(name), found) for name, found in it.carriers.items()],
            ),
            (
                Message("By service grade"),
                Message("Service grade"),
                [(grade_word(words, name), found) for name, found in it.grades.items()],
            ),
        )
        return [self._by(title, head, rows) for title, head, rows in groups]

    def _lists(self) -> Iterable[Section]:
        return [self._promises(), self._repetitions(), self._companies(), self._numbers()]

    def _lines(self) -> Iterable[str]:
        it, text = self._it, self._words.text
        yield text(Message("Period: {period}", {"period": it.period.title()}))
        if it.provider:
            yield text(Message("Provider: {provider}", {"provider": it.provider}))
        if it.now < it.period.until:
            until = self._words.moment(it.now)
            yield text(Message("The period is not over: counted up to {at}.", {"at": until}))
        yield text(Message("Times in {zone}.", {"zone": self._words.zone.key}))

    def _whole(self) -> Section:
        it, text = self._it, self._words.text
        sentences = [
            text(
                Message(
                    "A fault counts in the period in which it was detected. What a wider fault "
                    "took in is part of that one. A time that nobody recorded counts in no mean."
                )
            )
        ]
        if it.not_faults:
            sentences.append(
                text(
                    Message(
                        "Not counted: {count} tickets that turned out to be no fault or a "
                        "duplicate.",
                        {"count": it.not_faults},
                    )
                )
            )
        table = Table([text(it) for it in _COLUMNS], [self._measures(it.whole)])
        return Section(text(Message("All faults")), sentences, table)

    def _by(self, title: Message, head: Message, rows: Iterable[tuple[str, Measures]]) -> Section:
        text = self._words.text
        columns = [text(head), *(text(it) for it in _COLUMNS)]
        table = Table(columns, [[Cell(name), *self._measures(it)] for name, it in rows])
        return Section(text(title), (), table)

    def _measures(self, it: Measures) -> list[Cell]:
        words = self._words
        promises = it.promises.values()
        met, missed = sum(one.met for one in promises), sum(one.missed for one in promises)
        nothing = Cell("–", CellKind.FIGURE)
        times = (
            words.span(mean.mean) if it.faults else nothing
            for mean in (it.contact, it.restore, it.close)
        )
        counts = (it.faults, it.severe, it.repeated, it.reopenings, it.still_open)
        return [
            *map(words.count, counts),
            *times,
            words.count(met),
            Cell(f"{missed:,}", CellKind.BAD) if missed else words.count(0),
        ]

    def _promises(self) -> Section:
        text, words = self._words.text, self._words
        columns = [
            text(Message("Promised time")),
            *(text(it) for it in (Message("Kept"), Message("Broken"), Message("Undecided"))),
            text(Message("Share kept")),
        ]
        rows = [self._promise(name, tally) for name, tally in self._it.whole.promises.items()]
        excluded = [
            text(
                Message(
                    "Not counted for {reason}: {time}.",
                    {"reason": words.pause(reason), "time": words.duration(seconds)},
                )
            )
            for reason, seconds in sorted(self._it.whole.excluded.items())
        ]
        first = text(
            Message(
                "As the clocks of the tickets have it: what was excluded by the contract does "
                "not count."
            )
        )
        return Section(text(Message("Service levels")), [first, *excluded], Table(columns, rows))

    def _promise(self, name: ClockName, tally: PromiseTally) -> list[Cell]:
        words = self._words
        counts = map(words.count, (tally.met, tally.missed, tally.undecided))
        share = words.share(tally.share) if tally.met + tally.missed else Cell("–", CellKind.FIGURE)
        return [Cell(words.clock(name)), *counts, share]

    def _repetitions(self) -> Section:
        text, words = self._words.text, self._words
        columns = [
            text(it)
            for it in (
                Message("Number"),
                Message("Category"),
                Message("Faults"),
                Message("Last detected"),
            )
        ]
        found = self._it.repetitions
        rows = [
            [
                Cell(it.number),
                Cell(words.category(it.category)),
                words.count(it.count),
                Cell(words.moment(it.last_at), CellKind.FIGURE),
            ]
            for it in self._shown(found)
        ]
        sentence = text(
            Message("The same number with faults of the same category within a short time.")
        )
        table = Table(columns, rows, self._left_out(len(found)))
        return Section(text(Message("Faults that came back")), [sentence], table)

    def _companies(self) -> Section:
        text, words = self._words.text, self._words
        found = sorted(self._it.companies.items(), key=lambda it: (-it[1][1].down, it[0]))
        columns = [text(Message("Company")), text(Message("Numbers")), *self._time_columns()]
        rows = [
            [
                words.free(name) if name else words.unknown(),
                words.count(count),
                *self._availability(availability),
            ]
            for name, (count, availability) in self._shown(found)
        ]
        table = Table(columns, rows, self._left_out(len(found)))
        return Section(text(Message("Availability by company")), self._on_availability(), table)

    def _numbers(self) -> Section:
        text, words = self._words.text, self._words
        found = list(self._it.numbers.items())
        heads = (Message("Number"), Message("Company"), Message("Provider"), Message("Account"))
        rows = [
            [
                Cell(key[2]),
                words.free(self._it.company_of.get(key, "")),
                Cell(key[0]),
                Cell(key[1]),
                *self._availability(availability),
            ]
            for key, availability in self._shown(found)
        ]
        columns = [*(text(it) for it in heads), *self._time_columns()]
        table = Table(columns, rows, self._left_out(len(found)))
        return Section(text(Message("Availability by number")), (), table)

    def _on_availability(self) -> list[str]:
        return [
            self._words.text(
                Message(
                    "Down is what tickets say, and hours in which the history saw no phone that "
                    "could be reached. Available is what the history observed beside that. Time "
                    "that nobody observed is unknown and counts as neither."
                )
            )
        ]

    def _time_columns(self) -> list[str]:
        heads = (
            Message("Time down"),
            Message("Time available"),
            Message("Time not known"),
            Message("Availability of what is known"),
        )
        return [self._words.text(it) for it in heads]

    def _availability(self, it: Availability) -> list[Cell]:
        words = self._words
        unknown = CellKind.UNKNOWN if it.unknown else CellKind.FIGURE
        return [
            Cell(words.duration(it.down), CellKind.BAD if it.down else CellKind.FIGURE),
            words.span(it.available if it.observed else None),
            Cell(words.duration(it.unknown), unknown),
            words.share(it.share, 3),
        ]

    def _shown(self, rows: Sequence[_Row]) -> Sequence[_Row]:
        return rows if self._most_rows is None else rows[: self._most_rows]

    def _left_out(self, total: int) -> str:
        if self._most_rows is None or total <= self._most_rows:
            return ""
        return self._words.text(
            Message(
                "{count} more are in the CSV file, which has all.",
                {"count": total - self._most_rows},
            )
        )


def grade_word(words: ReportWords, grade: str) -> str:
    """The name of a service grade."""
    names: Mapping[str, Message] = {"standard": contextual("grade", "standard")}
    return words.text(names[grade]) if grade in names else grade
