"""The settings that people's acts and the passing of time go by."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import msgspec

from agent.config.service import Promise, SevereFault, Step, WorkingTime
from agent.config.settings import Settings
from agent.states import Grade, Party
from agent.tickets.sla.clocks import PauseReason, Terms
from agent.tickets.sla.working_time import WorkCalendar


class TicketPolicy(msgspec.Struct, frozen=True):
    """How tickets are handled; times in seconds."""

    terms: Mapping[Grade, Terms]
    pause_reasons: frozenset[PauseReason]
    confirmation: frozenset[Grade]
    waive_after: float | None
    warnings: tuple[int, ...]
    ladder: tuple[Step, ...]
    severe: SevereFault
    contacts: Mapping[Party, str]
    zone: ZoneInfo


def ticket_policy_of(settings: Settings) -> TicketPolicy:
    """What the configuration says of it."""
    levels = settings.tickets.sla
    return TicketPolicy(
        terms=terms_of(settings),
        pause_reasons=frozenset(PauseReason(name) for name in levels.pause_reasons),
        confirmation=frozenset(settings.tickets.confirmation.grades),
        waive_after=settings.tickets.confirmation.waive_after,
        warnings=tuple(sorted(set(levels.warnings) | {step.percent for step in levels.ladder})),
        ladder=tuple(levels.ladder),
        severe=levels.severe,
        contacts={party: contact.name for party, contact in settings.contacts.items()},
        zone=ZoneInfo(settings.timezone),
    )


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
