"""The decisions of one round: pure, and every decision has a reason."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from agent.states import Scope, Stage
from agent.tickets.decide.common_cause import is_common
from agent.tickets.decide.correlation import Cause, Roots
from agent.tickets.decide.decision import (
    Assessment,
    Decision,
    DecisionPolicy,
    Finding,
    Transition,
)
from agent.tickets.decide.faults import WORST_FIRST, Fault
from agent.tickets.decide.hierarchy import AFTERMATH, WAITING, roots_above
from agent.tickets.decide.moves import on_line
from agent.tickets.decide.recovery import broken_again, contradicted, evaluate_recovery
from agent.tickets.decide.view import View
from agent.tickets.forms import MUTING, Resolution
from agent.tickets.lifecycle import RECOVERED
from agent.tickets.sla.severe_fault import at_least
from agent.tickets.ticket import OTHER_CAUSE, Member, Progress, Ticket

GONE = "gone"
RESTORED = "restored"
"""Why a member leaves the ticket of its root."""

_LONGEST_WAIT = 600.0
"""Seconds for which a fault may wait for the one that explains it."""
_WIDTHS = {scope: index for index, scope in enumerate(Scope)}
"""Scopes in the order of their width, the widest first."""


def decide(view: View, now: float) -> list[Decision]:
    """All decisions of one round; those about roots come before what the roots explain.

    The same view and time always give the same decisions.
    """
    without_alert = {
        ticket.key: list(_on_no_alert(ticket, view, now))
        for ticket in view.tickets.values()
        if ticket.key not in view.faults
    }
    # A ticket that closes in this round explains nothing any more: in the same round its members
    # are decided about on their own, or they would be without a ticket until the next one.
    remaining = {
        key: it for key, it in view.tickets.items() if not _ends(without_alert.get(key, ()))
    }
    roots = Roots(view.faults, remaining, view.traits)
    decisions: list[Decision] = []
    for fault in sorted(view.faults.values(), key=_width):
        decisions.extend(_on_fault(fault, roots, view, now))
    for ticket in remaining.values():
        decisions.extend(_on_members(ticket, view, roots))
        decisions.extend(_handed_over(ticket, view, roots))
        decisions.extend(_on_line(ticket, view))
    for group in without_alert.values():
        decisions.extend(group)
    for ticket in view.muted.values():
        decisions.extend(_on_muted(ticket, view, now))
    return decisions


def _on_line(ticket: Ticket, view: View) -> Iterator[Decision]:
    elsewhere = view.elsewhere.get(ticket.key, ticket.elsewhere)
    return on_line(ticket, view.moves.get(ticket.key), view.faults.get(ticket.key), elsewhere)


def _ends(decisions: Iterable[Decision]) -> bool:
    return any(decision.transition in (Transition.CLOSE, Transition.END) for decision in decisions)


def _width(fault: Fault) -> tuple[int, str]:
    return _WIDTHS[fault.subject.scope], fault.key


def _on_fault(fault: Fault, roots: Roots, view: View, now: float) -> Iterator[Decision]:
    if fault.key in view.muted:
        return
    own = view.tickets.get(fault.key)
    cause = roots.of(fault.key, fault.subject, fault.since)
    if cause is not None and own is None and cause.key not in view.tickets:
        # The cause is muted, was closed a moment ago, or opens in this round.
        yield from _join(fault, cause, roots)
    elif cause is not None and cause.key not in view.muted:
        yield from _join(fault, cause, roots)
        yield from _suppress(fault, own, cause)
    elif own is not None:
        yield from _on_lasting_fault(own, fault, view.policy, now)
    elif not _waits_for_its_root(fault, view, now) and not _lingers(fault, view, now):
        yield from _on_new_fault(fault, view.closed.get(fault.key), view.policy, now)


def _waits_for_its_root(fault: Fault, view: View, now: float) -> bool:
    """Whether the fault that explains this one is about to fire: its condition holds.

    Only news of a move waits, for which there is nothing to do, and not for long: the other
    condition may come and go.
    """
    if fault.subject.symptom not in WAITING or now - fault.since > _LONGEST_WAIT:
        return False
    return any(key in view.pending for key in roots_above(fault.subject))


def _lingers(fault: Fault, view: View, now: float) -> bool:
    """Whether the fault was explained by one that is over, and its rule still looks back at it."""
    aftermath = AFTERMATH.get(fault.subject.symptom)
    if aftermath is None:
        return False
    for key in roots_above(fault.subject):
        root = view.closed.get(key) or view.tickets.get(key)
        over_at = None if root is None else root.restored_at or root.progress.good_since
        if root is None or over_at is None or fault.since >= over_at:
            continue
        is_recent = view.policy.elapsed(over_at, now) < aftermath
        if is_recent and any(member.key == fault.key for member in root.members):
            return True
    return False


def _join(fault: Fault, cause: Cause, roots: Roots) -> Iterator[Decision]:
    if not roots.is_member(fault.key, cause.key):
        yield Decision(
            Transition.JOIN,
            cause.key,
            f"{fault.alerts[0].name} fires for it, explained by {_named(cause)}",
            member_key=fault.key,
            member=fault.subject,
        )


def _suppress(fault: Fault, own: Ticket | None, cause: Cause) -> Iterator[Decision]:
    if own is None:
        return
    yield from broken_again(own, f"{fault.alerts[0].name} fires")
    if own.stage is not Stage.SUPPRESSED:
        reason = f"explained by {_named(cause)}"
        yield Decision(Transition.SUPPRESS, own.key, reason, parent=cause.key)


def _named(cause: Cause) -> str:
    return f"{cause.subject.symptom} of the {cause.subject.scope}"


def _on_lasting_fault(
    ticket: Ticket, fault: Fault, policy: DecisionPolicy, now: float
) -> Iterator[Decision]:
    if ticket.stage is Stage.SUPPRESSED:
        yield Decision(Transition.RELEASE, ticket.key, "the wider fault is over, this one is not")
    fires = f"{fault.alerts[0].name} fires"
    if ticket.rule_gone and not is_common(ticket.subject):
        reason = f"{fires}, so the fault is watched again"
        yield Decision(Transition.WATCH, ticket.key, reason)
    yield from contradicted(ticket, fires, policy, now) or broken_again(ticket, fires)
    severity = at_least(ticket, fault.severity)
    if severity is not ticket.severity:
        worse = WORST_FIRST.index(severity) < WORST_FIRST.index(ticket.severity)
        direction = "raised" if worse else "lowered"
        reason = f"{direction} from {ticket.severity} to {severity}: {fault.alerts[0].name}"
        yield Decision(Transition.SEVERITY, ticket.key, reason, fault, severity=severity)


def _on_members(root: Ticket, view: View, roots: Roots) -> Iterator[Decision]:
    present = [member for member in root.members if member.left_at is None]
    gone = {it.key for it in present if _is_gone(it, view)}
    # Of which all are gone, the ticket is about nothing any more, and ends as gone itself.
    leaving = gone if len(gone) < len(present) else frozenset()
    for member in present:
        left_for, reason = _why_it_leaves(member, root, view, roots)
        if member.key in leaving:
            left_for, reason = GONE, view.evidence[member.key].reason
        if left_for:
            yield Decision(
                Transition.LEAVE,
                root.key,
                reason,
                member_key=member.key,
                member=member.subject,
                left_for=left_for,
            )


def _is_gone(member: Member, view: View) -> bool:
    assessment = view.evidence.get(member.key)
    return assessment is not None and assessment.finding is Finding.GONE


def _why_it_leaves(member: Member, root: Ticket, view: View, roots: Roots) -> tuple[str, str]:
    """Why ``member`` leaves the root's ticket, as a word and a reason; both empty if it stays."""
    fault = view.faults.get(member.key)
    if fault is not None:
        cause = roots.of(fault.key, fault.subject, fault.since)
        stays = cause is not None and cause.key == root.key
        return ("", "") if stays else (OTHER_CAUSE, "it has another cause")
    if root.rule_gone or _gone_rule(root, view):
        # Without its rule nothing would report the member's fault, which is no restoration.
        return "", ""
    assessment = view.evidence.get(member.key)
    last_alert_at = view.last_alert_at.get(member.key, member.joined_at)
    if assessment and assessment.finding is Finding.GOOD and assessment.seen_at > last_alert_at:
        return RESTORED, f"restored: {assessment.reason}"
    return "", ""


