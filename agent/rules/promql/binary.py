"""Operators on numbers, with Go's results for every float64."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.rules.promql.compile import COMPARISONS
from agent.rules.promql.nodes import Binary
from agent.rules.promql.vector import Floats, Vector

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
