"""How fast series change: counters with resets, extrapolated to the ends of the range."""

import numpy as np

from agent.rules.promql.nodes import Semantics
from agent.rules.promql.vector import Floats
from agent.rules.promql.windows import Span, Windows


def extrapolated(
    windows: Windows, span: Span, semantics: Semantics, *, counter: bool, per_second: bool
) -> Floats:
    """``rate``, ``increase`` and ``delta`` of series with at least two samples.

    Where the first or last sample is about as near to the end of the range as samples are to
    each other, the series is taken to reach that end; else half a sample's distance beyond.
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
    """How long before its first sample a counter was 0, by its slope."""
    return np.where((result > 0) & (first >= 0), sampled * (first / result), np.inf)


def _reach_to_start(
    to_start: Floats, zero: Floats | None, between: Floats, semantics: Semantics
) -> Floats:
    """How far before the first sample a series is taken to reach; a counter not below 0."""
    threshold, half = between * 1.1, between / 2
    if zero is None:
        return np.where(to_start < threshold, to_start, half)
    if semantics is Semantics.TWO:
        start = np.where(zero < to_start, zero, to_start)
        return np.where(start < threshold, start, half)
    start = np.where(to_start < threshold, to_start, half)
    return np.where(zero < start, zero, start)


def instant(windows: Windows, *, counter: bool) -> Floats:
    """``irate`` and ``idelta``: by the last two samples."""
    last = windows.counts - 1
    newest, former = windows.value_at(last), windows.value_at(last - 1)
    change = newest - former
    if not counter:
        return change
    change = np.where(newest < former, newest, change)
    return change / ((windows.time_at(last) - windows.time_at(last - 1)) / 1000)