def _handed_over(root: Ticket, view: View, roots: Roots) -> Iterator[Decision]:
    """Suppresses a common cause for the cause that explains its members; ends it if none does."""
    if root.key in view.faults or not is_common(root.subject) or root.stage is Stage.SUPPRESSED:
        return
    broken = [view.faults[it.key] for it in root.members if it.key in view.faults]
    causes = [roots.of(fault.key, fault.subject, fault.since) for fault in broken]
    others = {cause.key: cause for cause in causes if cause is not None and cause.key != root.key}
    if len(others) == 1 and None not in causes:
        (cause,) = others.values()
        reason = f"its numbers are explained by {_named(cause)}"
        yield Decision(Transition.SUPPRESS, root.key, reason, parent=cause.key)
    elif broken and all(_has_another(it, view) for it in root.members):
        reason = "its numbers have no cause in common: each has another one"
        yield Decision(Transition.END, root.key, reason, resolution=Resolution.NOT_COMMON)


def _has_another(member: Member, view: View) -> bool:
    return member.key in view.faults or member.left_for == OTHER_CAUSE


def _on_muted(ticket: Ticket, view: View, now: float) -> Iterator[Decision]:
    """Unmutes a muted ticket once its fault is over: the next fault opens a ticket again."""
    assessment = view.evidence.get(ticket.key)
    if ticket.key in view.faults or ticket.key in view.pending or assessment is None:
        return
    last_alert_at = view.last_alert_at.get(ticket.key, ticket.changed_at)
    for decision in evaluate_recovery(ticket, assessment, last_alert_at, view.policy, now):
        if decision.transition in (Transition.RESTORE, Transition.END):
            yield Decision(Transition.UNMUTE, ticket.key, decision.reason)
        elif decision.progress is not None:
            yield replace(decision, transition=Transition.PROGRESS)


