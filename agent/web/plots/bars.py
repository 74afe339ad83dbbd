"""Bars over time, each stacked from its parts: calls by result, an hour a bar."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from agent.i18n import translate
from agent.web.plots.elements import element, number
from agent.web.plots.figure import (
    HEIGHT,
    WIDTH,
    Figure,
    Key,
    assemble,
    canvas,
    height_of,
    legend,
    nothing_known,
    row,
    scale,
    table,
)
from agent.web.plots.series import Period, drawable
from agent.web.plots.summary import MOST_ROWS
from agent.web.plots.ticks import Axis, axis_of, time_ticks

MOST_BARS = 120
"""Bars in one plot; of more, neighbours are added up."""
MOST_PARTS = 6
HOUR = 3600.0
_FILLED = 0.8
"""The part of its place that a bar fills."""

Counts = Mapping[str, float]


@dataclass(frozen=True)
class Part:
    """One part of every bar: the key of its counts, its label, and its class (its colour)."""

    key: str
    label: str
    class_: str


@dataclass(frozen=True)
class Bar:
    """The counts of one stretch of time.

    Attributes:
        start: Epoch seconds.
        counts: By the parts' keys.
        known: Whether all of it is known; what is missing may be more calls.
    """

    start: float
    counts: Counts
    known: bool


@dataclass(frozen=True)
class BarPlot:
    """What a plot of bars shows.

    Args:
        title: For people, in the reader's language, as the parts' labels.
        period: The time it shows.
        hours: The counts of each hour by its start in epoch seconds; an hour that is missing or
            ``None`` is unknown.
        parts: The parts from the bottom up; those after ``MOST_PARTS`` are left out.
    """

    title: str
    period: Period
    hours: Mapping[float, Counts | None]
    parts: Sequence[Part]

    def draw(self, locale: str) -> Markup:
        """The plot in the reader's language."""
        parts = self.parts[:MOST_PARTS]
        length, bars = self._bars()
        if not any(bar.known or bar.counts for bar in bars):
            return assemble(Figure(self.title, ""), nothing_known(locale))
        heights = [sum(bar.counts.get(part.key, 0.0) for part in parts) for bar in bars]
        axis = axis_of(heights, from_zero=True)
        ticks = axis.ticks(locale)
        figure = Figure(self.title, self._describe(bars, parts, locale))
        keys = [Key(part.class_, part.label, "area") for part in reversed(parts)]
        if not all(bar.known for bar in bars):
            keys.append(Key("plot-unknown", translate(locale, "not known"), "area"))
        content = (self._unknown(bars, length), *self._stacks(axis, bars, parts, length))
        return assemble(
            figure,
            row(scale(ticks), canvas(figure, ticks, time_ticks(self.period), content)),
            legend(keys),
            self._table(parts, locale),
        )

    def _bars(self, most: int = MOST_BARS) -> tuple[float, list[Bar]]:
        """The seconds of a bar, and the bars from the first full hour of the period on."""
        first = self.period.since // HOUR * HOUR
        count = max(1, int((self.period.until - first + HOUR - 1) // HOUR))
        size = -(-count // most)
        starts = range(0, count, size)
        hours = ([first + HOUR * (start + place) for place in range(size)] for start in starts)
        return size * HOUR, [self._bar(each) for each in hours]

    def _bar(self, hours: Sequence[float]) -> Bar:
        present = [self.hours.get(hour) for hour in hours if hour < self.period.until]
        counts: dict[str, float] = {}
        for key, count in ((k, c) for each in present if each for k, c in each.items()):
            counts[key] = counts.get(key, 0.0) + max(drawable(count) or 0.0, 0.0)
        return Bar(hours[0], counts, all(each is not None for each in present))

    def _unknown(self, bars: Sequence[Bar], length: float) -> Markup:
        """A band behind every bar of which something is not known."""
        path = ""
        for known, group in groupby(bars, key=lambda bar: bar.known):
            stretch = list(group)
            if not known:
                path += self._box(stretch[0], length * len(stretch), 0, HEIGHT, 1.0)
        return element("path", d=path, class_="plot-unknown") if path else Markup()

    def _stacks(
        self, axis: Axis, bars: Sequence[Bar], parts: Sequence[Part], length: float
    ) -> Iterator[Markup]:
        below = [0.0] * len(bars)
        for part in parts:
            path = ""
            for place, bar in enumerate(bars):
                top = below[place] + bar.counts.get(part.key, 0.0)
                high, low = height_of(axis.share(top)), height_of(axis.share(below[place]))
                path += self._box(bar, length, high, low, _FILLED) if low > high else ""
                below[place] = top
            if path:
                yield element("path", d=path, class_=part.class_)

    def _box(self, bar: Bar, length: float, top: float, bottom: float, filled: float) -> str:
        start = WIDTH * self.period.share(bar.start)
        width = (WIDTH * self.period.share(bar.start + length) - start) * filled
        x, y = number(start), number(top)
        return f"M{x} {y}h{number(width)}v{number(bottom - top)}H{x}z"

    def _describe(self, bars: Sequence[Bar], parts: Sequence[Part], locale: str) -> str:
        sums = [
            f"{part.label} {sum(bar.counts.get(part.key, 0.0) for bar in bars):,.0f}"
            for part in parts
        ]
        text = translate(
            locale,
            "From {since} to {until} ({zone}): {sums}.",
            since=self.period.minute(self.period.since),
            until=self.period.minute(self.period.until),
            zone=self.period.zone,
            sums=", ".join(sums),
        )
        if all(bar.known for bar in bars):
            return text
        return f"{text} {translate(locale, 'Some hours are not known.')}"

    def _table(self, parts: Sequence[Part], locale: str) -> Markup:
        _length, bars = self._bars(MOST_ROWS)
        head = [translate(locale, "Time"), *(part.label for part in parts)]
        rows = [
            [self.period.minute(bar.start), *(_cell(bar, part, locale) for part in parts)]
            for bar in bars
        ]
        return table(locale, head, rows)


def _cell(bar: Bar, part: Part, locale: str) -> str:
    count = f"{bar.counts.get(part.key, 0.0):,.0f}"
    if bar.known:
        return count
    if not bar.counts:
        return translate(locale, "unknown")
    return translate(locale, "at least {count}", count=count)
