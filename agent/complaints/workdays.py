"""Which days are worked in China: the published calendar, weekdays where none is published.

The State Council publishes each year's holidays and the weekends worked in their place; the
``chinesecalendar`` package carries what is published. Beyond that, and without the package,
Monday to Friday count as worked, and :func:`is_published` says so (domain.md §3).
"""

from collections.abc import Callable
from datetime import date
from functools import cache
from importlib import import_module

_SATURDAY = 5


@cache
def _published() -> Callable[[date], bool] | None:
    try:
        worked: Callable[[date], bool] = import_module("chinese_calendar").is_workday
    except ImportError:
        return None
    return worked


@cache
def _told(day: date) -> bool | None:
    worked = _published()
    try:
        return None if worked is None else worked(day)
    except NotImplementedError:
        return None


def is_published(day: date) -> bool:
    """Whether the official calendar of ``day``'s year is known."""
    return _told(day) is not None


def is_workday(day: date) -> bool:
    """Whether ``day`` is worked by the official calendar; by the weekday where it is not known."""
    told = _told(day)
    return day.weekday() < _SATURDAY if told is None else told
