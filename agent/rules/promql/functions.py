"""Functions of scalars and instant vectors.

Functions that map value by value are rows of one table; those with arguments beside the vector,
or that look at the evaluation time or the labels, are rows of another. Functions of range
vectors are in ``range_functions.py``.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from agent.rules.promql.dates import DATES, part_of_date
from agent.rules.promql.histograms import histogram_quantile
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import Call, Node, Range, Selector, Semantics, children_of
from agent.rules.promql.over_time import OVER_TIME
from agent.rules.promql.relabel import join, replace
from agent.rules.promql.symbols import Symbols
from agent.rules.promql.vector import Floats, Vector, empty, single

if TYPE_CHECKING:
    from agent.rules.promql.range_vector import RangeVector


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


_BOTH = frozenset({"histogram_count", "histogram_sum", "histogram_fraction"})
_SINCE_THREE = frozenset({"histogram_avg", "histogram_stddev", "histogram_stdvar"})

NATIVE_HISTOGRAM_FUNCTIONS = {Semantics.TWO: _BOTH, Semantics.THREE: _BOTH | _SINCE_THREE}
"""Functions of native histograms in each generation of Prometheus.

The agent has no native histograms, and of float samples these functions give nothing. A query
may call them, as it may call them of Prometheus over the same samples; a rule may not, because
it would never fire.
"""


def native_histogram_function(node: Node) -> str:
    """The first function of native histograms called in ``node``; empty where there is none."""
    if isinstance(node, Call) and node.function in NATIVE_HISTOGRAM_FUNCTIONS[Semantics.THREE]:
        return node.function
    return next(filter(None, map(native_histogram_function, children_of(node))), "")


class CallContext(NamedTuple):
    """What a function may look at beside its arguments."""

    symbols: Symbols
    now: float
    """The evaluation time, seconds since the epoch."""


Arguments = Sequence[Any]
Function = Callable[[CallContext, Call, Arguments], float | Vector]


def _scalar(_context: CallContext, _call: Call, arguments: Arguments) -> float:
    vector = cast("Vector", arguments[0])
    return float(vector.values[0]) if vector.size == 1 else float("nan")


def _vector(context: CallContext, _call: Call, arguments: Arguments) -> Vector:
    return single(context.symbols, {}, arguments[0])


def _absent(context: CallContext, call: Call, arguments: Arguments) -> Vector:
    return _one_if_absent(context, call, cast("Vector", arguments[0]))


def _absent_over_time(context: CallContext, call: Call, arguments: Arguments) -> Vector:
    samples = cast("RangeVector", arguments[0])
    return _one_if_absent(context, call, samples.reduced(OVER_TIME["present_over_time"]))


def _one_if_absent(context: CallContext, call: Call, present: Vector) -> Vector:
    if present.size:
        return empty(context.symbols)
    argument = call.arguments[0]
    selector = argument.selector if isinstance(argument, Range) else argument
    return single(context.symbols, _labels_of_absent(selector), 1.0)


def _labels_of_absent(node: object) -> dict[str, str]:
    """The labels that a selector's equality matchers give the series that is not there."""
    labels: dict[str, str] = {}
    matched: set[str] = set()
    for matcher in node.matchers if isinstance(node, Selector) else ():
        if matcher.label == METRIC_NAME:
            continue
        if matcher.is_equality and matcher.label not in matched:
            labels[matcher.label] = matcher.value
            matched.add(matcher.label)
        else:
            # As in Prometheus, a label that is matched twice is left out.
            labels.pop(matcher.label, None)
    return {name: text for name, text in labels.items() if text}


def _timestamp(context: CallContext, call: Call, arguments: Arguments) -> Vector:
    vector = cast("Vector", arguments[0])
    stamps = vector.stamps if isinstance(call.arguments[0], Selector) else None
    taken = np.full(vector.size, context.now) if stamps is None else stamps
    return vector.nameless().with_values(taken)


def _date(context: CallContext, call: Call, arguments: Arguments) -> Vector:
    if not arguments:
        values = part_of_date(call.function, np.array([context.now]))
        return single(context.symbols, {}, float(values[0]))
    vector = cast("Vector", arguments[0])
    return vector.nameless().with_values(part_of_date(call.function, vector.values))


def _label_replace(_context: CallContext, call: Call, arguments: Arguments) -> Vector:
    vector, *texts = arguments
    return replace(vector, texts, dot_matches_newline=call.semantics is Semantics.THREE)


def _label_join(_context: CallContext, _call: Call, arguments: Arguments) -> Vector:
    vector, *texts = arguments
    return join(vector, texts)


def _histogram_quantile(_context: CallContext, call: Call, arguments: Arguments) -> Vector:
    return histogram_quantile(arguments[0], arguments[1], call.semantics)


def _no_native_histograms(context: CallContext, _call: Call, _arguments: Arguments) -> Vector:
    return empty(context.symbols)


def _clamp(_context: CallContext, call: Call, arguments: Arguments) -> Vector:
    vector = cast("Vector", arguments[0])
    low = arguments[1] if call.function != "clamp_max" else None
    high = arguments[-1] if call.function != "clamp_min" else None
    if low is not None and high is not None and high < low:
        return empty(vector.table.symbols)
    values = vector.values
    values = values if high is None else smallest(values, high)
    values = values if low is None else largest(values, low)
    return vector.nameless().with_values(values)


def _round(_context: CallContext, _call: Call, arguments: Arguments) -> Vector:
    vector = cast("Vector", arguments[0])
    nearest = arguments[1] if len(arguments) > 1 else 1.0
    return vector.nameless().with_values(round_to(vector.values, nearest))


def _sort(_context: CallContext, call: Call, arguments: Arguments) -> Vector:
    vector = cast("Vector", arguments[0])
    keys: Floats = vector.values if call.function == "sort" else -vector.values
    return vector.where(np.argsort(keys, kind="stable"))


TIME_DEPENDENT = frozenset({*DATES, "time", "timestamp"})
"""Functions whose result changes with the evaluation time alone."""

FUNCTIONS: Mapping[str, Function] = {
    **dict.fromkeys(DATES, _date),
    **dict.fromkeys(NATIVE_HISTOGRAM_FUNCTIONS[Semantics.THREE], _no_native_histograms),
    "absent": _absent,
    "absent_over_time": _absent_over_time,
    "clamp": _clamp,
    "clamp_max": _clamp,
    "clamp_min": _clamp,
    "histogram_quantile": _histogram_quantile,
    "label_join": _label_join,
    "label_replace": _label_replace,
    "pi": lambda _context, _call, _arguments: float(np.pi),
    "round": _round,
    "scalar": _scalar,
    "sort": _sort,
    "sort_desc": _sort,
    "time": lambda context, _call, _arguments: float(context.now),
    "timestamp": _timestamp,
    "vector": _vector,
}
"""Functions of scalars and instant vectors that are more than a map of values."""
