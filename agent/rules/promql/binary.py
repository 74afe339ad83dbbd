"""Binary operators between scalars and instant vectors, and the matching of vectors.

Each side's samples are grouped by the labels that are matched (the grouping is kept with the
table), then the groups of one side are looked up among the other's (kept too), so that an
evaluation over unchanged series matches by array look-ups. Every float64 operation gives Go's
result.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.rules.promql.errors import EvaluationError
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import COMPARISONS, Binary, Cardinality, Matching
from agent.rules.promql.symbols import Rows
from agent.rules.promql.table import Mask, Projection, Table
from agent.rules.promql.vector import Floats, Vector, empty, joined, require_distinct

Operand = Floats | np.float64

_OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def compute(operator: str, left: Operand, right: Operand) -> npt.NDArray[Any]:
    """The operator on each pair; comparisons give booleans."""
    result: npt.NDArray[Any] = _OPERATIONS[operator](left, right)
    return result


def with_scalar(node: Binary, left: object, right: object) -> Vector:
    """A vector and a scalar, on whichever side."""
    vector = left if isinstance(left, Vector) else right
    assert isinstance(vector, Vector)
    result = compute(node.operator, _operand(left), _operand(right))
    if node.operator in COMPARISONS and not node.returns_bool:
        return vector.where(result).compact()
    series = vector if node.keeps_name else vector.nameless()
    return series.with_values(result.astype(np.float64))


def _operand(side: object) -> Operand:
    if isinstance(side, Vector):
        return side.values
    assert isinstance(side, float)
    return np.float64(side)


MANY_TO_ONE_IMPLICIT = (
    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
)
NOT_UNIQUE = "multiple matches for labels: grouping labels must ensure unique matches"


@dataclass(frozen=True, eq=False)
class Groups:
    """A vector's samples by match group."""

    vector: Vector
    table: Table
    """One row per group, by the labels that count."""
    ids: Rows
    """The group of each sample."""


def grouped(vector: Vector, matching: Matching) -> Groups:
    """The samples of ``vector`` by the labels that count."""
    if matching.on and METRIC_NAME in matching.labels:
        vector = vector.named()
    projection = signature(vector.table, matching)
    return Groups(vector, projection.table, projection.ids[vector.rows].astype(np.intp))


def signature(table: Table, matching: Matching) -> Projection:
    """The label sets by which series of ``table`` are matched."""
    if matching.on:
        return table.project(matching.labels)
    return table.without((*matching.labels, METRIC_NAME))


def match_vectors(node: Binary, left: Vector, right: Vector) -> Vector:
    """Arithmetic or comparison of two vectors.

    Raises:
        EvaluationError: when a series has several partners where only one is allowed.
    """
    if not left.size or not right.size:
        return empty(left.table.symbols)
    matching = node.matching
    swapped = matching.cardinality is Cardinality.ONE_TO_MANY
    many, one = (right, left) if swapped else (left, right)
    many_groups, one_groups = grouped(many, matching), grouped(one, matching)
    partners = _partners(many_groups, one_groups, swapped=swapped, matching=matching)
    met = np.flatnonzero(partners >= 0)
    many_values, one_values = many.values[met], one.values[partners[met]]
    first, second = (one_values, many_values) if swapped else (many_values, one_values)
    result = compute(node.operator, first, second)
    if node.operator in COMPARISONS and not node.returns_bool:
        met, values = met[result], first[result]
    else:
        values = result.astype(np.float64)
    return _labelled(node, many_groups, met, one_groups, partners[met]).with_values(values)


def _partners(many: Groups, one: Groups, *, swapped: bool, matching: Matching) -> Rows:
    """For each sample of ``many`` its partner's place in ``one``, or -1."""
    places = np.full(one.table.rows + 1, -1, np.intp)
    places[one.ids] = np.arange(one.ids.size)
    twice = np.flatnonzero(places[one.ids] != np.arange(one.ids.size))
    if twice.size:
        later = int(places[one.ids[twice[0]]])
        side = "left" if swapped else "right"
        raise EvaluationError(_many_to_many(one, int(twice[0]), later, side, matching))
    found: Rows = places[many.table.way_to(one.table)[many.ids]]
    return found


