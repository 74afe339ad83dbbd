"""Decisions carried out: from a ticket to the next one, and what the sinks are to hear."""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby

import msgspec
from msgspec.structs import replace

from agent.model import Verdict
from agent.states import ClockName, Severity, Stage
from agent.tickets.decide.decision import QUIET, Decision, Transition
from agent.tickets.decide.faults import WORST_FIRST, Fault
from agent.tickets.key import ticket_id
from agent.tickets.lifecycle import RECOVERED, Guard, require
from agent.tickets.number_details import Particulars
from agent.tickets.policy import DEFAULTS
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import Terms
from agent.tickets.ticket import Entry, Member, Progress, Text, Ticket

AGENT = "numwatch"
"""The actor of everything the agent does by itself."""

_MEMBERSHIP = frozenset({Transition.JOIN, Transition.LEAVE})
_NAMED = 5

OPENED = "ticket.opened"
UPDATED = "ticket.updated"
ESCALATED = "ticket.escalated"
RESOLVED = "ticket.resolved"
CLOSED = "ticket.closed"
REOPENED = "ticket.reopened"


class Change(msgspec.Struct, frozen=True):
    """One step of a ticket: written whole or not at all."""

    before: Ticket | None
    after: Ticket
    kind: str
    """The webhook's type; empty when the sinks hear nothing of it."""
    escalated_to: frozenset[str] | None = None
    """The sinks an escalation is for, the others hear of an update; ``None`` is all."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The timeline's new lines."""
        return self.after.timeline[len(self.before.timeline) if self.before else 0 :]


class Opening(msgspec.Struct, frozen=True):
    """What a ticket that is opened or reopened starts with."""

    particulars: Particulars
    text: Text
    verdict: Verdict | None
    terms: Terms | None = None
    """What the grade is promised; ``None`` is what it is promised by default."""


def open_ticket(
    decision: Decision, fault: Fault, previous: Ticket | None, opening: Opening, now: float
) -> Change:
    """A new episode: detected, and under diagnosis as soon as there is a verdict."""
    episode = previous.episode + 1 if previous else 1
    grade = opening.particulars.grade
    terms = opening.terms or DEFAULTS[grade]
    ticket = Ticket(
        id=ticket_id(fault.key, episode),
        key=fault.key,
        episode=episode,
        subject=fault.subject,
        stage=Stage.DETECTED,
        severity=fault.severity,
        grade=grade,
        started_at=min(fault.since, now),
        detected_at=now,
        alerts=fault.names,
        company=opening.particulars.company,
        carrier=opening.particulars.carrier or fault.subject.carrier,
        clocks=clocks.start(grade, terms, _alarmed_at(fault, now)),
        previous=previous.id if previous else "",
        changed_at=now,
        timeline=(Entry(now, AGENT, "opened", decision.reason),),
    )
    return Change(None, _diagnosed(ticket, opening, now), OPENED)


def _alarmed_at(fault: Fault, now: float) -> float:
    """When the first alarm was raised: clocks run from there (domain.md §3)."""
    return min([now, *(it.fired_at for it in fault.alerts if it.fired_at is not None)])


def reopen_ticket(
    decision: Decision, fault: Fault, closed: Ticket, opening: Opening, now: float
) -> Change:
    """The same episode again: it broke anew before the reopen window had passed."""
    stage = require(closed.stage, Stage.REOPENED, frozenset({Guard.WITHIN_REOPEN_WINDOW}))
    ticket = replace(
        begin_again(closed, now),
        stage=stage,
        severity=fault.severity,
        alerts=fault.names,
        progress=Progress(),
        parent="",
        revision=closed.revision + 1,
        changed_at=now,
        timeline=(*closed.timeline, Entry(now, AGENT, "reopened", decision.reason)),
    )
    return Change(closed, _diagnosed(ticket, opening, now), REOPENED)


def begin_again(ticket: Ticket, now: float) -> Ticket:
    """The ticket as though it had never been restored or closed; its clocks ran all along.

    A contact or an arrival that really was stays; only what the restoration stopped runs on.
    """
    over = ticket.restored_at if ticket.restored_at is not None else ticket.closed_at
    stops = {name: clocks.stopped_at(ticket.clocks, name) for name in ClockName}
    by_restoration = [
        name
        for name, at in stops.items()
        if name is ClockName.RESTORE or (at is not None and over is not None and at >= over)
    ]
    return replace(
        ticket,
        clocks=clocks.void(ticket.clocks, now, *by_restoration),
        outcome="",
        restored_at=None,
        closed_at=None,
        resolution="",
        closed_by="",
        muted=False,
        confirmation=None,
        waiver=None,
    )


def in_one(begun: Change, more: list[Change]) -> list[Change]:
    """What a ticket begins with and its first members, as one step: nobody hears of it twice."""
    if len(more) != 1 or not more[0].kind:
        return [begun, *more]
    whole = replace(more[0].after, revision=begun.after.revision)
    return [Change(begun.before, whole, begun.kind)]


