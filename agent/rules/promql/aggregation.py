"""Aggregation operators: samples grouped by some of their labels, one result per group.

``topk`` and ``bottomk`` keep a few samples of each group instead, with all their labels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from agent.rules.promql.errors import EvaluationError
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import Aggregate, Semantics
from agent.rules.promql.symbols import Rows
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Floats, Vector, empty

_INT64 = 2.0**63


def rank(operand: Vector, groups: Rows, parameter: float, *, largest: bool) -> Vector:
    """The ``parameter`` largest or smallest samples of each group, best first.

    Raises:
        EvaluationError: when ``parameter`` is no count.
    """
    if np.isnan(parameter) or not -_INT64 <= parameter < _INT64:
        raise EvaluationError(f"Scalar value {parameter:g} overflows int64")
    count = int(parameter)
    if count < 1 or not operand.size:
        return empty(operand.table.symbols)
    keys = -operand.values if largest else operand.values
    order = np.lexsort((keys, np.isnan(keys), groups))
    ordered = groups[order]
    starts = np.searchsorted(ordered, ordered, side="left")
    return operand.where(order[np.arange(ordered.size) - starts < count])


@dataclass(frozen=True, eq=False)
class Bins:
    """Samples by group: ``ids`` number the groups that occur from 0."""

    values: Floats
    ids: Rows
    counts: Floats
    semantics: Semantics

    @property
    def size(self) -> int:
        """How many groups there are."""
        return int(self.counts.size)

    def sums(self, values: Floats) -> Floats:
        """The sum of ``values`` by group."""
        return np.asarray(np.bincount(self.ids, values, self.size), np.float64)


def aggregate(node: Aggregate, operand: Vector, parameter: float | None) -> Vector:
    """The aggregation of ``operand``, without the metric's name unless grouped by it.

    Raises:
        EvaluationError: when the parameter does not fit.
    """
    if METRIC_NAME in node.labels and not node.without:
        operand = operand.named()
    table, groups = _groups(node, operand)
    if node.operator in {"topk", "bottomk"}:
        assert parameter is not None
        return rank(operand, groups, parameter, largest=node.operator == "topk")
    if not operand.size:
        return empty(operand.table.symbols)
    counts = np.bincount(groups, minlength=table.rows)
    present = np.flatnonzero(counts)
    numbers = np.zeros(table.rows, np.intp)
    numbers[present] = np.arange(present.size)
    sizes = counts[present].astype(np.float64)
    bins = Bins(operand.values, numbers[groups], sizes, node.semantics)
    if node.operator == "quantile":
        assert parameter is not None
        return Vector(table, present, _quantile(bins, parameter))
    return Vector(table, present, _REDUCTIONS[node.operator](bins))


def _groups(node: Aggregate, operand: Vector) -> tuple[Table, Rows]:
    if node.without:
        projection = operand.table.without((*node.labels, METRIC_NAME))
    else:
        projection = operand.table.project(node.labels)
    return projection.table, projection.ids[operand.rows].astype(np.intp)


def _sum(bins: Bins) -> Floats:
    return bins.sums(bins.values)


def _average(bins: Bins) -> Floats:
    means = bins.sums(bins.values) / bins.counts
    if np.isfinite(means).all():
        return means
    return bins.sums(bins.values / bins.counts[bins.ids])


def _variance(bins: Bins) -> Floats:
    """The population variance, counted from each group's first value: equal ones differ by 0."""
    firsts = np.empty(bins.size)
    firsts[bins.ids[::-1]] = bins.values[::-1]
    values = bins.values - firsts[bins.ids]
    means = bins.sums(values) / bins.counts
    variance = bins.sums((values - means[bins.ids]) ** 2) / bins.counts
    if bins.semantics is Semantics.TWO:
        # Prometheus 2 never looked at the value of a single sample, be it infinite.
        return np.where(bins.counts == 1, 0.0, variance)
    return variance


def _extreme(reduce: np.ufunc) -> Callable[[Bins], Floats]:
    def extreme(bins: Bins) -> Floats:
        if bins.size == bins.values.size:
            alone = np.empty(bins.size)
            alone[bins.ids] = bins.values
            return alone
        order = np.argsort(bins.ids, kind="stable")
        starts = np.concatenate([[0], np.cumsum(bins.counts)[:-1]]).astype(np.intp)
        found: Floats = reduce.reduceat(bins.values[order], starts)
        return found

    return extreme


def _quantile(bins: Bins, quantile: float) -> Floats:
    """By linear interpolation; NaN sorts below everything, as in Prometheus."""
    if np.isnan(quantile) or not 0 <= quantile <= 1:
        outside = np.nan if np.isnan(quantile) else np.inf if quantile > 1 else -np.inf
        return np.full(bins.size, outside)
    below_all = np.where(np.isnan(bins.values), 0, 1)
    order = np.lexsort((bins.values, below_all, bins.ids))
    starts = np.concatenate([[0.0], np.cumsum(bins.counts)[:-1]])
    rank = quantile * (bins.counts - 1)
    lower = np.floor(rank)
    upper = np.minimum(bins.counts - 1, lower + 1)
    weight = rank - lower
    ordered = bins.values[order]
    low, high = (ordered[(starts + place).astype(np.intp)] for place in (lower, upper))
    result: Floats = low * (1 - weight) + high * weight
    return result


_REDUCTIONS: Mapping[str, Callable[[Bins], Floats]] = {
    "sum": _sum,
    "avg": _average,
    "count": lambda bins: bins.counts,
    "count_values": lambda bins: bins.counts,
    "group": lambda bins: np.ones(bins.size),
    "min": _extreme(np.fmin),
    "max": _extreme(np.fmax),
    "stdvar": _variance,
    "stddev": lambda bins: np.sqrt(_variance(bins)),
}
