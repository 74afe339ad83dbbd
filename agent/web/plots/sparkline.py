"""A sparkline: the course of one figure, small enough for a table's cell."""

from collections.abc import Sequence

from markupsafe import Markup

from agent.web.plots.elements import element, number
from agent.web.plots.series import Period, Point, Series, runs, thinned
from agent.web.plots.ticks import axis_of

WIDTH = 120
HEIGHT = 28
_INSET = 2


def sparkline(label: str, period: Period, points: Sequence[Point]) -> Markup:
    """The line without axes; what is unknown is a gap.

    Args:
        label: What it shows, in words: the figures that matter stand beside it.
        period: The time it shows.
        points: In the order of time.
    """
    series = Series(label, points).within(period)
    values = series.values()
    axis = axis_of(values)
    low, high = min(values, default=0.0), max(values, default=0.0)
    span = max(high - low, axis.step / 4)
    path = "".join(
        _path(period, [(time, (value - low) / span) for time, value in run])
        for run in runs(thinned(series.points))
    )
    line = element("path", d=path, class_="plot-line plot-1") if path else Markup()
    return element(
        "svg",
        element("title", label),
        line,
        class_="sparkline",
        role="img",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=WIDTH,
        height=HEIGHT,
    )


def _path(period: Period, run: Sequence[tuple[float, float]]) -> str:
    places = [
        (
            number(_INSET + (WIDTH - 2 * _INSET) * period.share(time)),
            number(HEIGHT - _INSET - (HEIGHT - 2 * _INSET) * share),
        )
        for time, share in run
    ]
    (x, y), rest = places[0], places[1:]
    if not rest:
        return f"M{x} {y}h.1"
    return f"M{x} {y}" + "".join(f"L{x} {y}" for x, y in rest)