def _diagnosed(ticket: Ticket, opening: Opening, now: float) -> Ticket:
    ticket = replace(ticket, text=opening.text)
    verdict = opening.verdict
    if verdict is None:
        return ticket
    stage = require(ticket.stage, Stage.DIAGNOSING, frozenset({Guard.REASON_GIVEN}))
    reason = _told(verdict)
    return replace(
        ticket,
        stage=stage,
        diagnosis=verdict,
        diagnosed_at=now,
        timeline=(*ticket.timeline, Entry(now, AGENT, "diagnosed", reason)),
    )


def _told(verdict: Verdict) -> str:
    return f"{verdict.cause}, for {verdict.party}, confidence {verdict.confidence:.2f}"


def carry_out(ticket: Ticket, decisions: list[Decision], now: float) -> list[Change]:
    """The steps that ``decisions`` on one open ticket make, in order.

    What only updates is folded into one step; restoring and closing are steps of their own.
    Quiet counting that comes alone makes a step without revision, entry or message.
    """
    changes: list[Change] = []
    folded: list[Decision] = []
    for decision in decisions:
        if decision.action in (Transition.RESTORE, Transition.CLOSE):
            ticket = _folded(changes, ticket, folded, now)
            folded = []
            ticket = _folded(changes, ticket, [decision], now)
        else:
            folded.append(decision)
    _folded(changes, ticket, folded, now)
    return changes


def _folded(changes: list[Change], ticket: Ticket, decisions: list[Decision], now: float) -> Ticket:
    if not decisions:
        return ticket
    after = _membership(ticket, decisions, now)
    for decision in decisions:
        if decision.action not in _MEMBERSHIP:
            after = _EFFECTS[decision.action](after, decision, now)
    loud = [decision for decision in decisions if decision.action not in QUIET]
    if not loud:
        changes.append(Change(ticket, after, ""))
        return after
    lines = tuple(_lines(loud, now))
    after = replace(
        after, revision=ticket.revision + 1, changed_at=now, timeline=(*after.timeline, *lines)
    )
    changes.append(Change(ticket, after, _kind(ticket, after, loud)))
    return after


def _lines(decisions: list[Decision], now: float) -> Iterator[Entry]:
    """A line for each decision, but one for all who join and one for all who leave."""
    for action, alike in groupby(sorted(decisions, key=_line_order), key=_line_order):
        told = list(alike)
        if action in _MEMBERSHIP and len(told) > 1:
            yield Entry(now, AGENT, _EVENTS[told[0].action], _counted(told))
        else:
            yield from (Entry(now, AGENT, _EVENTS[one.action], one.reason) for one in told)


def _line_order(decision: Decision) -> str:
    return decision.action if decision.action in _MEMBERSHIP else ""


def _counted(decisions: list[Decision]) -> str:
    named = [one.member.number or one.member.account for one in decisions if one.member][:_NAMED]
    more = len(decisions) - len(named)
    return f"{', '.join(named)}{f' and {more} more' if more else ''}: {decisions[0].reason}"


def _kind(before: Ticket, after: Ticket, decisions: list[Decision]) -> str:
    """What the sinks hear. A suppressed or muted ticket tells them of its end and no more."""
    if not before.open:
        return ""
    if after.stage is Stage.RESTORED:
        return RESOLVED
    if after.stage is Stage.CLOSED:
        return CLOSED
    if before.stage is Stage.SUPPRESSED and after.stage is Stage.SUPPRESSED:
        return ""
    raised = _rank(after.severity) < _rank(before.severity)
    escalates = raised and any(one.action is Transition.SEVERITY for one in decisions)
    return heard(before, ESCALATED if escalates else UPDATED, after.changed_at)


def heard(before: Ticket, kind: str, now: float) -> str:
    """``kind``, or nothing where the ticket was muted before and this can be kept quiet."""
    muted = before.muted_until is not None and now < before.muted_until
    return "" if muted and kind in (UPDATED, ESCALATED) else kind


def _rank(severity: Severity) -> int:
    return WORST_FIRST.index(severity)


def _keep_count(ticket: Ticket, decision: Decision, _now: float) -> Ticket:
    return replace(ticket, progress=decision.progress or Progress())


def _severity(ticket: Ticket, decision: Decision, _now: float) -> Ticket:
    assert decision.severity is not None
    alerts = decision.fault.names if decision.fault else ticket.alerts
    text = decision.text or ticket.text
    return replace(ticket, severity=decision.severity, alerts=alerts, text=text)


