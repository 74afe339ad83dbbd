"""Functions of range vectors."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from agent.rules.promql.errors import EvaluationError
from agent.rules.promql.nodes import Call, Semantics
from agent.rules.promql.over_time import OVER_TIME, Sum, quantile_over_time
from agent.rules.promql.range_vector import Span, Stamps, Windows
from agent.rules.promql.vector import Floats, Vector

if TYPE_CHECKING:
    from agent.rules.promql.range_vector import RangeVector


def extrapolated(
    windows: Windows, span: Span, semantics: Semantics, *, counter: bool, per_second: bool
) -> Floats:
    """``rate``, ``increase`` and ``delta`` of series with at least two samples.

    Where the first or last sample is within 1.1 average sample intervals of the end of the range,
    the result is extrapolated to that end, else by half an interval.
    """
    last = windows.counts - 1
    first_values, last_values = windows.values[0], windows.value_at(last)
    result = last_values - first_values
    if counter:
        former, latter = windows.values[:-1], windows.values[1:]
        result = result + np.where(latter < former, former, 0.0).sum(axis=0)
    first_times, last_times = windows.time_at(np.zeros_like(last)), windows.time_at(last)
    sampled = (last_times - first_times) / 1000
    to_start, to_end = (first_times - span.start) / 1000, (span.end - last_times) / 1000
    between = sampled / last
    zero = _seconds_since_zero(first_values, result, sampled) if counter else None
    before = _reach_to_start(to_start, zero, between, semantics)
    after = np.where(to_end < between * 1.1, to_end, between / 2)
    factor = (sampled + before + after) / sampled
    scaled: Floats = result * (factor / span.seconds if per_second else factor)
    return scaled


def _seconds_since_zero(first: Floats, result: Floats, sampled: Floats) -> Floats:
    """Seconds before its first sample at which a counter was 0, by its slope."""
    return np.where((result > 0) & (first >= 0), sampled * (first / result), np.inf)


def _reach_to_start(
    to_start: Floats, zero: Floats | None, between: Floats, semantics: Semantics
) -> Floats:
    """Seconds before the first sample to extrapolate to; a counter never below 0."""
    threshold, half = between * 1.1, between / 2
    if zero is None:
        return np.where(to_start < threshold, to_start, half)
    if semantics is Semantics.TWO:
        start = np.where(zero < to_start, zero, to_start)
        return np.where(start < threshold, start, half)
    start = np.where(to_start < threshold, to_start, half)
    return np.where(zero < start, zero, start)


def instant(windows: Windows, *, counter: bool) -> Floats:
    """``irate`` and ``idelta``: the change between the last two samples."""
    last = windows.counts - 1
    newest, former = windows.value_at(last), windows.value_at(last - 1)
    change = newest - former
    if not counter:
        return change
    change = np.where(newest < former, newest, change)
    return change / ((windows.time_at(last) - windows.time_at(last - 1)) / 1000)


def regression(windows: Windows, origin: int | Stamps) -> tuple[Floats, Floats]:
    """The slope per second and the value at ``origin`` (milliseconds), by least squares."""
    ages = (windows.times - origin) / 1000
    sums = [Sum(windows.size) for _ in range(4)]
    constant = np.ones(windows.size, bool)
    first = windows.values[0]
    for (values, live), age in zip(windows.steps(), ages, strict=True):
        same = values == first
        constant &= same if live is None else same | ~live
        terms = (age, values, age * values, age * age)
        for total, term in zip(sums, terms, strict=True):
            total.add(np.broadcast_to(term, first.shape), live)
    x, y, xy, xx = (total.result for total in sums)
    count = windows.counts
    slope = (xy - x * y / count) / (xx - x * x / count)
    intercept = y / count - slope * x / count
    flat = np.where(np.isinf(first), np.nan, first)
    return (
        np.where(constant, np.where(np.isinf(first), np.nan, 0.0), slope),
        np.where(constant, flat, intercept),
    )


def derivative(windows: Windows) -> Floats:
    """``deriv``: the slope per second."""
    return regression(windows, windows.times[:1])[0]


def prediction(windows: Windows, now: int, seconds: float) -> Floats:
    """``predict_linear``: the value ``seconds`` after ``now`` (milliseconds)."""
    slope, intercept = regression(windows, now)
    reached: Floats = slope * seconds + intercept
    return reached


def smoothed(windows: Windows, smoothing: float, trend: float) -> Floats:
    """``holt_winters``: the newest value, smoothed with its trend."""
    former: Floats = np.zeros(windows.size)
    level: Floats = windows.values[0]
    slope = windows.values[1] - windows.values[0]
    for place, (values, live) in enumerate(windows.steps()):
        if not place:
            continue
        if place > 1:
            turned = trend * (level - former) + (1 - trend) * slope
            slope = turned if live is None else np.where(live, turned, slope)
        risen = smoothing * values + (1 - smoothing) * (level + slope)
        former = level if live is None else np.where(live, level, former)
        level = risen if live is None else np.where(live, risen, level)
    return level


def check_factors(smoothing: float, trend: float) -> None:
    """Check the factors of ``holt_winters``.

    Raises:
        EvaluationError: when a factor is out of its bounds.
    """
    for name, factor in (("smoothing", smoothing), ("trend", trend)):
        if factor <= 0 or factor >= 1:
            letter = name[0]
            raise EvaluationError(
                f"invalid {name} factor. Expected: 0 < {letter}f < 1, got: {factor:f}"
            )


Arguments = Sequence[Any]
RangeFunction = Callable[[int, Call, Arguments], Vector]
"""Takes the evaluation time (milliseconds), the call, and its evaluated arguments."""

SMOOTHING = "double_exponential_smoothing"
"""The name of ``holt_winters`` in Prometheus 3."""
_KEEP_NAME = frozenset(("last_over_time",))


def _over_time(_now: int, call: Call, arguments: Arguments) -> Vector:
    matrix: RangeVector = arguments[0]
    result = matrix.reduced(OVER_TIME[call.function])
    return result if call.function in _KEEP_NAME else result.nameless()


def _quantile(_now: int, _call: Call, arguments: Arguments) -> Vector:
    level, matrix = arguments
    reduce = partial(quantile_over_time, quantile=level)
    result: Vector = matrix.reduced(reduce).nameless()
    return result


def _extrapolated(*, counter: bool, per_second: bool) -> RangeFunction:
    def function(_now: int, call: Call, arguments: Arguments) -> Vector:
        matrix: RangeVector = arguments[0]
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
        matrix: RangeVector = arguments[0]
        return matrix.reduced(partial(instant, counter=counter), least=2).nameless()

    return function


def _derivative(_now: int, _call: Call, arguments: Arguments) -> Vector:
    matrix: RangeVector = arguments[0]
    return matrix.reduced(derivative, least=2).nameless()


def _prediction(now: int, _call: Call, arguments: Arguments) -> Vector:
    matrix, seconds = arguments
    reduce = partial(prediction, now=now, seconds=seconds)
    result: Vector = matrix.reduced(reduce, least=2).nameless()
    return result


def _smoothed(_now: int, _call: Call, arguments: Arguments) -> Vector:
    matrix, smoothing, trend = arguments
    if matrix.reduced(OVER_TIME["present_over_time"]).size:
        check_factors(smoothing, trend)
    reduce = partial(smoothed, smoothing=smoothing, trend=trend)
    result: Vector = matrix.reduced(reduce, least=2).nameless()
    return result


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
"""Functions of one range vector, some with further parameters."""
