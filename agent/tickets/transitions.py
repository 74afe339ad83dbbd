"""The agent's decisions carried out: from a ticket to its next revision.

One of the two ways to the table in ``agent/tickets/lifecycle.py``; the other is
``agent/tickets/actions/effects.py``. ``_SPECS`` says what each kind of decision does.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby

import msgspec
from msgspec.structs import replace

from agent.states import Cause, Severity, Stage
from agent.tickets.changes import (
    AGENT,
    CLOSED,
    ESCALATED,
    OPENED,
    REOPENED,
    RESOLVED,
    UPDATED,
    Change,
    changed,
)
from agent.tickets.decide.decision import QUIET, Decision, Transition
from agent.tickets.decide.faults import WORST_FIRST, Fault
from agent.tickets.key import ticket_id
from agent.tickets.lifecycle import INITIAL_STAGE, RECOVERED, Guard, advance, restored
from agent.tickets.lines import move_reason
from agent.tickets.number_details import Particulars
from agent.tickets.policy import DEFAULTS
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import Terms
from agent.tickets.sla.kinds import started
from agent.tickets.ticket import Entry, Member, Progress, Subject, Text, Ticket
from agent.verdict import Verdict

_REASON = frozenset({Guard.REASON_GIVEN})
_MEMBERSHIP = frozenset({Transition.JOIN, Transition.LEAVE})
_MOST_NAMES = 5
"""Members named in the one timeline entry for many that join or leave together."""


class Opening(msgspec.Struct, frozen=True):
    """What a ticket starts with when it is opened or reopened."""

    particulars: Particulars
    text: Text
    verdict: Verdict | None
    ledger_mark: str = ""
    """The mark of the ledger, a part of a new ticket's id."""
    terms: Terms | None = None
    """What is promised for the grade; ``None`` stands for the grade's default."""


def open_ticket(
    decision: Decision, fault: Fault, previous: Ticket | None, opening: Opening, now: float
) -> Change:
    """Opens the next episode of ``fault``; it is under diagnosis where there is a verdict."""
    episode = previous.episode + 1 if previous else 1
    grade = opening.particulars.grade
    terms = opening.terms or DEFAULTS[grade]
    ticket = Ticket(
        id=ticket_id(fault.key, episode, opening.ledger_mark),
        key=fault.key,
        episode=episode,
        subject=fault.subject,
        stage=INITIAL_STAGE,
        severity=fault.severity,
        grade=grade,
        started_at=min(fault.since, now),
        detected_at=now,
        alerts=fault.names,
        company=opening.particulars.company,
        carrier=opening.particulars.carrier or fault.subject.carrier,
        clocks=started(fault, grade, terms, now),
        previous=previous.id if previous else "",
        elsewhere=fault.elsewhere,
        changed_at=now,
        timeline=(Entry(now, AGENT, "opened", decision.reason),),
    )
    return Change(None, _diagnosed(ticket, opening, now), OPENED)


def reopen_ticket(
    decision: Decision, fault: Fault, closed: Ticket, opening: Opening, now: float
) -> Change:
    """Reopens the episode ``closed``, whose reopen window has not passed."""
    reopened = advance(closed, Stage.REOPENED, {Guard.WITHIN_REOPEN_WINDOW}, now)
    entries = [Entry(now, AGENT, "reopened", decision.reason)]
    if fault.subject != closed.subject:
        reason = move_reason(closed.subject, fault.subject)
        entries.append(Entry(now, AGENT, _EVENTS[Transition.MOVE], reason))
    ticket = replace(
        _moved(reopened, fault.subject, opening.particulars),
        elsewhere=fault.elsewhere,
        severity=fault.severity,
        alerts=fault.names,
        progress=Progress(),
        parent="",
        rule_gone="",
        timeline=(*closed.timeline, *entries),
    )
    return changed(closed, _diagnosed(ticket, opening, now), (), REOPENED, now)


def _diagnosed(ticket: Ticket, opening: Opening, now: float) -> Ticket:
    ticket = replace(ticket, text=opening.text)
    verdict = opening.verdict
    if verdict is None:
        return ticket
    reason = f"{verdict.cause}, for {verdict.party}, confidence {verdict.confidence:.2f}"
    return replace(
        advance(ticket, Stage.DIAGNOSING, _REASON, now),
        diagnosis=verdict,
        diagnosed_at=now,
        timeline=(*ticket.timeline, Entry(now, AGENT, "diagnosed", reason)),
    )


def merged(opening: Change, more: list[Change]) -> list[Change]:
    """Merges an opening with the step that adds its first members, so that it is delivered once."""
    if len(more) != 1 or not more[0].kind:
        return [opening, *more]
    whole = replace(more[0].after, revision=opening.after.revision)
    return [Change(opening.before, whole, opening.kind)]