def _diagnosis(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    stage = ticket.stage
    if stage in (Stage.DETECTED, Stage.REOPENED):
        stage = require(stage, Stage.DIAGNOSING, frozenset({Guard.REASON_GIVEN}))
    return replace(
        ticket,
        stage=stage,
        diagnosis=decision.verdict,
        diagnosed_at=now,
        text=decision.text or ticket.text,
    )


def _membership(ticket: Ticket, decisions: list[Decision], now: float) -> Ticket:
    """All who join and leave in one go: a storm has thousands of them."""
    leaving = {one.member_key: one.left_for for one in decisions if one.action is Transition.LEAVE}
    joining = [
        Member(one.member_key, one.member, joined_at=now)
        for one in decisions
        if one.action is Transition.JOIN and one.member is not None
    ]
    if not leaving and not joining:
        return ticket
    stayed = (
        replace(member, left_at=now, left_for=leaving[member.key])
        if member.key in leaving and member.left_at is None
        else member
        for member in ticket.members
    )
    return replace(ticket, members=(*stayed, *joining))


def _suppress(ticket: Ticket, decision: Decision, _now: float) -> Ticket:
    stage = require(ticket.stage, Stage.SUPPRESSED, frozenset({Guard.PARENT_OPEN}))
    return replace(ticket, stage=stage, parent=decision.parent)


def _release(ticket: Ticket, _decision: Decision, _now: float) -> Ticket:
    stage = require(ticket.stage, Stage.DIAGNOSING, frozenset({Guard.REASON_GIVEN}))
    return replace(ticket, stage=stage, parent="")


def _blind(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    stage = ticket.stage
    if stage is Stage.OBSERVING:
        stage = require(stage, Stage.DIAGNOSING, frozenset({Guard.REASON_GIVEN}))
    return _keep_count(replace(ticket, stage=stage), decision, now)


def _rearm(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    if ticket.stage in RECOVERED:
        stage = require(ticket.stage, Stage.DIAGNOSING, frozenset({Guard.REASON_GIVEN}))
        ticket = replace(begin_again(ticket, now), stage=stage)
    return _blind(ticket, decision, now)


def _observe(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    stage = require(ticket.stage, Stage.OBSERVING, frozenset({Guard.RECOVERY_VERIFIED}))
    return _keep_count(replace(ticket, stage=stage), decision, now)


def _restore(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    stage = require(ticket.stage, Stage.RESTORED, frozenset({Guard.RECOVERY_HELD}))
    ticket = _keep_count(replace(ticket, stage=stage), decision, now)
    since = now if ticket.progress.good_since is None else ticket.progress.good_since
    return replace(
        ticket, outcome="restored", restored_at=since, clocks=clocks.stop(ticket.clocks, since)
    )


def _close(ticket: Ticket, _decision: Decision, now: float) -> Ticket:
    # Whether it is answered for was looked at where the decision was taken.
    holds = frozenset({Guard.RECOVERY_HELD, Guard.ANSWERED})
    return ended(replace(ticket, stage=require(ticket.stage, Stage.CLOSED, holds)), now)


def _end(ticket: Ticket, decision: Decision, now: float) -> Ticket:
    stage = require(ticket.stage, Stage.CLOSED, frozenset({Guard.NOTHING_LEFT}))
    told = decision.resolution.value
    return ended(replace(ticket, stage=stage, resolution=told, outcome=told), now)


def _mute(ticket: Ticket, _decision: Decision, _now: float) -> Ticket:
    return replace(ticket, muted=True, progress=Progress())


def _unmute(ticket: Ticket, _decision: Decision, _now: float) -> Ticket:
    return replace(ticket, muted=False)


def ended(ticket: Ticket, now: float) -> Ticket:
    """The ticket, standing no more: its members have left and its clocks have stopped."""
    members = tuple(
        replace(member, left_at=now, left_for="closed") if member.left_at is None else member
        for member in ticket.members
    )
    return replace(ticket, closed_at=now, members=members, clocks=clocks.stop(ticket.clocks, now))


_EFFECTS: Mapping[Transition, Callable[[Ticket, Decision, float], Ticket]] = {
    Transition.PROGRESS: _keep_count,
    Transition.SEVERITY: _severity,
    Transition.DIAGNOSIS: _diagnosis,
    Transition.SUPPRESS: _suppress,
    Transition.RELEASE: _release,
    Transition.BLIND: _blind,
    Transition.REARM: _rearm,
    Transition.OBSERVE: _observe,
    Transition.RESTORE: _restore,
    Transition.CLOSE: _close,
    Transition.MISS: _blind,
    Transition.END: _end,
    Transition.MUTE: _mute,
    Transition.UNMUTE: _unmute,
}
"""What each action does to an open ticket."""

_EVENTS: Mapping[Transition, str] = {
    Transition.SEVERITY: "severity_changed",
    Transition.DIAGNOSIS: "diagnosis_revised",
    Transition.JOIN: "member_joined",
    Transition.LEAVE: "member_left",
    Transition.SUPPRESS: "suppressed",
    Transition.RELEASE: "released",
    Transition.BLIND: "data_stopped",
    Transition.REARM: "flapped",
    Transition.OBSERVE: "recovery_seen",
    Transition.RESTORE: "restored",
    Transition.CLOSE: "closed",
    Transition.MISS: "gone",
    Transition.END: "closed",
    Transition.MUTE: "muted",
    Transition.UNMUTE: "mute_ended",
}
"""How the timeline calls each action."""
