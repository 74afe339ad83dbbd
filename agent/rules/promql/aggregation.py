"""Aggregation operators: samples grouped by some of their labels, one result per group.

``topk`` and ``bottomk`` keep a few samples of each group instead, with all their labels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from agent.rules.promql.errors import EvaluationError
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import Aggregate, Semantics
from agent.rules.promql.row_numbers import first_rows
from agent.rules.promql.symbols import Rows
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Floats, Vector, empty
from exporters.ones import ones

_INT64 = 2.0**63


def rank(operand: Vector, groups: Rows, parameter: float, *, largest: bool) -> Vector:
    """The ``parameter`` largest or smallest samples of each group, best first.

    Raises:
        EvaluationError: when ``parameter`` is not representable as a count.
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
class GroupedSamples:
    """Samples by group; ``ids`` is the group of each sample, counted from 0."""

    values: Floats
    ids: Rows
    counts: Floats
    semantics: Semantics

    @property
    def size(self) -> int:
        """The number of groups."""
        return int(self.counts.size)

    def sums(self, values: Floats) -> Floats:
        """The sum of ``values`` by group."""
        return np.asarray(np.bincount(self.ids, values, self.size), np.float64)


def aggregate(node: Aggregate, operand: Vector, parameter: float | None) -> Vector:
    """The aggregation of ``operand``; the metric's name is dropped unless it is grouped by.

    Raises:
        EvaluationError: when the parameter is out of range.
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
    present = table.all_rows if counts.all() else np.flatnonzero(counts)
    if present.size < table.rows:
        group_ids = np.zeros(table.rows, np.intp)
        group_ids[present] = first_rows(present.size)
        groups = group_ids[groups]
    sizes = counts[present].astype(np.float64)
    samples = GroupedSamples(operand.values, groups, sizes, node.semantics)
    if node.operator == "quantile":
        assert parameter is not None
        return Vector(table, present, _quantile(samples, parameter))
    return Vector(table, present, _REDUCTIONS[node.operator](samples))


def _groups(node: Aggregate, operand: Vector) -> tuple[Table, Rows]:
    if node.without:
        projection = operand.table.without((*node.labels, METRIC_NAME))
    else:
        projection = operand.table.project(node.labels)
    return projection.table, projection.ids[operand.rows].astype(np.intp)


def _sum(samples: GroupedSamples) -> Floats:
    return samples.sums(samples.values)


def _average(samples: GroupedSamples) -> Floats:
    means = samples.sums(samples.values) / samples.counts
    if np.isfinite(means).all():
        return means
    return samples.sums(samples.values / samples.counts[samples.ids])


def _variance(samples: GroupedSamples) -> Floats:
    """The population variance.

    Values are taken relative to each group's first one, so that equal values have variance 0.
    """
    firsts = np.empty(samples.size)
    firsts[samples.ids[::-1]] = samples.values[::-1]
    values = samples.values - firsts[samples.ids]
    means = samples.sums(values) / samples.counts
    variance = samples.sums((values - means[samples.ids]) ** 2) / samples.counts
    if samples.semantics is Semantics.TWO:
        # Prometheus 2 gives 0 for a single sample even when its value is infinite.
        return np.where(samples.counts == 1, 0.0, variance)
    return variance


def _extreme(reduce: np.ufunc) -> Callable[[GroupedSamples], Floats]:
    def extreme(samples: GroupedSamples) -> Floats:
        if samples.size == samples.values.size:
            if np.array_equal(samples.ids, first_rows(samples.size)):
                # Each is alone and in its place: the values are in memory once.
                return samples.values
            alone = np.empty(samples.size)
            alone[samples.ids] = samples.values
            return alone
        order = np.argsort(samples.ids, kind="stable")
        starts = np.concatenate([[0], np.cumsum(samples.counts)[:-1]]).astype(np.intp)
        extremes: Floats = reduce.reduceat(samples.values[order], starts)
        return extremes

    return extreme


def _quantile(samples: GroupedSamples, quantile: float) -> Floats:
    """The quantile by linear interpolation; NaN sorts below everything, as in Prometheus."""
    if np.isnan(quantile) or not 0 <= quantile <= 1:
        outside = np.nan if np.isnan(quantile) else np.inf if quantile > 1 else -np.inf
        return np.full(samples.size, outside)
    below_all = np.where(np.isnan(samples.values), 0, 1)
    order = np.lexsort((samples.values, below_all, samples.ids))
    starts = np.concatenate([[0.0], np.cumsum(samples.counts)[:-1]])
    rank = quantile * (samples.counts - 1)
    lower = np.floor(rank)
    upper = np.minimum(samples.counts - 1, lower + 1)
    weight = rank - lower
    ordered = samples.values[order]
    low, high = (ordered[(starts + index).astype(np.intp)] for index in (lower, upper))
    result: Floats = low * (1 - weight) + high * weight
    return result


_REDUCTIONS: Mapping[str, Callable[[GroupedSamples], Floats]] = {
    "sum": _sum,
    "avg": _average,
    "count": lambda samples: samples.counts,
    "count_values": lambda samples: samples.counts,
    "group": lambda samples: ones(samples.size),
    "min": _extreme(np.fmin),
    "max": _extreme(np.fmax),
    "stdvar": _variance,
    "stddev": lambda samples: np.sqrt(_variance(samples)),
}
