"""What a plot draws: figures over a period of time, with what is not known among them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

MOST_POINTS = 400
"""Points of one series in a plot, those that mark a gap included."""
LARGEST = 1e15
"""Figures beyond it are drawn as unknown: a float has no thousandths left there."""

_POINTS_A_BUCKET = 5
_BUCKETS = (MOST_POINTS - 2) // _POINTS_A_BUCKET

Point = tuple[float, float | None]
"""Epoch seconds and a figure; ``None`` is unknown and ends the line before it."""


@dataclass(frozen=True)
class Period:
    """The time that a plot shows.

    Args:
        since: Epoch seconds; later times only are drawn.
        until: Epoch seconds, after ``since``.
        zone: The name of the zone in which people read the times.
    """

    since: float
    until: float
    zone: str

    @property
    def seconds(self) -> float:
        """Its length, at least a second."""
        return max(self.until - self.since, 1.0)

    def share(self, time: float) -> float:
        """The part of the period that has passed at ``time``, 0 to 1."""
        return min(max((time - self.since) / self.seconds, 0.0), 1.0)

    def local(self, time: float) -> datetime:
        """``time`` in the period's zone."""
        return datetime.fromtimestamp(time, ZoneInfo(self.zone))

    def minute(self, time: float) -> str:
        """``time`` to the minute, for people."""
        return f"{self.local(time):%Y-%m-%d %H:%M}"


@dataclass(frozen=True)
class Series:
    """One line of a plot: its label, for people, and its points in the order of time."""

    label: str
    points: Sequence[Point]

    def within(self, period: Period) -> "Series":
        """The points of ``period``, figures that cannot be drawn as unknown."""
        points = [
            (time, drawable(value))
            for time, value in self.points
            if period.since <= time <= period.until
        ]
        return Series(self.label, points)

    def values(self) -> list[float]:
        """The figures that are known."""
        return [value for _time, value in self.points if value is not None]


@dataclass(frozen=True)
class Threshold:
    """A line across a plot at one figure, with its label for people."""

    label: str
    value: float


def drawable(value: float | None) -> float | None:
    """``value``, or ``None`` where it is no number that can be drawn."""
    if value is None or not math.isfinite(value) or abs(value) > LARGEST:
        return None
    return float(value)


def thinned(points: Sequence[Point]) -> list[Point]:
    """At most ``MOST_POINTS`` of ``points``: the first, the last, minima, maxima and every gap.

    Two points that are joined here had nothing unknown between them.
    """
    if len(points) <= MOST_POINTS:
        return list(points)
    inner = points[1:-1]
    edges = [len(inner) * bucket // _BUCKETS for bucket in range(_BUCKETS + 1)]
    thin = [points[0]]
    for start, end in pairwise(edges):
        thin += _extremes(inner[start:end])
    return [*thin, points[-1]]


def _extremes(bucket: Sequence[Point]) -> Iterator[Point]:
    """Its least and greatest point in their order, with a gap wherever there was one."""
    known = [(value, place) for place, (_, value) in enumerate(bucket) if value is not None]
    places = sorted({min(known)[1], max(known)[1]}) if known else []
    start = 0
    for place in (*places, len(bucket)):
        gap = next((point for point in bucket[start:place] if point[1] is None), None)
        if gap is not None:
            yield gap
        if place < len(bucket):
            yield bucket[place]
        start = place + 1


def runs(points: Sequence[Point]) -> Iterator[list[tuple[float, float]]]:
    """The stretches of known points; what is unknown parts them."""
    run: list[tuple[float, float]] = []
    for time, value in points:
        if value is not None:
            run.append((time, value))
        elif run:
            yield run
            run = []
    if run:
        yield run
