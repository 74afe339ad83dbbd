"""Whether a fault is over: good in polls newer than its last alert, and good for the whole hold.

Unknown never counts as over.
"""

import msgspec
from msgspec.structs import replace

from agent.states import Stage
from agent.tickets.decide.decision import Assessment, Decision, DecisionPolicy, Finding, Transition
from agent.tickets.forms import Resolution
from agent.tickets.lifecycle import RECOVERED, needs_confirmation
from agent.tickets.ticket import Progress, Ticket

_LONGEST_ROUND = 30.0
"""Seconds that a round may take from its time until it looks at the facts."""
_GONE_AT_LEAST = 1800.0
"""Seconds for which a subject that is gone must be missing after a restart."""


def evaluate_recovery(
    ticket: Ticket, assessment: Assessment, last_alert_at: float, policy: DecisionPolicy, now: float
) -> list[Decision]:
    """The decisions about a ticket that has no alert.

    ``last_alert_at`` is when it last had one: only facts polled after that are evidence.
    """
    if assessment.finding is Finding.UNKNOWN:
        return _unknown(ticket, assessment)
    if assessment.finding is Finding.GONE:
        return _gone(ticket, assessment, policy, now)
    if assessment.finding is Finding.BAD:
        again = contradicted(ticket, assessment.reason, policy, now)
        return again or broken_again(ticket, assessment.reason)
    return _good(ticket, assessment, last_alert_at, policy, now)


def broken_again(ticket: Ticket, reason: str) -> list[Decision]:
    """The decisions about a fault that is there: its recovery starts anew.

    Coming back during the hold is a flap; it re-arms the ticket without opening another.
    """
    progress = ticket.progress
    fresh = Progress(judged_until=progress.judged_until, flaps=progress.flaps)
    if progress.verified_at is not None:
        flapped = msgspec.structs.replace(fresh, flaps=progress.flaps + 1)
        # One entry for a flapping fault: the later ones are counted without saying so.
        is_known = progress.flaps and ticket.stage not in RECOVERED
        transition = Transition.PROGRESS if is_known else Transition.REARM
        reason = f"came back while held: {reason}"
        return [Decision(transition, ticket.key, reason, progress=flapped)]
    if progress != fresh:
        return [Decision(Transition.PROGRESS, ticket.key, f"still bad: {reason}", progress=fresh)]
    return []


def _unknown(ticket: Ticket, assessment: Assessment) -> list[Decision]:
    progress = ticket.progress
    if progress.blind or progress.gone_since is not None:
        return []
    blind = Progress(judged_until=progress.judged_until, flaps=progress.flaps, blind=True)
    reason = f"data stopped coming, the ticket stays open: {assessment.reason}"
    return [Decision(Transition.BLIND, ticket.key, reason, progress=blind)]


def _gone(
    ticket: Ticket, assessment: Assessment, policy: DecisionPolicy, now: float
) -> list[Decision]:
    """A subject that is gone is recorded first and closed after ``gone_after`` seconds."""
    progress = ticket.progress
    if progress.gone_since is None:
        missed = Progress(judged_until=progress.judged_until, flaps=progress.flaps, gone_since=now)
        reason = f"{assessment.reason}; closed in {policy.gone_after:g} s unless it comes back"
        return [Decision(Transition.MISS, ticket.key, reason, progress=missed)]
    if now - progress.gone_since < policy.gone_after or ticket.stage in RECOVERED:
        return []
    reason = f"{assessment.reason}, for {now - progress.gone_since:.0f} s"
    return [Decision(Transition.END, ticket.key, reason, resolution=Resolution.GONE)]


def _good(
    ticket: Ticket, assessment: Assessment, last_alert_at: float, policy: DecisionPolicy, now: float
) -> list[Decision]:
    progress = _counted(ticket.progress, assessment, last_alert_at, now)
    if progress.good_polls < policy.recovery_polls:
        return _progressed(ticket, progress, assessment)
    if progress.verified_at is None:
        progress = msgspec.structs.replace(progress, verified_at=now)
    if progress.verified_at is not None and now - progress.verified_at >= policy.hold:
        return _over(ticket, progress, assessment, policy)
    if ticket.progress.verified_at is None and _shows_observing(ticket):
        reason = (
            f"{assessment.reason}, seen in {progress.good_polls} polls;"
            f" held for {round(policy.hold, 1):g} s"
        )
        return [Decision(Transition.OBSERVE, ticket.key, reason, progress=progress)]
    return _progressed(ticket, progress, assessment)


