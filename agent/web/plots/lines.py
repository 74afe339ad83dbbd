"""Plots of figures over time, as lines or as steps."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from agent.web.plots.elements import element, number
from agent.web.plots.figure import (
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
from agent.web.plots.series import Period, Series, Threshold, drawable, runs, thinned
from agent.web.plots.summary import Summary
from agent.web.plots.ticks import Axis, axis_of, time_ticks

MOST_SERIES = 6
"""Lines in one plot; each has a colour and a stroke of its own."""
MOST_THRESHOLDS = 2


@dataclass(frozen=True)
class LinePlot:
    """What a plot of lines shows.

    Args:
        title: For people, in the reader's language, as all labels.
        period: The time it shows.
        series: Its lines; those after ``MOST_SERIES`` are left out.
        thresholds: Lines across it, the most important one first.
        steps: Whether a figure holds until the next one, as a count does.
        from_zero: Whether its scale begins at zero.
        unit: What stands behind figures in texts, a currency for example.
    """

    title: str
    period: Period
    series: Sequence[Series]
    thresholds: Sequence[Threshold] = ()
    steps: bool = False
    from_zero: bool = False
    unit: str = ""

    def draw(self, locale: str) -> Markup:
        """The plot in the reader's language."""
        series = [each.within(self.period) for each in self.series[:MOST_SERIES]]
        thresholds = [
            line for line in self.thresholds[:MOST_THRESHOLDS] if drawable(line.value) is not None
        ]
        known = [value for each in series for value in each.values()]
        axis = axis_of([*known, *(line.value for line in thresholds)], from_zero=self.from_zero)
        summary = Summary(self.period, series, self.unit, locale)
        figure = Figure(self.title, summary.sentences())
        ticks = axis.ticks(locale)
        content = (
            *(_across(axis, place, line) for place, line in enumerate(thresholds)),
            *(self._line(axis, place, each) for place, each in enumerate(series)),
        )
        if not known and not thresholds:
            return assemble(figure, nothing_known(locale))
        return assemble(
            figure,
            row(scale(ticks), canvas(figure, ticks, time_ticks(self.period), content)),
            Markup() if known else nothing_known(locale),
            legend(_keys(series, thresholds)),
            table(locale, summary.head(), summary.rows()),
        )

    def _line(self, axis: Axis, place: int, series: Series) -> Markup:
        path = "".join(self._path(axis, run) for run in runs(thinned(series.points)))
        return element("path", d=path, class_=_line_class(place)) if path else Markup()

    def _path(self, axis: Axis, run: Sequence[tuple[float, float]]) -> str:
        places = [
            (number(WIDTH * self.period.share(time)), number(height_of(axis.share(value))))
            for time, value in run
        ]
        (x, y), rest = places[0], places[1:]
        if not rest:
            return f"M{x} {y}h.1"  # Almost no length: its round ends make it a dot.
        join = "H{0}V{1}" if self.steps else "L{0} {1}"
        return f"M{x} {y}" + "".join(join.format(*place) for place in rest)


def _line_class(place: int) -> str:
    return f"plot-line plot-{place + 1}"


def _threshold_class(place: int) -> str:
    return f"plot-threshold plot-threshold-{place + 1}"


def _across(axis: Axis, place: int, threshold: Threshold) -> Markup:
    y = number(height_of(axis.share(threshold.value)))
    return element("path", d=f"M0 {y}H{WIDTH}", class_=_threshold_class(place))


def _keys(series: Sequence[Series], thresholds: Sequence[Threshold]) -> list[Key]:
    lines = [Key(_line_class(place), each.label) for place, each in enumerate(series)]
    across = [Key(_threshold_class(place), line.label) for place, line in enumerate(thresholds)]
    return lines + across
