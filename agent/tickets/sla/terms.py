"""What each grade is promised, from the configuration (domain.md §3)."""

from collections.abc import Mapping

from agent.config.service import Promise, WorkingTime
from agent.config.settings import Settings
from agent.states import Grade
from agent.tickets.sla.clocks import Terms
from agent.tickets.sla.working_time import WorkCalendar

_MINUTE = 60.0
_HOUR = 3600.0
_MINUTES_AN_HOUR = 60
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

DEFAULTS: Mapping[Grade, Terms] = {
    Grade.AAA: Terms(contact=15 * _MINUTE, on_site=1 * _HOUR, restore=2 * _HOUR),
    Grade.AA: Terms(contact=30 * _MINUTE, on_site=2 * _HOUR, restore=4 * _HOUR),
    Grade.A: Terms(),
    Grade.STANDARD: Terms(),
}
"""What a grade is promised where the configuration says nothing of it."""


def terms_of(settings: Settings) -> dict[Grade, Terms]:
    """What every grade is promised: the configuration's words over the defaults, key by key."""
    levels = settings.tickets.sla
    calendar = calendar_of(levels.working_time, settings.timezone)
    return {grade: _terms(grade, levels.grades.get(grade), calendar) for grade in Grade}


def _terms(grade: Grade, promise: Promise | None, calendar: WorkCalendar) -> Terms:
    default = DEFAULTS[grade]
    if promise is None:
        return default
    told = {
        name: getattr(promise if name in promise.model_fields_set else default, name)
        for name in ("contact", "on_site", "restore")
    }
    return Terms(**told, calendar=calendar if promise.working_time else None)


def calendar_of(written: WorkingTime, zone: str) -> WorkCalendar:
    """The calendar that the configuration describes, in ``zone``."""
    return WorkCalendar(
        zone=zone,
        weekdays=tuple(_DAYS.index(day) for day in written.days),
        hours=tuple(sorted(_stretch(hours) for hours in written.hours)),
        chinese=written.chinese_holidays,
        holidays=frozenset(written.holidays),
        workdays=frozenset(written.workdays),
    )


def _stretch(hours: str) -> tuple[int, int]:
    start, _, end = hours.partition("-")
    return _minutes(start), _minutes(end)


def _minutes(time: str) -> int:
    hour, _, minute = time.partition(":")
    return int(hour) * _MINUTES_AN_HOUR + int(minute)
