"""What time does to a ticket by itself: warnings, breaches, severe faults, waivers.

Pure: a ticket, the settings and the time give the change, or none. What was told once is
recorded with the ticket and never told again (domain.md §3).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from agent.complaints.complaint import first_times, severe_by_complaints
from agent.config.service import Step
from agent.states import Grade, Stage
from agent.tickets import changes
from agent.tickets.actions.effects import regraded
from agent.tickets.changes import AGENT, Change, heard
from agent.tickets.decide.closing import needs_answer
from agent.tickets.forms import Waiver
from agent.tickets.lifecycle import RECOVERED
from agent.tickets.policy import TicketPolicy
from agent.tickets.sla.clocks import Reading, readings
from agent.tickets.sla.severe_fault import (
    customers_responsibility,
    declare,
    exclude,
    is_severe_by_time,
)
from agent.tickets.ticket import Entry, Ticket, Warned
from agent.tickets.times import moment, span

_BREACH = 100


@dataclass
class _Tending:
    """One ticket as it is being worked on."""

    ticket: Ticket
    handling: TicketPolicy
    now: float
    entries: list[Entry] = field(default_factory=list)
    escalates: bool = False
    sinks: set[str] = field(default_factory=set)
    everyone: bool = False
    """Whether an escalation is for every sink."""

    def tell(self, event: str, reason: str) -> None:
        self.entries.append(Entry(self.now, AGENT, event, reason))

    def escalate(self, sinks: list[str]) -> None:
        self.escalates = True
        self.sinks |= set(sinks)
        self.everyone |= not sinks


def apply_time_policies(
    ticket: Ticket, handling: TicketPolicy, now: float, grade: Grade | None = None
) -> Change | None:
    """What the passing of time makes of an open ticket; ``None`` where it makes nothing.

    ``grade`` is what the facts say the number's grade is now, where they say it.
    """
    tending = _Tending(ticket, handling, now)
    _look_at_grade(tending, grade)
    if ticket.stage is not Stage.SUPPRESSED:
        _look_at_clocks(tending)
        _look_at_severity(tending)
    _look_at_waiver(tending)
    if not tending.entries:
        return None
    after = replace(
        tending.ticket,
        revision=ticket.revision + 1,
        changed_at=now,
        timeline=(*ticket.timeline, *tending.entries),
    )
    kind = changes.ESCALATED if tending.escalates else changes.UPDATED
    if ticket.stage is Stage.SUPPRESSED:
        kind = ""
    to = None if tending.everyone or not tending.escalates else frozenset(tending.sinks)
    return Change(ticket, after, heard(ticket, kind, now), escalated_to=to)


def _look_at_grade(tending: _Tending, grade: Grade | None) -> None:
    ticket = tending.ticket
    if grade is None or grade is ticket.grade or ticket.graded_by:
        return
    tending.ticket = regraded(ticket, grade, tending.handling, tending.now)
    tending.tell("grade_changed", f"the number is now of grade {grade}, it was {ticket.grade}")


def _look_at_clocks(tending: _Tending) -> None:
    given = {(it.clock, it.grade, it.percent) for it in tending.ticket.warned}
    for reading in readings(tending.ticket.clocks, tending.now):
        if reading.stopped_at is not None:
            continue
        due = [
            percent
            for percent in tending.handling.warnings
            if percent <= reading.percent and (reading.name, reading.grade, percent) not in given
        ]
        if due:
            _warn(tending, reading, due)


def _warn(tending: _Tending, reading: Reading, due: list[int]) -> None:
    new = tuple(Warned(reading.name, reading.grade, it, tending.now) for it in due)
    tending.ticket = replace(tending.ticket, warned=(*tending.ticket.warned, *new))
    steps = [step for percent in due for step in _steps(tending.handling, reading, percent)]
    for step in steps:
        tending.escalate(step.sinks)
    breached = max(due) >= _BREACH
    if breached and not any(step.percent >= _BREACH for step in tending.handling.ladder):
        tending.escalate([])
    names = sorted({name for step in steps for name in _names(tending.handling, step)})
    told = _told(tending, reading, max(due)) + (f"; notify {', '.join(names)}" if names else "")
    tending.tell("sla_breached" if breached else "sla_warning", told)


def _steps(handling: TicketPolicy, reading: Reading, percent: int) -> Iterator[Step]:
    for step in handling.ladder:
        fits = not step.grades or reading.grade in step.grades
        if step.percent == percent and fits and (not step.clocks or reading.name in step.clocks):
            yield step


def _names(handling: TicketPolicy, step: Step) -> Iterator[str]:
    for party in step.contacts:
        name = handling.contacts.get(party, "")
        yield f"{party} ({name})" if name else str(party)


def _told(tending: _Tending, reading: Reading, percent: int) -> str:
    due = "" if reading.deadline is None else moment(reading.deadline, tending.handling.zone)
    allowed = span(reading.allowed)
    if percent >= _BREACH:
        late = f"{span(reading.remaining)} late" if reading.breached else "now"
        return f"{reading.name} ({reading.grade}, {allowed}) was due {due}, {late}"
    left = span(reading.remaining)
    return (
        f"{reading.name} ({reading.grade}): {percent} % of {allowed} used, {left} left, due {due}"
    )


def _look_at_severity(tending: _Tending) -> None:
    ticket, severe = tending.ticket, tending.ticket.severe
    customers = customers_responsibility(ticket)
    if severe is None:
        reason = "" if customers or ticket.stage in RECOVERED else _why_severe(tending)
        if reason:
            _declare(tending, reason)
    elif customers != severe.excluded:
        tending.ticket = exclude(ticket, customers)
        if customers:
            tending.tell("severe_excluded", f"not scored as a severe fault: {customers}")
        else:
            tending.tell("severe_counted", "the responsibility is not the customer's any more")


def _why_severe(tending: _Tending) -> str:
    ticket, now = tending.ticket, tending.now
    after = tending.handling.severe.after
    if is_severe_by_time(ticket, after, now):
        return f"a severe fault: unusable for more than {span(after)}"
    times = first_times(ticket.complaints)
    since = severe_by_complaints(times)
    if since is not None and since <= now:
        return f"a severe fault: {len(times)} callers complained, and it goes on"
    return ""


def _declare(tending: _Tending, reason: str) -> None:
    severe = tending.handling.severe
    tending.ticket = declare(tending.ticket, reason, tending.now)
    tending.escalate(severe.sinks)
    step = Step(percent=_BREACH, contacts=severe.contacts)
    names = ", ".join(_names(tending.handling, step))
    tending.tell("severe_fault", f"{reason}{f'; notify {names}' if names else ''}")


def _look_at_waiver(tending: _Tending) -> None:
    ticket, handling = tending.ticket, tending.handling
    wait, restored = handling.waive_after, ticket.restored_at
    if wait is None or restored is None or ticket.stage not in RECOVERED:
        return
    if not needs_answer(ticket, handling.confirmation) or tending.now - restored < wait:
        return
    reason = f"nobody objected within {span(wait)} of the restoration"
    tending.ticket = replace(ticket, waiver=Waiver(tending.now, AGENT, reason))
    tending.tell("waive", reason)
