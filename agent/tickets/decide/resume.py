"""Tickets taken up again after a stop: nothing was watched meanwhile, whatever the clock says."""

from msgspec.structs import replace

from agent.tickets.ticket import Ticket


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
