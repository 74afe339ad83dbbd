"""Quantiles of classic histograms: series of counts by upper bound (``le``)."""

import re

import numpy as np

from agent.rules.promql.nodes import Semantics
from agent.rules.promql.vector import Floats, Vector, empty

BOUND = "le"
_SMALL = 1e-12
_NUMBER = re.compile(
    r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|inf(?:inity)?)", re.ASCII | re.IGNORECASE
)


def histogram_quantile(quantile: float, vector: Vector, semantics: Semantics) -> Vector:
    """The quantile of each classic histogram whose buckets are in ``vector``.

    Raises:
        EvaluationError: when two histograms differ only in the metric's name.
    """
    bounds = _bounds(vector)
    buckets = np.flatnonzero(~np.isnan(bounds))
    if not buckets.size:
        return empty(vector.table.symbols)
    projection = vector.table.without((BOUND,))
    groups = projection.ids[vector.rows[buckets]].astype(np.intp)
    order = np.lexsort((bounds[buckets], groups))
    sorted_buckets = buckets[order]
    rows, starts = np.unique(groups[order], return_index=True)
    quantiles = [
        _quantile(quantile, *_merge(bounds[part], vector.values[part]), semantics)
        for part in np.split(sorted_buckets, starts[1:])
    ]
    return Vector(projection.table, rows, np.array(quantiles, np.float64)).nameless()


def _bounds(vector: Vector) -> Floats:
    """The upper bound of each bucket; NaN for a sample without a valid ``le``."""
    codes, places = np.unique(vector.table.column(BOUND)[vector.rows], return_inverse=True)
    texts = vector.table.symbols.decode(codes)
    return np.array([_bound(text) for text in texts], np.float64)[places]


def _bound(text: str) -> float:
    return float(text) if _NUMBER.fullmatch(text) else float("nan")


def _merge(bounds: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Buckets with equal bounds written differently, such as 1 and 1.0, are added up."""
    distinct, starts = np.unique(bounds, return_index=True)
    return distinct, np.add.reduceat(counts, starts)


def _quantile(quantile: float, bounds: Floats, counts: Floats, semantics: Semantics) -> float:
    if not 0 <= quantile <= 1:
        return float("inf") if quantile > 1 else float("-inf") if quantile < 0 else float("nan")
    counts = _monotonic(counts, semantics)
    if bounds[-1] != np.inf or bounds.size == 1 or counts[-1] == 0:
        return float("nan")
    rank = quantile * counts[-1]
    above = np.flatnonzero(counts[:-1] >= rank)
    place = int(above[0]) if above.size else bounds.size - 1
    return _within(bounds, counts, place, rank)


def _within(bounds: Floats, counts: Floats, place: int, rank: float) -> float:
    """The value of the observation at ``rank`` in the bucket ``place``, by interpolation."""
    if place == bounds.size - 1:
        return float(bounds[-2])
    if place == 0 and bounds[0] <= 0:
        return float(bounds[0])
    start = bounds[place - 1] if place else 0.0
    before = counts[place - 1] if place else 0.0
    share = (rank - before) / (counts[place] - before)
    return float(start + (bounds[place] - start) * share)


def _monotonic(counts: Floats, semantics: Semantics) -> Floats:
    """Counts made monotonic; Prometheus 3 also removes differences that are rounding errors."""
    monotonic = counts.copy()
    for place in range(1, monotonic.size):
        former, count = monotonic[place - 1], monotonic[place]
        is_noise = abs(count - former) <= _SMALL * (abs(count) + abs(former))
        if count < former or (semantics is Semantics.THREE and is_noise):
            monotonic[place] = former
    return monotonic
