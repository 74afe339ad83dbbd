"""Where series are heading: regression and exponential smoothing."""

import numpy as np

from agent.rules.promql.over_time import Sum
from agent.rules.promql.refusal import EvaluationError
from agent.rules.promql.vector import Floats
from agent.rules.promql.windows import Stamps, Windows


def regression(windows: Windows, origin: int | Stamps) -> tuple[Floats, Floats]:
    """Slope by second, and value at ``origin`` (milliseconds), by least squares."""
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
    """``deriv``: the slope by second."""
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
    """Raise where a factor of ``holt_winters`` is out of its bounds.

    Raises:
        EvaluationError: in Prometheus' words.
    """
    for name, factor in (("smoothing", smoothing), ("trend", trend)):
        if factor <= 0 or factor >= 1:
            letter = name[0]
            raise EvaluationError(
                f"invalid {name} factor. Expected: 0 < {letter}f < 1, got: {factor:f}"
            )