def _many_to_many(
    one: Groups,
    first: int,
    second: int,
    side: str,
    matching: Matching,
) -> str:
    sets = [_text(one.vector.where(np.array([place])).label_sets()[0]) for place in (second, first)]
    labels = one.vector.where(np.array([first])).label_sets()[0]
    counted = {
        name: text
        for name, text in labels.items()
        if (name in matching.labels if matching.on else name not in matching.labels)
        and (matching.on or name != METRIC_NAME)
    }
    return (
        f"found duplicate series for the match group {_text(counted)} on the "
        f"{side} hand-side of the operation: [{', '.join(sets)}]"
        ";many-to-many matching not allowed: matching labels must be unique on one side"
    )


def _text(labels: dict[str, str]) -> str:
    return "{" + ", ".join(f'{name}="{text}"' for name, text in labels.items()) + "}"


def _labelled(node: Binary, many: Groups, met: Rows, one: Groups, partners: Rows) -> Vector:
    """The matched samples under the labels of the result."""
    if node.matching.cardinality is not Cardinality.ONE_TO_ONE:
        found, others = many.vector.where(met), one.vector.where(partners)
        if not node.matching.include:
            return _unique(found, NOT_UNIQUE, keeps_name=node.keeps_name)
        return _unique(_included(node, found, others), NOT_UNIQUE, keeps_name=True)
    met_groups = Vector(many.table, many.ids[met], many.vector.values[met])
    _unique(met_groups, MANY_TO_ONE_IMPLICIT, keeps_name=True)
    kept = _kept_labels(many, met, node.matching)
    return kept if node.keeps_name else kept.nameless()


def _kept_labels(many: Groups, met: Rows, matching: Matching) -> Vector:
    vector = many.vector.where(met)
    if matching.on:
        return Vector(many.table, many.ids[met], vector.values)
    if not matching.labels:
        return vector
    projection = vector.table.without(matching.labels)
    rows = projection.ids[vector.rows].astype(np.intp)
    metric = 0 if METRIC_NAME in matching.labels else vector.metric
    return Vector(projection.table, rows, vector.values, metric)


def _included(node: Binary, many: Vector, one: Vector) -> Vector:
    """The samples of ``many`` with some labels of their partners, be it the metric's name."""
    labels = [
        name for name in node.matching.include if name != METRIC_NAME or not node.returns_bool
    ]
    takes_name = METRIC_NAME in labels
    one = one.named() if takes_name else one
    columns = many.table.take(many.rows)
    if not node.keeps_name:
        columns.pop(METRIC_NAME, None)
    columns.update({name: one.table.column(name)[one.rows] for name in labels})
    projection = Table(many.table.symbols, columns, many.size).project(tuple(columns))
    metric = many.metric if node.keeps_name and not takes_name else 0
    return Vector(projection.table, projection.ids.astype(np.intp), many.values, metric)


def _unique(vector: Vector, reason: str, *, keeps_name: bool) -> Vector:
    try:
        kept = vector if keeps_name else vector.nameless()
        require_distinct(kept.rows)
    except EvaluationError:
        raise EvaluationError(reason) from None
    return kept


def combine(operator: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    """The set operator on two vectors; many series may share a match group."""
    if not left.size or not right.size:
        return _with_nothing(operator, left, right)
    left_groups, right_groups = grouped(left, matching), grouped(right, matching)
    if operator == "or":
        unmatched = right.where(~_has_partner(right_groups, left_groups))
        return joined(left.table.symbols, [left, unmatched])
    met = _has_partner(left_groups, right_groups)
    return left.where(met if operator == "and" else ~met)


def _with_nothing(operator: str, left: Vector, right: Vector) -> Vector:
    """The operator where at least one side has no samples: nobody needs to be matched."""
    if operator == "or":
        return left if left.size else right
    return left if operator == "unless" or not left.size else right


def _has_partner(asking: Groups, asked: Groups) -> Mask:
    present = np.zeros(asked.table.rows + 1, bool)
    present[asked.ids] = True
    met: Mask = present[asking.table.way_to(asked.table)[asking.ids]]
    return met
