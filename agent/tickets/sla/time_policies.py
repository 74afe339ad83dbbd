"""What the passing of time does to an open ticket: warnings, breaches, severe faults, waivers.

Pure: a ticket, the policy and the time give a change or none. Every warning is recorded with the
ticket, so that it is given once (docs/reference/domain.md §3).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from agent.complaints.complaint import first_times, severe_by_complaints
from agent.config.service import Step
from agent.states import Grade, Stage
from agent.tickets.changes import AGENT, ESCALATED, UPDATED, Change, changed, moment, span
from agent.tickets.dispatch.movement import NUDGED, Reminder, last_movement, reminders_due
from agent.tickets.forms import Waiver
from agent.tickets.lifecycle import RECOVERED, needs_confirmation
from agent.tickets.policy import TicketPolicy, regraded
from agent.tickets.sla.clocks import Reading, readings
from agent.tickets.sla.severe_fault import (
    customers_responsibility,
    declare,
    exclude,
    is_severe_by_time,
)
from agent.tickets.ticket import Entry, Ticket, Warned

_BREACH = 100
"""Percentage of the allowed time from which a clock is breached."""


@dataclass
class _Draft:
    """One ticket while the policies are applied to it, one after the other."""

    ticket: Ticket
    policy: TicketPolicy
    now: float
    entries: list[Entry] = field(default_factory=list)
    escalates: bool = False
    sinks: set[str] = field(default_factory=set)
    to_every_sink: bool = False

    def record(self, event: str, reason: str) -> None:
        self.entries.append(Entry(self.now, AGENT, event, reason))

    def escalate(self, sinks: list[str]) -> None:
        """Escalates to ``sinks``; an empty list stands for every sink."""
        self.escalates = True
        self.sinks |= set(sinks)
        self.to_every_sink |= not sinks


def apply_time_policies(
    ticket: Ticket, policy: TicketPolicy, now: float, grade: Grade | None = None
) -> Change | None:
    """The change that the time ``now`` makes of an open ticket; ``None`` where there is none.

    ``grade`` is the grade that the newest facts give the number, where they give one.
    """
    draft = _Draft(ticket, policy, now)
    # The grade comes first: the clocks are read with what the new grade is promised.
    _apply_grade(draft, grade)
    if ticket.stage is not Stage.SUPPRESSED:
        _warn_of_deadlines(draft)
        _classify_severity(draft)
        _remind(draft)
    _waive_confirmation(draft)
    if not draft.entries:
        return None
    kind = ESCALATED if draft.escalates else UPDATED
    if ticket.stage is Stage.SUPPRESSED:
        kind = ""
    is_limited = draft.escalates and not draft.to_every_sink
    escalated_to = frozenset(draft.sinks) if is_limited else None
    return changed(ticket, draft.ticket, draft.entries, kind, now, escalated_to)


def _apply_grade(draft: _Draft, grade: Grade | None) -> None:
    ticket = draft.ticket
    if grade is None or grade is ticket.grade or ticket.graded_by:
        return
    draft.ticket = regraded(ticket, grade, draft.policy, draft.now)
    draft.record("grade_changed", f"the number is now of grade {grade}, it was {ticket.grade}")


def _warn_of_deadlines(draft: _Draft) -> None:
    # Looked up in the ticket, not by time: a machine's clock that is set back repeats no warning.
    recorded = {(it.clock, it.grade, it.percent) for it in draft.ticket.warned}
    for reading in readings(draft.ticket.clocks, draft.now):
        if reading.stopped_at is not None:
            continue
        due = [
            percent
            for percent in draft.policy.warnings
            if percent <= reading.percent and (reading.name, reading.grade, percent) not in recorded
        ]
        if due:
            _warn(draft, reading, due)


def _warn(draft: _Draft, reading: Reading, due: list[int]) -> None:
    """One timeline entry for all percentages passed since the last look."""
    warned = tuple(Warned(reading.name, reading.grade, it, draft.now) for it in due)
    draft.ticket = replace(draft.ticket, warned=(*draft.ticket.warned, *warned))
    steps = [step for percent in due for step in _steps(draft.policy, reading, percent)]
    for step in steps:
        draft.escalate(step.sinks)
    is_breach = max(due) >= _BREACH
    if is_breach and not any(step.percent >= _BREACH for step in draft.policy.ladder):
        draft.escalate([])
    names = sorted({name for step in steps for name in _contacts(draft.policy, step)})
    notify = f"; notify {', '.join(names)}" if names else ""
    event = "sla_breached" if is_breach else "sla_warning"
    draft.record(event, _reason(draft, reading, max(due)) + notify)


def _steps(policy: TicketPolicy, reading: Reading, percent: int) -> Iterator[Step]:
    for step in policy.ladder:
        fits = not step.grades or reading.grade in step.grades
        if step.percent == percent and fits and (not step.clocks or reading.name in step.clocks):
            yield step


def _contacts(policy: TicketPolicy, step: Step) -> Iterator[str]:
    for party in step.contacts:
        name = policy.contacts.get(party, "")
        yield f"{party} ({name})" if name else str(party)


def _reason(draft: _Draft, reading: Reading, percent: int) -> str:
    due = "" if reading.deadline is None else moment(reading.deadline, draft.policy.zone)
    allowed = span(reading.allowed)
    if percent >= _BREACH:
        late = f"{span(reading.remaining)} late" if reading.breached else "now"
        return f"{reading.name} ({reading.grade}, {allowed}) was due {due}, {late}"
    left = span(reading.remaining)
    return (
        f"{reading.name} ({reading.grade}): {percent} % of {allowed} used, {left} left, due {due}"
    )


def _classify_severity(draft: _Draft) -> None:
    ticket, severe = draft.ticket, draft.ticket.severe
    customers = customers_responsibility(ticket)
    if severe is None:
        reason = "" if customers or ticket.stage in RECOVERED else _severe_reason(draft)
        if reason:
            _declare_severe(draft, reason)
    elif customers != severe.excluded:
        draft.ticket = exclude(ticket, customers)
        if customers:
            draft.record("severe_excluded", f"not scored as a severe fault: {customers}")
        else:
            draft.record("severe_counted", "the responsibility is not the customer's any more")


def _severe_reason(draft: _Draft) -> str:
    """Why the fault has become a severe one; empty while it has not."""
    ticket, now = draft.ticket, draft.now
    after = draft.policy.severe.after
    if is_severe_by_time(ticket, after, draft.policy.elapsed(ticket.started_at, now)):
        return f"a severe fault: unusable for more than {span(after)}"
    times = first_times(ticket.complaints)
    since = severe_by_complaints(times)
    if since is not None and since <= now:
        return f"a severe fault: {len(times)} callers complained, and it goes on"
    return ""


def _declare_severe(draft: _Draft, reason: str) -> None:
    severe = draft.policy.severe
    draft.ticket = declare(draft.ticket, reason, draft.now)
    draft.escalate(severe.sinks)
    step = Step(percent=_BREACH, contacts=severe.contacts)
    names = ", ".join(_contacts(draft.policy, step))
    draft.record("severe_fault", f"{reason}{f'; notify {names}' if names else ''}")


def _remind(draft: _Draft) -> None:
    """Records the reminders that are due; who gets them is decided where people are told."""
    ticket, policy = draft.ticket, draft.policy
    unmoved = policy.elapsed(last_movement(ticket), draft.now)
    for it in reminders_due(ticket, policy.dispatch, unmoved, draft.now):
        draft.record(it.event, _reminder(it, ticket, policy))


def _reminder(reminder: Reminder, ticket: Ticket, policy: TicketPolicy) -> str:
    if reminder.event == NUDGED:
        count = f"reminder {reminder.step} of {policy.dispatch.steps}"
        return f"nothing has moved for {span(reminder.after)}; {count}"
    at = "" if ticket.appointment is None else moment(ticket.appointment, policy.zone)
    return f"the visit agreed for {at} is in {span(reminder.after)}"


def _waive_confirmation(draft: _Draft) -> None:
    ticket, policy = draft.ticket, draft.policy
    wait, restored_at = policy.waive_after, ticket.restored_at
    if wait is None or restored_at is None or ticket.stage not in RECOVERED:
        return
    is_early = policy.elapsed(restored_at, draft.now) < wait
    if is_early or not needs_confirmation(ticket, policy.confirmation):
        return
    reason = f"nobody objected within {span(wait)} of the restoration"
    draft.ticket = replace(ticket, waiver=Waiver(draft.now, AGENT, reason))
    draft.record("waive", reason)
