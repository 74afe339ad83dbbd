"""The functions of the language: those that map value by value, and Go's arithmetic.

Element-wise functions are rows of a table; the ones that need more live in ``calls.py``, those
of range vectors in ``ranges.py``.
"""

import math
from collections.abc import Callable

import numpy as np

from agent.rules.promql.vector import Floats

Unary = Callable[[Floats], Floats]


def _sign(values: Floats) -> Floats:
    return np.where(values < 0, -1.0, np.where(values > 0, 1.0, values))


ELEMENTWISE: dict[str, Unary] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "ln": np.log,
    "log2": np.log2,
    "log10": lambda values: np.log(values) * math.log10(math.e),
    "sgn": _sign,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "deg": lambda values: values * 180 / np.pi,
    "rad": lambda values: values * np.pi / 180,
}
"""Functions of one vector that map each value and drop the metric's name."""


def largest(left: Floats, right: float) -> Floats:
    """Go's ``math.Max``: as numpy's, but +Inf wins over NaN."""
    if right == np.inf:
        return np.full_like(left, np.inf)
    return np.where(left == np.inf, np.inf, np.maximum(left, right))


def smallest(left: Floats, right: float) -> Floats:
    """Go's ``math.Min``: as numpy's, but -Inf wins over NaN."""
    if right == -np.inf:
        return np.full_like(left, -np.inf)
    return np.where(left == -np.inf, -np.inf, np.minimum(left, right))


def round_to(values: Floats, nearest: float) -> Floats:
    """To the next multiple of ``nearest``, halves up, by Prometheus' own arithmetic."""
    inverse = np.float64(1.0) / np.float64(nearest)
    return np.floor(values * inverse + 0.5) / inverse