def carry_out(ticket: Ticket, decisions: list[Decision], now: float) -> list[Change]:
    """The changes that ``decisions`` make of one ticket, in order.

    Updates are combined into one change; restoring and closing are changes of their own.
    Progress that comes alone makes a change without revision, timeline entry or delivery.
    """
    changes: list[Change] = []
    updates: list[Decision] = []
    for decision in decisions:
        if decision.transition in (Transition.RESTORE, Transition.CLOSE):
            ticket = _combined(changes, ticket, updates, now)
            updates = []
            ticket = _combined(changes, ticket, [decision], now)
        else:
            updates.append(decision)
    _combined(changes, ticket, updates, now)
    return changes


def _combined(
    changes: list[Change], ticket: Ticket, decisions: list[Decision], now: float
) -> Ticket:
    """Adds to ``changes`` the one that ``decisions`` make together; returns the ticket after it."""
    if not decisions:
        return ticket
    after = _with_membership(ticket, decisions, now)
    for decision in decisions:
        if decision.transition not in _MEMBERSHIP:
            after = _SPECS[decision.transition].effect(after, decision, now)
    recorded = [decision for decision in decisions if decision.transition not in QUIET]
    if recorded:
        kind = _kind(ticket, after, recorded)
        change = changed(ticket, after, _entries(recorded, now), kind, now)
    else:
        change = Change(ticket, after, "")
    changes.append(change)
    return change.after


def _entries(decisions: list[Decision], now: float) -> Iterator[Entry]:
    """An entry for each decision, but a single one for all who join, and one for all who leave."""
    for _order, group in groupby(sorted(decisions, key=_entry_order), key=_entry_order):
        alike = list(group)
        first = alike[0]
        if first.transition in _MEMBERSHIP and len(alike) > 1:
            yield Entry(now, AGENT, _EVENTS[first.transition], _names(alike))
        else:
            yield from (Entry(now, AGENT, _EVENTS[it.transition], it.reason) for it in alike)


def _entry_order(decision: Decision) -> str:
    return decision.transition if decision.transition in _MEMBERSHIP else ""


def _names(decisions: list[Decision]) -> str:
    members = [decision.member for decision in decisions if decision.member]
    names = [it.number or it.account or it.provider for it in members[:_MOST_NAMES]]
    more = len(decisions) - len(names)
    return f"{', '.join(names)}{f' and {more} more' if more else ''}: {decisions[0].reason}"


def _kind(before: Ticket, after: Ticket, decisions: list[Decision]) -> str:
    """What is delivered: of an ended ticket nothing, of a suppressed one its end alone."""
    if not before.open:
        return ""
    if after.stage is Stage.RESTORED:
        return RESOLVED
    if after.stage is Stage.CLOSED:
        return CLOSED
    if before.stage is Stage.SUPPRESSED and after.stage is Stage.SUPPRESSED:
        return ""
    is_raised = _rank(after.severity) < _rank(before.severity)
    escalates = is_raised and any(it.transition is Transition.SEVERITY for it in decisions)
    return ESCALATED if escalates or _has_become_a_fault(before, after) else UPDATED


def _has_become_a_fault(before: Ticket, after: Ticket) -> bool:
    """Whether the ticket was nobody's to work on, because nothing was broken, and now is.

    Whoever has put it aside as healthy must hear of the fault as they would of a new ticket.
    """
    healthy = Cause.HEALTHY
    was_healthy = before.diagnosis is not None and before.diagnosis.cause is healthy
    return was_healthy and after.diagnosis is not None and after.diagnosis.cause is not healthy


def _rank(severity: Severity) -> int:
    return WORST_FIRST.index(severity)


def _with_membership(ticket: Ticket, decisions: list[Decision], now: float) -> Ticket:
    """All members join and leave in one pass, because a root may have thousands of them."""
    leaving = {it.member_key: it.left_for for it in decisions if it.transition is Transition.LEAVE}
    joining = [
        Member(it.member_key, it.member, joined_at=now)
        for it in decisions
        if it.transition is Transition.JOIN and it.member is not None
    ]
    if not leaving and not joining:
        return ticket
    members = (
        replace(member, left_at=now, left_for=leaving[member.key])
        if member.key in leaving and member.left_at is None
        else member
        for member in ticket.members
    )
    return replace(ticket, members=(*members, *joining))


def _progress(ticket: Ticket, decision: Decision, _now: float) -> Ticket:
    return replace(ticket, progress=decision.progress or Progress())


