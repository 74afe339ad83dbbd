"""A plot of lines in words: a sentence for each line, and a table of its figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.i18n import translate
from agent.web.plots.series import Period, Series

MOST_ROWS = 48
"""Rows of the table; beyond it a row has the least and the greatest figure of a stretch of time."""


@dataclass(frozen=True)
class Summary:
    """The words for the lines of a plot.

    Args:
        period: The time that the plot shows.
        series: Its lines.
        unit: What stands behind every figure; may be empty.
        locale: The reader's language.
    """

    period: Period
    series: Sequence[Series]
    unit: str
    locale: str

    def sentences(self) -> str:
        """The time that is shown, and for each line its least, greatest and newest figure."""
        span = translate(
            self.locale,
            "From {since} to {until} ({zone}).",
            since=self.period.minute(self.period.since),
            until=self.period.minute(self.period.until),
            zone=self.period.zone,
        )
        return " ".join((span, *(self._sentence(each) for each in self.series)))

    def _sentence(self, series: Series) -> str:
        values = series.values()
        if not values:
            return translate(self.locale, "{label}: nothing is known.", label=series.label)
        figures = {
            "label": series.label,
            "low": self._figure(min(values)),
            "high": self._figure(max(values)),
            "last": self._figure(values[-1]),
        }
        if series.points[-1][1] is None:
            return translate(
                self.locale,
                "{label}: lowest {low}, highest {high}, last known {last}, unknown since.",
                **figures,
            )
        return translate(
            self.locale, "{label}: lowest {low}, highest {high}, last {last}.", **figures
        )

    def head(self) -> list[str]:
        """The heads of the table's columns."""
        return [translate(self.locale, "Time"), *(series.label for series in self.series)]

    def rows(self) -> list[list[str]]:
        """The rows of the table, at most ``MOST_ROWS``."""
        return [
            [self.period.minute(start), *(self._cell(each, start, end) for each in self.series)]
            for start, end in self._stretches()
        ]

    def _stretches(self) -> Iterator[tuple[float, float]]:
        """From when until before when each row is: one time, or equal parts of the period."""
        times = sorted({time for series in self.series for time, _ in series.points})
        if not times:
            return
        if len(times) > MOST_ROWS:
            length = (times[-1] - times[0]) / MOST_ROWS
            times = [times[0] + length * place for place in range(MOST_ROWS)]
        yield from zip(times, (*times[1:], float("inf")), strict=True)

    def _cell(self, series: Series, start: float, end: float) -> str:
        values = [v for time, v in series.points if start <= time < end and v is not None]
        if not values:
            return translate(self.locale, "unknown")
        low, high = self._figure(min(values)), self._figure(max(values))
        return low if low == high else f"{low} – {high}"

    def _figure(self, value: float) -> str:
        text = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
        return f"{text} {self.unit}".rstrip()