def _on_no_alert(ticket: Ticket, view: View, now: float) -> Iterator[Decision]:
    if ticket.stage is Stage.SUPPRESSED and not _parent_open(ticket, view.tickets):
        yield Decision(Transition.RELEASE, ticket.key, "the wider fault is over")
    yield from _on_gone_rule(ticket, view)
    if ticket.key in view.pending:
        yield from broken_again(ticket, "an alert's condition holds again")
        return
    if ticket.key in view.moves:
        # Facts of the account that it left are no evidence; the next round has the others.
        return
    assessment = view.evidence.get(ticket.key)
    if _waits_for_a_person(ticket, assessment, view):
        return
    if assessment is not None:
        last_alert_at = view.last_alert_at.get(ticket.key, ticket.changed_at)
        yield from evaluate_recovery(ticket, assessment, last_alert_at, view.policy, now)


def _on_gone_rule(ticket: Ticket, view: View) -> Iterator[Decision]:
    """A rule that was taken away is no recovery: the ticket stays, and its timeline says why."""
    rule = _gone_rule(ticket, view)
    if rule and not ticket.rule_gone:
        reason = (
            f"the rule {rule} is gone from the rule files, so nothing reports this fault any more;"
            " the ticket stays open until a person decides"
        )
        progress = Progress(judged_until=ticket.progress.judged_until, flaps=ticket.progress.flaps)
        yield Decision(Transition.UNWATCH, ticket.key, reason, rule=rule, progress=progress)


def _gone_rule(ticket: Ticket, view: View) -> str:
    """The name of the rule that reported the ticket's fault and is gone; empty if none is."""
    if is_common(ticket.subject):
        keys = [it.key for it in ticket.members if it.left_at is None]
    else:
        keys = [ticket.key]
    # Where another rule's condition holds for the same thing, that rule watches it: it was renamed.
    unwatched = (key for key in keys if key in view.gone_rules and key not in view.pending)
    return next((view.gone_rules[key] for key in unwatched), "")


def _waits_for_a_person(ticket: Ticket, assessment: Assessment | None, view: View) -> bool:
    """Whether facts alone must not end the ticket, because its rule is gone."""
    if not ticket.rule_gone and not _gone_rule(ticket, view):
        return False
    is_gone = assessment is not None and assessment.finding is Finding.GONE
    return ticket.stage not in RECOVERED and not is_gone


def _parent_open(ticket: Ticket, tickets: Mapping[str, Ticket]) -> bool:
    return any(other.id == ticket.parent for other in tickets.values())


def _on_new_fault(
    fault: Fault, closed: Ticket | None, policy: DecisionPolicy, now: float
) -> Iterator[Decision]:
    """Opens a ticket, reopens the ended one, or leaves the fault alone.

    A person's close is respected (docs/reference/ticketing.md §4): closed as repaired, the ticket
    is reopened when the fault is still there after the hold; closed for good, it is muted until
    the fault is over.
    """
    if closed is None or closed.closed_at is None:
        yield Decision(Transition.OPEN, fault.key, fault.summary, fault)
        return
    ago = policy.elapsed(closed.closed_at, now)
    goes_on = bool(closed.closed_by) and now - fault.since >= ago
    if _is_closed_for_good(closed) and (goes_on or ago <= policy.reopen_window):
        reason = f"{fault.summary} on; {_closed(closed)}, so it is left alone until it is over"
        yield Decision(Transition.MUTE, fault.key, reason, fault)
    elif goes_on:
        if ago >= policy.hold:
            reason = f"{_closed(closed)} {ago:.0f} s ago, and {fault.summary} still"
            yield Decision(Transition.REOPEN, fault.key, reason, fault)
    elif ago <= policy.reopen_window:
        reason = f"{fault.summary} again {ago:.0f} s after it was closed"
        yield Decision(Transition.REOPEN, fault.key, reason, fault)
    else:
        reason = f"{fault.summary}; the last episode, {closed.id}, ended {ago:.0f} s ago"
        yield Decision(Transition.OPEN, fault.key, reason, fault)


def _is_closed_for_good(closed: Ticket) -> bool:
    return bool(closed.closed_by) and (
        closed.resolution in MUTING or closed.stage is Stage.REJECTED
    )


def _closed(closed: Ticket) -> str:
    return f"{closed.closed_by} closed it as {closed.resolution}"