def _severity(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    assert decision.severity is not None
    alerts = decision.fault.names if decision.fault else ticket.alerts
    text = decision.text or ticket.text
    if decision.terms is not None:
        # A notice has become an outage: its times start when that is known.
        ticket = replace(ticket, clocks=clocks.start(ticket.grade, decision.terms, now))
    if decision.verdict is not None:
        ticket = replace(ticket, diagnosis=decision.verdict, diagnosed_at=now)
    return replace(ticket, severity=decision.severity, alerts=alerts, text=text)


def _diagnosis(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    if ticket.stage in (Stage.DETECTED, Stage.REOPENED):
        ticket = advance(ticket, Stage.DIAGNOSING, _REASON, now)
    return replace(
        ticket,
        diagnosis=decision.verdict,
        diagnosed_at=now,
        text=decision.text or ticket.text,
    )


def _suppress(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    suppressed = advance(ticket, Stage.SUPPRESSED, {Guard.PARENT_OPEN}, now)
    return replace(suppressed, parent=decision.parent)


def _release(ticket: Ticket, _decision: Decision, now: float) -> Ticket:
    return replace(advance(ticket, Stage.DIAGNOSING, _REASON, now), parent="")


def _stop_observing(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    if ticket.stage is Stage.OBSERVING:
        ticket = advance(ticket, Stage.DIAGNOSING, _REASON, now)
    return _progress(ticket, decision, now)


def _rearm(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    if ticket.stage in RECOVERED:
        ticket = advance(ticket, Stage.DIAGNOSING, _REASON, now)
    return _stop_observing(ticket, decision, now)


def _unwatch(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    return replace(_stop_observing(ticket, decision, now), rule_gone=decision.rule)


def _watch(ticket: Ticket, _decision: Decision, _now: float) -> Ticket:
    return replace(ticket, rule_gone="")


def _move(ticket: Ticket, decision: Decision, _now: float) -> Ticket:
    (subject,) = decision.subjects
    # Facts of the account it left say nothing about the one it is at.
    progress = Progress(judged_until=ticket.progress.judged_until, flaps=ticket.progress.flaps)
    moved = _moved(ticket, subject, decision.particulars or Particulars())
    return replace(moved, progress=progress, text=decision.text or ticket.text)


def _moved(ticket: Ticket, subject: Subject, particulars: Particulars) -> Ticket:
    """``ticket`` with its number at the account of ``subject``."""
    is_ported = subject.provider != ticket.subject.provider
    return replace(
        ticket,
        subject=subject,
        elsewhere=tuple(it for it in ticket.elsewhere if it != subject),
        company=particulars.company or ticket.company,
        carrier=particulars.carrier or ticket.carrier,
        # The former provider's number means nothing to the new one; it is in the timeline.
        provider_ticket="" if is_ported else ticket.provider_ticket,
    )


def _also(ticket: Ticket, decision: Decision, _now: float) -> Ticket:
    return replace(ticket, elsewhere=decision.subjects)


def _observe(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    observed = advance(ticket, Stage.OBSERVING, {Guard.RECOVERY_VERIFIED}, now)
    return _progress(observed, decision, now)


def _restore(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    ticket = advance(ticket, Stage.RESTORED, {Guard.RECOVERY_HELD}, now)
    ticket = _progress(ticket, decision, now)
    since = ticket.progress.good_since
    return restored(ticket, now if since is None else since)


def _close(ticket: Ticket, _decision: Decision, now: float) -> Ticket:
    # Whether it is confirmed or waived was decided with needs_confirmation, on the same ticket.
    return advance(ticket, Stage.CLOSED, {Guard.RECOVERY_HELD, Guard.ANSWERED}, now)


def _end(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    resolution = decision.resolution.value
    ended = advance(ticket, Stage.CLOSED, {Guard.NOTHING_LEFT}, now)
    return replace(ended, resolution=resolution, outcome=resolution)


def _mute(ticket: Ticket, _decision: Decision, _now: float) -> Ticket:
    return replace(ticket, muted=True, progress=Progress())


def _unmute(ticket: Ticket, _decision: Decision, _now: float) -> Ticket:
    return replace(ticket, muted=False)


class _Spec(msgspec.Struct, frozen=True):
    """What one kind of decision does to a ticket, and its event in the timeline."""

    effect: Callable[[Ticket, Decision, float], Ticket]
    event: str = ""


_SPECS: Mapping[Transition, _Spec] = {
    Transition.PROGRESS: _Spec(_progress),
    Transition.SEVERITY: _Spec(_severity, "severity_changed"),
    Transition.DIAGNOSIS: _Spec(_diagnosis, "diagnosis_revised"),
    Transition.SUPPRESS: _Spec(_suppress, "suppressed"),
    Transition.RELEASE: _Spec(_release, "released"),
    Transition.BLIND: _Spec(_stop_observing, "data_stopped"),
    Transition.REARM: _Spec(_rearm, "flapped"),
    Transition.UNWATCH: _Spec(_unwatch, "rule_gone"),
    Transition.WATCH: _Spec(_watch, "watched_again"),
    Transition.MOVE: _Spec(_move, "moved"),
    Transition.ALSO: _Spec(_also, "also_reported"),
    Transition.OBSERVE: _Spec(_observe, "recovery_seen"),
    Transition.RESTORE: _Spec(_restore, "restored"),
    Transition.CLOSE: _Spec(_close, "closed"),
    Transition.MISS: _Spec(_stop_observing, "gone"),
    Transition.END: _Spec(_end, "closed"),
    Transition.MUTE: _Spec(_mute, "muted"),
    Transition.UNMUTE: _Spec(_unmute, "mute_ended"),
}
_EVENTS: Mapping[Transition, str] = {
    **{transition: spec.event for transition, spec in _SPECS.items()},
    Transition.JOIN: "member_joined",
    Transition.LEAVE: "member_left",
}
"""The timeline's event of every decision that is recorded."""
