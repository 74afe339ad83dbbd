"""Functions with a shape of their own: they look at the clock, or at a whole vector."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from agent.rules.promql.functions import largest, round_to, smallest
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import Call, Selector
from agent.rules.promql.vector import Floats, Vector, empty, single

if TYPE_CHECKING:
    from agent.rules.promql.evaluate import Instant, Value

Arguments = Sequence[Any]
Function = Callable[["Instant", Call, Arguments], "Value"]


def _scalar(_at: "Instant", _node: Call, arguments: Arguments) -> float:
    vector = cast("Vector", arguments[0])
    return float(vector.values[0]) if vector.size == 1 else float("nan")


def _vector(at: "Instant", _node: Call, arguments: Arguments) -> Vector:
    return single(at.source.symbols, {}, arguments[0])


def _absent(at: "Instant", node: Call, arguments: Arguments) -> Vector:
    if cast("Vector", arguments[0]).size:
        return empty(at.source.symbols)
    return single(at.source.symbols, _labels_of_absent(node.arguments[0]), 1.0)


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


def _timestamp(at: "Instant", _node: Call, arguments: Arguments) -> Vector:
    vector = cast("Vector", arguments[0])
    stamps = np.full(vector.size, at.now) if vector.stamps is None else vector.stamps
    return vector.nameless().with_values(stamps)


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


CALLS: Mapping[str, Function] = {
    "absent": _absent,
    "clamp": _clamp,
    "clamp_max": _clamp,
    "clamp_min": _clamp,
    "pi": lambda _at, _node, _arguments: float(np.pi),
    "round": _round,
    "scalar": _scalar,
    "sort": _sort,
    "sort_desc": _sort,
    "time": lambda at, _node, _arguments: float(at.now),
    "timestamp": _timestamp,
    "vector": _vector,
}
