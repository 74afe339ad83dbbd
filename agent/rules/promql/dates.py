"""The date functions: parts of the UTC date of values in seconds since the epoch."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from agent.rules.promql.vector import Floats

Seconds = npt.NDArray[np.int64]

_DAY = 86_400
_LIMIT = 9.0e15
"""Seconds beyond which numpy's dates overflow (285 million years)."""
_BEYOND = {
    "minute": 30.0,
    "hour": 15.0,
    "day_of_week": 0.0,
    "day_of_month": 4.0,
    "day_of_year": 339.0,
    "days_in_month": 31.0,
    "month": 12.0,
    "year": 292277026596.0,
}
"""Prometheus' results for NaN and infinity: the parts of Go's earliest date."""


def _days(seconds: Seconds) -> npt.NDArray[np.datetime64]:
    return np.floor_divide(seconds, _DAY).astype("datetime64[D]")


def _months(seconds: Seconds) -> npt.NDArray[np.datetime64]:
    return _days(seconds).astype("datetime64[M]")


def _since(first: str, seconds: Seconds) -> npt.NDArray[np.int64]:
    """Whole days since the first day of the date's ``first`` (month or year)."""
    days = _days(seconds)
    start = days.astype(f"datetime64[{first}]").astype("datetime64[D]")
    elapsed: npt.NDArray[np.int64] = (days - start).astype(np.int64)
    return elapsed


def _days_in_month(seconds: Seconds) -> npt.NDArray[np.int64]:
    months = _months(seconds)
    start, end = (month.astype("datetime64[D]") for month in (months, months + 1))
    length: npt.NDArray[np.int64] = (end - start).astype(np.int64)
    return length


_PARTS: Mapping[str, Callable[[Seconds], npt.NDArray[np.int64]]] = {
    "minute": lambda seconds: seconds // 60 % 60,
    "hour": lambda seconds: seconds // 3600 % 24,
    # The epoch was a Thursday; Sunday is 0.
    "day_of_week": lambda seconds: (seconds // _DAY + 4) % 7,
    "day_of_month": lambda seconds: _since("M", seconds) + 1,
    "day_of_year": lambda seconds: _since("Y", seconds) + 1,
    "days_in_month": _days_in_month,
    "month": lambda seconds: _months(seconds).astype(np.int64) % 12 + 1,
    "year": lambda seconds: _days(seconds).astype("datetime64[Y]").astype(np.int64) + 1970,
}

DATES = frozenset(_PARTS)
"""The date functions."""


def part_of_date(name: str, values: Floats) -> Floats:
    """The part of each value's date that the function ``name`` returns."""
    is_date = np.abs(values) < _LIMIT
    seconds = np.where(is_date, values, 0.0).astype(np.int64)
    return np.where(is_date, _PARTS[name](seconds).astype(np.float64), _BEYOND[name])
