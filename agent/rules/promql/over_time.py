"""Functions of the values of a range vector (``*_over_time``, ``changes``, ``resets``).

Sums are compensated (Neumaier), as in Prometheus, so that small values are not lost beside large
ones that cancel out.
"""

from collections.abc import Callable, Mapping

import numpy as np

from agent.rules.promql.range_vector import Windows
from agent.rules.promql.table import Mask
from agent.rules.promql.vector import Floats

_EXACT = 2.0**53


class Sum:
    """A compensated running sum of each series."""

    def __init__(self, size: int) -> None:
        self.total = np.zeros(size)
        self._compensation = np.zeros(size)

    def add(self, values: Floats, live: Mask | None) -> None:
        """Add one value to each series in ``live``; ``None`` means to all."""
        total = self.total + values
        larger = np.abs(self.total) >= np.abs(values)
        error = np.where(larger, (self.total - total) + values, (values - total) + self.total)
        error += self._compensation
        self.total = total if live is None else np.where(live, total, self.total)
        self._compensation = error if live is None else np.where(live, error, self._compensation)

    @property
    def result(self) -> Floats:
        """The sums."""
        return self.total + self._compensation

    @property
    def finite_result(self) -> Floats:
        """The sums; infinite ones without compensation, which would make them NaN."""
        return np.where(np.isinf(self.total), self.total, self.result)


def sum_over_time(windows: Windows) -> Floats:
    """The sum of each series."""
    if _adds_up_exactly(windows.values):
        return np.asarray(windows.values.sum(axis=0), np.float64)
    total = Sum(windows.size)
    for values, live in windows.steps():
        total.add(values, live)
    return total.finite_result


def _adds_up_exactly(values: Floats) -> bool:
    """Whether all values are integers so small that no sum of them is rounded."""
    if not bool(np.isfinite(values).all()) or (values != np.rint(values)).any():
        return False
    return bool(np.abs(values).max(initial=0.0) * len(values) < _EXACT)


def average_over_time(windows: Windows) -> Floats:
    """The mean of each series, computed incrementally so that it does not overflow."""
    mean = Sum(windows.size)
    for place, (values, live) in enumerate(windows.steps()):
        count = place + 1.0
        before = mean.total
        # An infinite mean changes only by the opposite infinity or NaN.
        stays = np.isinf(before) & ~np.isnan(values) & (np.isfinite(values) | (values == before))
        moves = ~stays if live is None else live & ~stays
        mean.add(values / count - before / count, moves)
    return mean.finite_result


def variance_over_time(windows: Windows) -> Floats:
    """The population variance of each series (Welford's algorithm)."""
    mean, squares = Sum(windows.size), Sum(windows.size)
    for place, (values, live) in enumerate(windows.steps()):
        delta = values - mean.result
        mean.add(delta / (place + 1.0), live)
        squares.add(delta * (values - mean.result), live)
    variance: Floats = squares.result / windows.counts
    return variance


def quantile_over_time(windows: Windows, quantile: float) -> Floats:
    """The quantile by linear interpolation; NaN sorts below everything, as in Prometheus."""
    if np.isnan(quantile) or not 0 <= quantile <= 1:
        outside = np.nan if np.isnan(quantile) else np.inf if quantile > 1 else -np.inf
        return np.full(windows.size, outside)
    beyond = len(windows.values) - windows.counts
    unknown = np.count_nonzero(np.isnan(windows.values), axis=0) - beyond
    ordered = np.sort(windows.values, axis=0)
    rank = quantile * (windows.counts - 1.0)
    lower = np.floor(rank)
    upper = np.minimum(windows.counts - 1.0, lower + 1)
    low, high = (_ranked(ordered, place - unknown) for place in (lower, upper))
    weight = rank - lower
    between: Floats = low * (1 - weight) + high * weight
    return between


def _ranked(ordered: Floats, places: Floats) -> Floats:
    values = ordered[np.maximum(places, 0).astype(np.intp), np.arange(places.size)]
    return np.where(places < 0, np.nan, values)


def last_over_time(windows: Windows) -> Floats:
    """The newest value of each series."""
    return windows.value_at(windows.counts - 1)


def _counted(events: Mask) -> Floats:
    return np.asarray(np.count_nonzero(events, axis=0), np.float64)


def changes(windows: Windows) -> Floats:
    """The number of changes of the value; NaN after NaN is no change."""
    former, latter = windows.values[:-1], windows.values[1:]
    changed = (former != latter) & ~(np.isnan(former) & np.isnan(latter))
    inside = np.arange(1, len(windows.values))[:, None] < windows.counts
    return _counted(changed & inside)


def resets(windows: Windows) -> Floats:
    """The number of counter resets."""
    return _counted(windows.values[1:] < windows.values[:-1])


def _extreme(reduce: np.ufunc) -> Callable[[Windows], Floats]:
    return lambda windows: np.asarray(reduce.reduce(windows.values, axis=0), np.float64)


OVER_TIME: Mapping[str, Callable[[Windows], Floats]] = {
    "avg_over_time": average_over_time,
    "changes": changes,
    "count_over_time": lambda windows: windows.counts.astype(np.float64),
    "last_over_time": last_over_time,
    "max_over_time": _extreme(np.fmax),
    "min_over_time": _extreme(np.fmin),
    "present_over_time": lambda windows: np.ones(windows.size),
    "resets": resets,
    "stddev_over_time": lambda windows: np.sqrt(variance_over_time(windows)),
    "stdvar_over_time": variance_over_time,
    "sum_over_time": sum_over_time,
}
"""Functions of one range vector that depend on the values only."""
