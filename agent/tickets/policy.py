"""The settings that actions and time policies depend on: promises, pauses, warnings, contacts."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from agent.clock import LEAST_STEP, ClockSettings, in_present_time
from agent.config.dispatch import Dispatch
from agent.config.service import Promise, SevereFault, Step, WorkingTime
from agent.config.settings import Settings
from agent.states import Grade, Party
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import PauseReason, Terms
from agent.tickets.sla.kinds import Kind, kind_of, terms_for
from agent.tickets.sla.working_time import WorkCalendar
from agent.tickets.ticket import Ticket

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
"""What a grade is promised by default (docs/reference/domain.md §3)."""


class TicketPolicy(msgspec.Struct, frozen=True):
    """How tickets are handled; times in seconds."""

    terms: Mapping[Grade, Terms]
    pause_reasons: frozenset[PauseReason]
    confirmation: frozenset[Grade]
    """Grades whose tickets close only after a confirmation or a waiver."""
    waive_after: float | None
    """After how long without an objection the agent waives; ``None`` is never."""
    warnings: tuple[int, ...]
    """Percentages of the allowed time, ascending."""
    ladder: tuple[Step, ...]
    severe: SevereFault
    contacts: Mapping[Party, str]
    zone: ZoneInfo
    dispatch: Dispatch = Dispatch()
    """How the work is followed up."""
    joint_test_callers: tuple[str, ...] = ()
    """Who calls the number of a ticket for its joint test."""
    clock_settings: ClockSettings = ()
    """When the clock was set while the agent ran."""

    def elapsed(self, at: float, now: float) -> float:
        """Seconds that have passed at ``now`` since the recorded time ``at``."""
        return now - in_present_time(at, self.clock_settings, now)

    def resumed(self, ticket: Ticket, now: float) -> Ticket:
        """The ended ``ticket``, about to be reopened, with how the clock was set since it ended."""
        if ticket.closed_at is None:
            return ticket
        step = in_present_time(ticket.closed_at, self.clock_settings, now) - ticket.closed_at
        if abs(step) < LEAST_STEP:
            return ticket
        return replace(ticket, clocks=clocks.clock_was_set(ticket.clocks, step, now))


def ticket_policy_of(settings: Settings, clock_settings: ClockSettings = ()) -> TicketPolicy:
    """The policy that the configuration sets, under a clock that was set as given."""
    levels = settings.tickets.sla
    return TicketPolicy(
        terms=_terms_of(settings),
        pause_reasons=frozenset(PauseReason(name) for name in levels.pause_reasons),
        confirmation=frozenset(settings.tickets.confirmation.grades),
        waive_after=settings.tickets.confirmation.waive_after,
        warnings=tuple(sorted(set(levels.warnings) | {step.percent for step in levels.ladder})),
        ladder=tuple(levels.ladder),
        severe=levels.severe,
        contacts={party: contact.name for party, contact in settings.contacts.items()},
        zone=ZoneInfo(settings.timezone),
        dispatch=settings.dispatch,
        joint_test_callers=tuple(settings.dial.joint_test.callers),
        clock_settings=clock_settings,
    )


def regraded(ticket: Ticket, grade: Grade, policy: TicketPolicy, now: float) -> Ticket:
    """The ticket with another grade; time that has counted on its clocks stays counted."""
    terms = terms_for(ticket.subject, ticket.severity, policy.terms[grade])
    first = ticket.clocks[0].terms if ticket.clocks else None
    if first is not None and kind_of(ticket.subject, ticket.severity) is Kind.RENEWAL:
        # Whoever the customer is, the contract ends on its date.
        terms = first
    events = clocks.regrade(ticket.clocks, grade, terms, now)
    return replace(ticket, grade=grade, clocks=events)


def _terms_of(settings: Settings) -> dict[Grade, Terms]:
    levels = settings.tickets.sla
    calendar = calendar_of(levels.working_time, settings.timezone)
    return {grade: _terms(grade, levels.grades.get(grade), calendar) for grade in Grade}


def _terms(grade: Grade, promise: Promise | None, calendar: WorkCalendar) -> Terms:
    """The configured promise; keys that are not set keep the grade's default."""
    default = DEFAULTS[grade]
    if promise is None:
        return default
    allowed = {
        name: getattr(promise if name in promise.model_fields_set else default, name)
        for name in ("contact", "on_site", "restore")
    }
    return Terms(**allowed, calendar=calendar if promise.working_time else None)


def calendar_of(section: WorkingTime, zone: str) -> WorkCalendar:
    """The calendar that the configuration's section describes, in ``zone``."""
    return WorkCalendar(
        zone=zone,
        weekdays=tuple(_DAYS.index(day) for day in section.days),
        hours=tuple(sorted(_stretch(hours) for hours in section.hours)),
        chinese=section.chinese_holidays,
        holidays=frozenset(section.holidays),
        workdays=frozenset(section.workdays),
    )


def _stretch(hours: str) -> tuple[int, int]:
    start, _, end = hours.partition("-")
    return _minutes(start), _minutes(end)


def _minutes(time: str) -> int:
    hour, _, minute = time.partition(":")
    return int(hour) * _MINUTES_AN_HOUR + int(minute)
