"""``topk`` and ``bottomk``: the samples themselves, a few of each group."""

import numpy as np

from agent.rules.promql.keys import Rows
from agent.rules.promql.refusal import EvaluationError
from agent.rules.promql.vector import Vector, empty

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
