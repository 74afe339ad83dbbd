"""Functions with a shape of their own: they look at the clock, or at a whole vector."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from agent.rules.promql.buckets import histogram_quantile
from agent.rules.promql.dates import DATES, part_of_date
from agent.rules.promql.functions import largest, round_to, smallest
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.native import NATIVE
from agent.rules.promql.nodes import Call, Range, Selector, Semantics
from agent.rules.promql.over_time import OVER_TIME
from agent.rules.promql.relabel import join, replace
from agent.rules.promql.vector import Floats, Vector, empty, single

if TYPE_CHECKING:
    from agent.rules.promql.evaluate import Instant, Value
    from agent.rules.promql.windows import Matrix

Arguments = Sequence[Any]
Function = Callable[["Instant", Call, Arguments], "Value"]


def _scalar(_at: "Instant", _node: Call, arguments: Arguments) -> float:
    vector = cast("Vector", arguments[0])
    return float(vector.values[0]) if vector.size == 1 else float("nan")


def _vector(at: "Instant", _node: Call, arguments: Arguments) -> Vector:
    return single(at.source.symbols, {}, arguments[0])


def _absent(at: "Instant", node: Call, arguments: Arguments) -> Vector:
    return _one_if_absent(at, node, cast("Vector", arguments[0]))


def _absent_over_time(at: "Instant", node: Call, arguments: Arguments) -> Vector:
    matrix = cast("Matrix", arguments[0])
    return _one_if_absent(at, node, matrix.reduced(OVER_TIME["present_over_time"]))


def _one_if_absent(at: "Instant", node: Call, found: Vector) -> Vector:
    if found.size:
        return empty(at.source.symbols)
    asked = node.arguments[0]
    selector = asked.selector if isinstance(asked, Range) else asked
    return single(at.source.symbols, _labels_of_absent(selector), 1.0)


def _labels_of_absent(node: object) -> dict[str, str]:
    """What a selector's equality matchers say about the series that is not there."""
    labels: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in node.matchers if isinstance(node, Selector) else ():
        if matcher.label == METRIC_NAME:
            continue
        if matcher.is_equality and matcher.label not in seen:
            labels[matcher.label] = matcher.value
            seen.add(matcher.label)
        else:
            labels.pop(matcher.label, None)
    return {name: text for name, text in labels.items() if text}


def _timestamp(at: "Instant", node: Call, arguments: Arguments) -> Vector:
    vector = cast("Vector", arguments[0])
    stamps = vector.stamps if isinstance(node.arguments[0], Selector) else None
    taken = np.full(vector.size, at.now) if stamps is None else stamps
    return vector.nameless().with_values(taken)


def _date(at: "Instant", node: Call, arguments: Arguments) -> Vector:
    if not arguments:
        values = part_of_date(node.function, np.array([at.now]))
        return single(at.source.symbols, {}, float(values[0]))
    vector = cast("Vector", arguments[0])
    return vector.nameless().with_values(part_of_date(node.function, vector.values))


def _label_replace(_at: "Instant", node: Call, arguments: Arguments) -> Vector:
    vector, *texts = arguments
    return replace(vector, texts, dot_matches_newline=node.semantics is Semantics.THREE)


def _label_join(_at: "Instant", _node: Call, arguments: Arguments) -> Vector:
    vector, *texts = arguments
    return join(vector, texts)


def _histogram_quantile(_at: "Instant", node: Call, arguments: Arguments) -> Vector:
    return histogram_quantile(arguments[0], arguments[1], node.semantics)


def _nothing(at: "Instant", _node: Call, _arguments: Arguments) -> Vector:
    return empty(at.source.symbols)


def _clamp(_at: "Instant", node: Call, arguments: Arguments) -> Vector:
    vector = cast("Vector", arguments[0])
    low = arguments[1] if node.function != "clamp_max" else None
    high = arguments[-1] if node.function != "clamp_min" else None
    if low is not None and high is not None and high < low:
        return empty(vector.table.symbols)
    values = vector.values
    values = values if high is None else smallest(values, high)
    values = values if low is None else largest(values, low)
    return vector.nameless().with_values(values)


def _round(_at: "Instant", _node: Call, arguments: Arguments) -> Vector:
    vector = cast("Vector", arguments[0])
    nearest = arguments[1] if len(arguments) > 1 else 1.0
    return vector.nameless().with_values(round_to(vector.values, nearest))


def _sort(_at: "Instant", node: Call, arguments: Arguments) -> Vector:
    vector = cast("Vector", arguments[0])
    keys: Floats = vector.values if node.function == "sort" else -vector.values
    return vector.where(np.argsort(keys, kind="stable"))


TIMED = frozenset({*DATES, "time", "timestamp"})
"""Functions whose result changes with the time of the evaluation alone."""

CALLS: Mapping[str, Function] = {
    **dict.fromkeys(DATES, _date),
    **dict.fromkeys(NATIVE[Semantics.THREE], _nothing),
    "absent": _absent,
    "absent_over_time": _absent_over_time,
    "clamp": _clamp,
    "clamp_max": _clamp,
    "clamp_min": _clamp,
    "histogram_quantile": _histogram_quantile,
    "label_join": _label_join,
    "label_replace": _label_replace,
    "pi": lambda _at, _node, _arguments: float(np.pi),
    "round": _round,
    "scalar": _scalar,
    "sort": _sort,
    "sort_desc": _sort,
    "time": lambda at, _node, _arguments: float(at.now),
    "timestamp": _timestamp,
    "vector": _vector,
}