def _counted(
    progress: Progress, assessment: Assessment, last_alert_at: float, now: float
) -> Progress:
    present = msgspec.structs.replace(progress, blind=False, gone_since=None)
    # The same poll is seen by several rounds and counts once; one from before the last alert
    # may show the fault's last good moment. One that ends while the round is under way is later
    # than the round's time: where accounts are polled as often as rounds are made, that may be so
    # in every round. One from further ahead was made before the machine's clock was set back.
    latest = now + _LONGEST_ROUND
    if not max(progress.judged_until, last_alert_at) < assessment.seen_at <= latest:
        return present
    return msgspec.structs.replace(
        present,
        judged_until=assessment.seen_at,
        good_polls=progress.good_polls + 1,
        good_since=now if progress.good_since is None else progress.good_since,
    )


def _progressed(ticket: Ticket, progress: Progress, assessment: Assessment) -> list[Decision]:
    if progress == ticket.progress:
        return []
    return [Decision(Transition.PROGRESS, ticket.key, assessment.reason, progress=progress)]


def _shows_observing(ticket: Ticket) -> bool:
    """Whether the hold is recorded: not for a flapping, suppressed or recovered ticket."""
    is_elsewhere = ticket.stage in (Stage.SUPPRESSED, Stage.OBSERVING) or ticket.stage in RECOVERED
    return ticket.progress.flaps == 0 and not is_elsewhere


def _over(
    ticket: Ticket, progress: Progress, assessment: Assessment, policy: DecisionPolicy
) -> list[Decision]:
    """Restores the ticket, and closes it unless the customer is still to confirm."""
    flaps = f", after coming back {progress.flaps} times" if progress.flaps else ""
    proof = f"seen in {progress.good_polls} polls and held for {round(policy.hold, 1):g} s{flaps}"
    reason = f"{assessment.reason}; {proof}"
    restored = Decision(Transition.RESTORE, ticket.key, reason, progress=progress)
    decisions = (
        _progressed(ticket, progress, assessment) if ticket.stage in RECOVERED else [restored]
    )
    if needs_confirmation(ticket, policy.confirmation):
        return decisions
    return [*decisions, Decision(Transition.CLOSE, ticket.key, "recovery verified and held")]


def contradicted(ticket: Ticket, reason: str, policy: DecisionPolicy, now: float) -> list[Decision]:
    """Withdraws a restoration that somebody claimed longer than the hold ago and that is none."""
    claimed_at = ticket.restored_at
    if (
        ticket.stage not in RECOVERED
        or ticket.progress.verified_at is not None
        or claimed_at is None
    ):
        return []
    ago = policy.elapsed(claimed_at, now)
    if ago <= policy.hold:
        return []
    fresh = Progress(judged_until=ticket.progress.judged_until, flaps=ticket.progress.flaps)
    reason = f"said to be restored {ago:.0f} s ago and is not: {reason}"
    return [Decision(Transition.REARM, ticket.key, reason, progress=fresh)]


def shifted(ticket: Ticket, step: float) -> Ticket:
    """``ticket`` after the wall clock was set by ``step`` seconds: no time has passed for it."""
    progress = ticket.progress
    moved = {
        name: value + step
        for name in ("good_since", "verified_at", "gone_since")
        if (value := getattr(progress, name)) is not None
    }
    # Zero stands for no facts so far.
    until = progress.judged_until + step if progress.judged_until else 0.0
    return replace(ticket, progress=replace(progress, judged_until=until, **moved))


def resumed(ticket: Ticket, now: float, gone_after: float) -> Ticket:
    """``ticket`` as the agent resumes it after a stop: the hold of its recovery starts anew.

    Nothing was watched meanwhile, and the machine's clock may have been set. Set forward, a hold
    of two minutes would have passed in none; set back, no poll would count until the clock had
    caught up.

    A subject that was gone stays gone since then, or an agent that is restarted every day would
    never close it. But it has to be missing for a while longer, whatever the clock says.
    """
    progress = ticket.progress
    longest = now - gone_after + min(_GONE_AT_LEAST, gone_after)
    return replace(
        ticket,
        progress=replace(
            progress,
            judged_until=min(progress.judged_until, now),
            good_since=None if progress.good_since is None else min(progress.good_since, now),
            verified_at=None if progress.verified_at is None else now,
            gone_since=None
            if progress.gone_since is None
            else min(now, max(progress.gone_since, longest)),
        ),
    )
