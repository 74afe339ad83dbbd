"""When a complaint must be answered: two templates, in working days (docs/reference/domain.md §3).

A working day counts whole: what is due in two working days is due at the midnight that ends the
second working day after the day on which the complaint was received.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum, unique
from zoneinfo import ZoneInfo

import msgspec

from agent.complaints.complaint import Deadline, Step
from agent.routing.calendar import is_published, is_workday

_HOUR = 3600.0
_DAY = 86400.0


@unique
class Template(StrEnum):
    """The two sets of deadlines that a configuration may choose from."""

    STAGED = "staged"
    """Reply within 2 working days, verify within 5, solve within 7."""
    INVESTIGATION = "investigation"
    """Accept within 24 hours, investigate within 15 working days, extensions explained."""


_STEPS: Mapping[Template, tuple[tuple[Step, float, int], ...]] = {
    Template.STAGED: ((Step.REPLY, 0, 2), (Step.VERIFY, 0, 5), (Step.SOLVE, 0, 7)),
    Template.INVESTIGATION: ((Step.ACCEPT, 24 * _HOUR, 0), (Step.INVESTIGATE, 0, 15)),
}
"""For each step either seconds or working days."""

REGULATOR_AFTER_DAYS = 15
"""Days without an answer after which a caller may turn to the regulator."""
REGULATOR_DECISION_WORKING_DAYS = 5
"""Working days in which the regulator accepts or rejects a complaint."""
REGULATOR_ANSWER_DAYS = 30
"""Days in which the regulator answers."""
_CHARGE_DISPUTE_MONTHS = 5
_OTHER_DISPUTE_MONTHS = 24


class DueTime(msgspec.Struct, frozen=True):
    """A time computed in working days."""

    at: float
    certain: bool
    """False where the holidays of some of those days are not published yet."""


def deadlines(template: Template, received_at: float, zone: str) -> tuple[Deadline, ...]:
    """The deadlines of a complaint that was received at ``received_at``."""
    return tuple(
        _deadline(step, seconds, days, received_at, zone)
        for step, seconds, days in _STEPS[template]
    )


def _deadline(step: Step, seconds: float, days: int, received_at: float, zone: str) -> Deadline:
    if not days:
        return Deadline(step, received_at + seconds)
    due = after_working_days(received_at, days, zone)
    return Deadline(step, due.at, certain=due.certain)


def after_working_days(start: float, days: int, zone: str) -> DueTime:
    """The midnight that ends the ``days``-th working day after the day of ``start``."""
    tz = ZoneInfo(zone)
    day = datetime.fromtimestamp(start, tz).date()
    remaining, certain = days, True
    while remaining > 0:
        day += timedelta(days=1)
        certain = certain and is_published(day)
        remaining -= is_workday(day)
    midnight = datetime.combine(day + timedelta(days=1), time(), tz)
    return DueTime(midnight.timestamp(), certain)


def regulator_dates(received_at: float, zone: str) -> dict[str, float]:
    """From when and until when the regulator may be addressed (docs/reference/domain.md §3)."""
    return {
        "eligible_from": received_at + REGULATOR_AFTER_DAYS * _DAY,
        "charges_until": _months_later(received_at, _CHARGE_DISPUTE_MONTHS, zone),
        "others_until": _months_later(received_at, _OTHER_DISPUTE_MONTHS, zone),
    }


def regulator_deadlines(filed_at: float, zone: str) -> dict[str, float]:
    """By when the regulator must respond to a complaint that was filed there at ``filed_at``."""
    return {
        "decides_by": after_working_days(filed_at, REGULATOR_DECISION_WORKING_DAYS, zone).at,
        "answers_by": filed_at + REGULATOR_ANSWER_DAYS * _DAY,
    }


def _months_later(start: float, months: int, zone: str) -> float:
    """The same day of the month that many months later, or the last day of a shorter month."""
    begin = datetime.fromtimestamp(start, ZoneInfo(zone))
    years, month = divmod(begin.month - 1 + months, 12)
    for day in range(begin.day, begin.day - 4, -1):
        try:
            return begin.replace(year=begin.year + years, month=month + 1, day=day).timestamp()
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
