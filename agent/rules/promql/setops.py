"""``and``, ``or`` and ``unless`` between vectors."""

import numpy as np

from agent.rules.promql.match import Groups, grouped
from agent.rules.promql.nodes import Matching
from agent.rules.promql.table import Mask
from agent.rules.promql.vector import Vector, joined


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
