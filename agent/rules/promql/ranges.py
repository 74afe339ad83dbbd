"""Functions of range vectors."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from agent.rules.promql.nodes import Call
from agent.rules.promql.over_time import OVER_TIME, quantile_over_time
from agent.rules.promql.rates import extrapolated, instant
from agent.rules.promql.trends import check_factors, derivative, prediction, smoothed
from agent.rules.promql.vector import Vector

if TYPE_CHECKING:
    from agent.rules.promql.windows import Matrix

Arguments = Sequence[Any]
RangeFunction = Callable[[int, Call, Arguments], Vector]
"""Of the evaluation's time (milliseconds), the call, and its arguments as evaluated."""

SMOOTHING = "double_exponential_smoothing"
"""``holt_winters`` as Prometheus 3 calls it."""
_KEEP_NAME = frozenset(("last_over_time",))


def _over_time(_now: int, call: Call, arguments: Arguments) -> Vector:
    matrix: Matrix = arguments[0]
    found = matrix.reduced(OVER_TIME[call.function])
    return found if call.function in _KEEP_NAME else found.nameless()


def _quantile(_now: int, _call: Call, arguments: Arguments) -> Vector:
    level, matrix = arguments
    reduce = partial(quantile_over_time, quantile=level)
    found: Vector = matrix.reduced(reduce).nameless()
    return found


def _extrapolated(*, counter: bool, per_second: bool) -> RangeFunction:
    def function(_now: int, call: Call, arguments: Arguments) -> Vector:
        matrix: Matrix = arguments[0]
        reduce = partial(
            extrapolated,
            span=matrix.span,
            semantics=call.semantics,
            counter=counter,
            per_second=per_second,
        )
        return matrix.reduced(reduce, least=2).nameless()

    return function


def _instant(*, counter: bool) -> RangeFunction:
    def function(_now: int, _call: Call, arguments: Arguments) -> Vector:
        matrix: Matrix = arguments[0]
        return matrix.reduced(partial(instant, counter=counter), least=2).nameless()

    return function


def _derivative(_now: int, _call: Call, arguments: Arguments) -> Vector:
    matrix: Matrix = arguments[0]
    return matrix.reduced(derivative, least=2).nameless()


def _prediction(now: int, _call: Call, arguments: Arguments) -> Vector:
    matrix, seconds = arguments
    reduce = partial(prediction, now=now, seconds=seconds)
    found: Vector = matrix.reduced(reduce, least=2).nameless()
    return found


def _smoothed(_now: int, _call: Call, arguments: Arguments) -> Vector:
    matrix, smoothing, trend = arguments
    if matrix.reduced(OVER_TIME["present_over_time"]).size:
        check_factors(smoothing, trend)
    reduce = partial(smoothed, smoothing=smoothing, trend=trend)
    found: Vector = matrix.reduced(reduce, least=2).nameless()
    return found


RANGES: Mapping[str, RangeFunction] = {
    **dict.fromkeys(OVER_TIME, _over_time),
    "delta": _extrapolated(counter=False, per_second=False),
    "deriv": _derivative,
    SMOOTHING: _smoothed,
    "idelta": _instant(counter=False),
    "increase": _extrapolated(counter=True, per_second=False),
    "irate": _instant(counter=True),
    "predict_linear": _prediction,
    "quantile_over_time": _quantile,
    "rate": _extrapolated(counter=True, per_second=True),
}
"""Functions of one range vector, some with parameters beside it."""
