"""Binary operators between scalars and instant vectors, and the matching of vectors.

Each side's samples are grouped by the labels that are matched (the grouping is kept with the
table), then the groups of one side are looked up among the other's (kept too), so that an
evaluation over unchanged series matches by array look-ups. Every float64 operation gives Go's
result.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.rules.promql.errors import EvaluationError
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import COMPARISONS, Binary, Cardinality, Matching
from agent.rules.promql.symbols import Rows
from agent.rules.promql.table import Mask, Projection, Table
from agent.rules.promql.vector import Floats, Vector, empty, joined, require_distinct
from exporters.ones import ones

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
    """The operator applied to each pair of values; comparisons give booleans."""
    result: npt.NDArray[Any] = _OPERATIONS[operator](left, right)
    return result


def with_scalar(node: Binary, left: object, right: object) -> Vector:
    """An operator between a vector and a scalar, on whichever side each is."""
    vector = left if isinstance(left, Vector) else right
    assert isinstance(vector, Vector)
    result = compute(node.operator, _operand(left), _operand(right))
    if node.operator in COMPARISONS and not node.returns_bool:
        chosen = vector.where(result).compact()
        is_one = node.operator == "==" and 1.0 in (left, right)
        return replace(chosen, values=ones(chosen.size)) if is_one else chosen
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
class MatchGroups:
    """A vector's samples by match group."""

    vector: Vector
    table: Table
    """One row per match group, with the labels that are matched."""
    ids: Rows
    """The row of each sample's group."""


def group_by_matching(vector: Vector, matching: Matching) -> MatchGroups:
    """The samples of ``vector`` by match group."""
    if matching.on and METRIC_NAME in matching.labels:
        vector = vector.named()
    projection = signature(vector.table, matching)
    return MatchGroups(vector, projection.table, projection.ids[vector.rows].astype(np.intp))


def signature(table: Table, matching: Matching) -> Projection:
    """The rows of ``table`` projected to the labels that are matched."""
    if matching.on:
        return table.project(matching.labels)
    return table.without((*matching.labels, METRIC_NAME))


def match_vectors(node: Binary, left: Vector, right: Vector) -> Vector:
    """Arithmetic or comparison between two instant vectors.

    Raises:
        EvaluationError: when a series matches several others where only one is allowed.
    """
    if not left.size or not right.size:
        return empty(left.table.symbols)
    matching = node.matching
    swapped = matching.cardinality is Cardinality.ONE_TO_MANY
    many, one = (right, left) if swapped else (left, right)
    many_groups = group_by_matching(many, matching)
    one_groups = group_by_matching(one, matching)
    partners = _match(many_groups, one_groups, swapped=swapped, matching=matching)
    matched = np.flatnonzero(partners >= 0)
    many_values, one_values = many.values[matched], one.values[partners[matched]]
    first, second = (one_values, many_values) if swapped else (many_values, one_values)
    result = compute(node.operator, first, second)
    if node.operator in COMPARISONS and not node.returns_bool:
        matched, values = matched[result], first[result]
    else:
        values = result.astype(np.float64)
    return _labelled(node, many_groups, matched, one_groups, partners[matched]).with_values(values)


def _match(many: MatchGroups, one: MatchGroups, *, swapped: bool, matching: Matching) -> Rows:
    """For each sample of ``many`` the index of its match in ``one``, or -1."""
    # One entry more than groups: a group without a match has row -1, which is that last entry.
    index_of = np.full(one.table.rows + 1, -1, np.intp)
    index_of[one.ids] = np.arange(one.ids.size)
    duplicates = np.flatnonzero(index_of[one.ids] != np.arange(one.ids.size))
    if duplicates.size:
        last = int(index_of[one.ids[duplicates[0]]])
        side = "left" if swapped else "right"
        raise EvaluationError(_many_to_many_reason(one, int(duplicates[0]), last, side, matching))
    indexes: Rows = index_of[many.table.rows_in(one.table)[many.ids]]
    return indexes


def _many_to_many_reason(
    one: MatchGroups,
    first: int,
    second: int,
    side: str,
    matching: Matching,
) -> str:
    sets = [_text(one.vector.where(np.array([index])).label_sets()[0]) for index in (second, first)]
    labels = one.vector.where(np.array([first])).label_sets()[0]
    matched_labels = {
        name: text
        for name, text in labels.items()
        if (name in matching.labels if matching.on else name not in matching.labels)
        and (matching.on or name != METRIC_NAME)
    }
    return (
        f"found duplicate series for the match group {_text(matched_labels)} on the "
        f"{side} hand-side of the operation: [{', '.join(sets)}]"
        ";many-to-many matching not allowed: matching labels must be unique on one side"
    )


def _text(labels: dict[str, str]) -> str:
    return "{" + ", ".join(f'{name}="{text}"' for name, text in labels.items()) + "}"


def _labelled(
    node: Binary, many: MatchGroups, matched: Rows, one: MatchGroups, partners: Rows
) -> Vector:
    """The matched samples of ``many`` with the labels of the result."""
    if node.matching.cardinality is not Cardinality.ONE_TO_ONE:
        samples, others = many.vector.where(matched), one.vector.where(partners)
        if not node.matching.include:
            return _unique(samples, NOT_UNIQUE, keeps_name=node.keeps_name)
        return _unique(_with_included(node, samples, others), NOT_UNIQUE, keeps_name=True)
    matched_groups = Vector(many.table, many.ids[matched], many.vector.values[matched])
    _unique(matched_groups, MANY_TO_ONE_IMPLICIT, keeps_name=True)
    result = _result_labels(many, matched, node.matching)
    return result if node.keeps_name else result.nameless()


def _result_labels(many: MatchGroups, matched: Rows, matching: Matching) -> Vector:
    vector = many.vector.where(matched)
    if matching.on:
        return Vector(many.table, many.ids[matched], vector.values)
    if not matching.labels:
        return vector
    projection = vector.table.without(matching.labels)
    rows = projection.ids[vector.rows].astype(np.intp)
    metric = 0 if METRIC_NAME in matching.labels else vector.metric
    return Vector(projection.table, rows, vector.values, metric)


def _with_included(node: Binary, many: Vector, one: Vector) -> Vector:
    """The samples of ``many`` with labels of their matches, the metric's name included."""
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
        result = vector if keeps_name else vector.nameless()
        require_distinct(result.rows)
    except EvaluationError:
        raise EvaluationError(reason) from None
    return result


def set_operation(operator: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    """A set operator between two vectors; many series may share a match group."""
    if not left.size or not right.size:
        return _with_empty_side(operator, left, right)
    left_groups = group_by_matching(left, matching)
    right_groups = group_by_matching(right, matching)
    if operator == "or":
        unmatched = right.where(~_has_match(right_groups, left_groups))
        return joined(left.table.symbols, [left, unmatched])
    matched = _has_match(left_groups, right_groups)
    return left.where(matched if operator == "and" else ~matched)


def _with_empty_side(operator: str, left: Vector, right: Vector) -> Vector:
    """The set operator where a side has no samples, so that nothing needs to be matched."""
    if operator == "or":
        return left if left.size else right
    return left if operator == "unless" or not left.size else right


def _has_match(left: MatchGroups, right: MatchGroups) -> Mask:
    present = np.zeros(right.table.rows + 1, bool)
    present[right.ids] = True
    matched: Mask = present[left.table.rows_in(right.table)[left.ids]]
    return matched
