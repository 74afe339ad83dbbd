"""Whether a fault is over: seen in newer polls, then held. Unknown never counts as over."""

import msgspec
from msgspec.structs import replace

from agent.states import Stage
from agent.tickets.decide.closing import needs_answer
from agent.tickets.decide.decision import Assessment, Decision, Finding, Policy, Transition
from agent.tickets.forms import Resolution
from agent.tickets.lifecycle import RECOVERED
from agent.tickets.ticket import Progress, Ticket


def evaluate_recovery(
    ticket: Ticket, seen: Assessment, told_until: float, policy: Policy, now: float
) -> list[Decision]:
    """What follows for a ticket that no alert tells of any more.

    ``told_until`` is when one last did: only facts polled after it are evidence.
    """
    if seen.finding is Finding.UNKNOWN:
        return _unknown(ticket, seen)
    if seen.finding is Finding.GONE:
        return _gone(ticket, seen, policy, now)
    if seen.finding is Finding.BAD:
        again = contradicted(ticket, seen.reason, policy, now)
        return again or broken_again(ticket, seen.reason)
    return _good(ticket, seen, told_until, policy, now)


def broken_again(ticket: Ticket, reason: str) -> list[Decision]:
    """The fault is there: whatever recovery was under way starts anew.

    Coming back while it was held is a flap; it re-arms the ticket without opening another.
    """
    progress = ticket.progress
    fresh = Progress(judged_until=progress.judged_until, flaps=progress.flaps)
    if progress.verified_at is not None:
        flapped = msgspec.structs.replace(fresh, flaps=progress.flaps + 1)
        known = progress.flaps and ticket.stage not in RECOVERED
        action = Transition.PROGRESS if known else Transition.REARM
        return [Decision(action, ticket.key, f"came back while held: {reason}", progress=flapped)]
    if progress != fresh:
        return [Decision(Transition.PROGRESS, ticket.key, f"still bad: {reason}", progress=fresh)]
    return []


def _unknown(ticket: Ticket, seen: Assessment) -> list[Decision]:
    progress = ticket.progress
    if progress.blind or progress.gone_since is not None:
        return []
    blind = Progress(judged_until=progress.judged_until, flaps=progress.flaps, blind=True)
    reason = f"data stopped coming, the ticket stays open: {seen.reason}"
    return [Decision(Transition.BLIND, ticket.key, reason, progress=blind)]


def _gone(ticket: Ticket, seen: Assessment, policy: Policy, now: float) -> list[Decision]:
    """A number that is gone is neither repaired nor a ticket for ever: it is said, then closed."""
    progress = ticket.progress
    if progress.gone_since is None:
        missed = Progress(judged_until=progress.judged_until, flaps=progress.flaps, gone_since=now)
        reason = f"{seen.reason}; closed in {policy.gone_after:g} s unless it comes back"
        return [Decision(Transition.MISS, ticket.key, reason, progress=missed)]
    if now - progress.gone_since < policy.gone_after or ticket.stage in RECOVERED:
        return []
    reason = f"{seen.reason}, for {now - progress.gone_since:.0f} s"
    return [Decision(Transition.END, ticket.key, reason, resolution=Resolution.GONE)]


def _good(
    ticket: Ticket, seen: Assessment, told_until: float, policy: Policy, now: float
) -> list[Decision]:
    progress = _counted(ticket.progress, seen, told_until, now)
    if progress.good_polls < policy.recovery_polls:
        return _noted(ticket, progress, seen)
    if progress.verified_at is None:
        progress = msgspec.structs.replace(progress, verified_at=now)
    if progress.verified_at is not None and now - progress.verified_at >= policy.hold:
        return _over(ticket, progress, seen, policy)
    if ticket.progress.verified_at is None and _shows_observing(ticket):
        reason = f"{seen.reason}, seen in {progress.good_polls} polls; held for {policy.hold:g} s"
        return [Decision(Transition.OBSERVE, ticket.key, reason, progress=progress)]
    return _noted(ticket, progress, seen)


def _counted(progress: Progress, seen: Assessment, told_until: float, now: float) -> Progress:
    known = msgspec.structs.replace(progress, blind=False, gone_since=None)
    if seen.seen_at <= max(progress.judged_until, told_until):
        return known
    return msgspec.structs.replace(
        known,
        judged_until=seen.seen_at,
        good_polls=progress.good_polls + 1,
        good_since=now if progress.good_since is None else progress.good_since,
    )


def _noted(ticket: Ticket, progress: Progress, seen: Assessment) -> list[Decision]:
    if progress == ticket.progress:
        return []
    return [Decision(Transition.PROGRESS, ticket.key, seen.reason, progress=progress)]


def _shows_observing(ticket: Ticket) -> bool:
    """A flapping or suppressed ticket is held without saying so every time."""
    shown = ticket.stage in (Stage.SUPPRESSED, Stage.OBSERVING) or ticket.stage in RECOVERED
    return ticket.progress.flaps == 0 and not shown


def _over(ticket: Ticket, progress: Progress, seen: Assessment, policy: Policy) -> list[Decision]:
    """Restored, and closed unless the customer is still to confirm it."""
    flaps = f", after coming back {progress.flaps} times" if progress.flaps else ""
    reason = (
        f"{seen.reason}; seen in {progress.good_polls} polls and held for {policy.hold:g} s{flaps}"
    )
    restored = Decision(Transition.RESTORE, ticket.key, reason, progress=progress)
    told = _noted(ticket, progress, seen) if ticket.stage in RECOVERED else [restored]
    if needs_answer(ticket, policy.confirmation):
        return told
    return [*told, Decision(Transition.CLOSE, ticket.key, "recovery verified and held")]


def contradicted(ticket: Ticket, reason: str, policy: Policy, now: float) -> list[Decision]:
    """Somebody said that it is restored, and long enough afterwards it still is not."""
    claimed = ticket.restored_at
    if ticket.stage not in RECOVERED or ticket.progress.verified_at is not None or claimed is None:
        return []
    if now - claimed <= policy.hold:
        return []
    fresh = Progress(judged_until=ticket.progress.judged_until, flaps=ticket.progress.flaps)
    told = f"said to be restored {now - claimed:.0f} s ago and is not: {reason}"
    return [Decision(Transition.REARM, ticket.key, told, progress=fresh)]


def resumed(ticket: Ticket, now: float) -> Ticket:
    """``ticket`` with its recovery held from now on anew, and no facts judged ahead of time.

    The machine's clock may have been moved while the agent was away: forward, and a hold of
    two minutes would have passed in none; back, and no poll would count until it had caught up.
    """
    progress = ticket.progress
    return replace(
        ticket,
        progress=replace(
            progress,
            judged_until=min(progress.judged_until, now),
            good_since=None if progress.good_since is None else min(progress.good_since, now),
            verified_at=None if progress.verified_at is None else now,
        ),
    )
