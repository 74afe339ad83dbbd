"""By when a complaint must be answered: two templates, in working days (domain.md §3).

A working day counts whole: what is owed in two working days is owed until midnight of the
second working day after the one on which the complaint came in.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum, unique
from zoneinfo import ZoneInfo

import msgspec

from agent.complaints import workdays
from agent.complaints.complaint import Deadline, Step

_HOUR = 3600.0


@unique
class Template(StrEnum):
    """The two ways to promise an answer."""

    STAGED = "staged"
    """Reply within 2 working days, verify within 5, solve within 7."""
    INVESTIGATION = "investigation"
    """Accept within 24 hours, investigate within 15 working days, extensions explained."""


_PROMISES: Mapping[Template, tuple[tuple[Step, float, int], ...]] = {
    Template.STAGED: ((Step.REPLY, 0, 2), (Step.VERIFY, 0, 5), (Step.SOLVE, 0, 7)),
    Template.INVESTIGATION: ((Step.ACCEPT, 24 * _HOUR, 0), (Step.INVESTIGATE, 0, 15)),
}
"""For each step either plain seconds or working days."""

REGULATOR_AFTER_DAYS = 15
"""Days without an answer after which a caller may turn to the regulator."""
REGULATOR_DECIDES = 5
"""Working days in which the regulator accepts a complaint or does not."""
REGULATOR_ANSWERS_DAYS = 30
"""Days in which the regulator answers."""
_CHARGES_MONTHS = 5
_OTHERS_MONTHS = 24


class Due(msgspec.Struct, frozen=True):
    """A moment that was worked out in working days."""

    at: float
    certain: bool


def deadlines(template: Template, received_at: float, zone: str) -> tuple[Deadline, ...]:
    """What is owed for a complaint received then."""
    return tuple(
        _deadline(step, seconds, days, received_at, zone)
        for step, seconds, days in _PROMISES[template]
    )


def _deadline(step: Step, seconds: float, days: int, received_at: float, zone: str) -> Deadline:
    if not days:
        return Deadline(step, received_at + seconds)
    due = after_working_days(received_at, days, zone)
    return Deadline(step, due.at, certain=due.certain)


def after_working_days(start: float, days: int, zone: str) -> Due:
    """The midnight at which the ``days``-th working day after the one of ``start`` is over."""
    place = ZoneInfo(zone)
    day = datetime.fromtimestamp(start, place).date()
    left, certain = days, True
    while left > 0:
        day += timedelta(days=1)
        certain = certain and workdays.is_published(day)
        left -= workdays.is_workday(day)
    midnight = datetime.combine(day + timedelta(days=1), time(), place)
    return Due(midnight.timestamp(), certain)


def regulator(received_at: float, zone: str) -> dict[str, float]:
    """The regulator's dates for a complaint: from when, until when (domain.md §3, Regulator)."""
    day = 86400.0
    return {
        "eligible_from": received_at + REGULATOR_AFTER_DAYS * day,
        "charges_until": _months_later(received_at, _CHARGES_MONTHS, zone),
        "others_until": _months_later(received_at, _OTHERS_MONTHS, zone),
    }


def regulator_owes(filed_at: float, zone: str) -> dict[str, float]:
    """What the regulator owes once a complaint was filed there."""
    return {
        "decides_by": after_working_days(filed_at, REGULATOR_DECIDES, zone).at,
        "answers_by": filed_at + REGULATOR_ANSWERS_DAYS * 86400.0,
    }


def _months_later(start: float, months: int, zone: str) -> float:
    """The same day of the month so many months later, or the last of a month that is shorter."""
    told = datetime.fromtimestamp(start, ZoneInfo(zone))
    years, month = divmod(told.month - 1 + months, 12)
    for day in range(told.day, told.day - 4, -1):
        try:
            return told.replace(year=told.year + years, month=month + 1, day=day).timestamp()
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
