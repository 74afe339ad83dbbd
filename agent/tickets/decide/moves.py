"""Numbers that moved to another account, and those that two accounts list; pure.

The ticket goes with the number: its key, its episode and its clocks stay, its account changes.
"""

from collections.abc import Collection, Iterator, Mapping

from agent.fleet import Fleet
from agent.tickets.decide.common_cause import is_common
from agent.tickets.decide.decision import Assessment, Decision, Finding, Transition
from agent.tickets.decide.faults import Fault
from agent.tickets.lines import account_name, has_left, line_of, move_reason, new_subject
from agent.tickets.ticket import Subject, Ticket

_UNTIL_ALL_ARE_GOOD = (Finding.BAD, Finding.UNKNOWN, Finding.GOOD)

Accounts = Collection[tuple[str, str]]
"""The configured accounts, by provider and name."""


def moves_of(
    subjects: Mapping[str, Subject],
    faults: Mapping[str, Fault],
    fleet: Fleet,
    configured: Accounts,
    now: float,
) -> dict[str, Subject]:
    """By key, the subjects whose number has moved, at the account where it is now.

    That it left must be seen in a fresh listing, or its account is not watched any more; that it
    is at the other account must be seen too. Otherwise nothing is known to have moved.
    """
    moves: dict[str, Subject] = {}
    for key, subject in subjects.items():
        if line_of(subject) is None or not _has_left(subject, fleet, configured, now):
            continue
        fault = faults.get(key)
        firing = (fault.subject, *fault.elsewhere) if fault else ()
        present = new_subject(subject, firing, fleet, now)
        if present is not None:
            moves[key] = present
    return moves


def moved_causes(tickets: Mapping[str, Ticket], faults: Mapping[str, Fault]) -> dict[str, Subject]:
    """By key, the common causes whose numbers have moved together, at their new account."""
    pairs = ((ticket, faults.get(key)) for key, ticket in tickets.items())
    return {
        ticket.key: fault.subject
        for ticket, fault in pairs
        if fault is not None and is_common(ticket.subject) and fault.subject != ticket.subject
    }


def elsewhere_of(
    ticket: Ticket, fault: Fault, fleet: Fleet, configured: Accounts, now: float
) -> tuple[Subject, ...]:
    """The number at all other accounts that reported the ticket's fault and still list it."""
    reported = dict.fromkeys((*ticket.elsewhere, fault.subject, *fault.elsewhere))
    return tuple(
        it
        for it in reported
        if it != ticket.subject
        and line_of(it) is not None
        and not _has_left(it, fleet, configured, now)
    )


def _has_left(subject: Subject, fleet: Fleet, configured: Accounts, now: float) -> bool:
    is_watched = (subject.provider, subject.account) in configured
    return not is_watched or has_left(subject, fleet, now)


def on_line(
    ticket: Ticket, present: Subject | None, fault: Fault | None, elsewhere: tuple[Subject, ...]
) -> Iterator[Decision]:
    """The decisions about a ticket's account.

    Args:
        ticket: An open ticket.
        present: Its subject where its number has moved to; ``None`` when it has not.
        fault: What fires for it.
        elsewhere: The number at the other accounts that report it.
    """
    if present is not None:
        reason = move_reason(ticket.subject, present)
        if ticket.provider_ticket and present.provider != ticket.subject.provider:
            reason += f"; ticket {ticket.provider_ticket} is {ticket.subject.provider}'s"
        yield Decision(Transition.MOVE, ticket.key, reason, fault, subjects=(present,))
    new = [it for it in elsewhere if it not in ticket.elsewhere and it != present]
    if new:
        names = ", ".join(account_name(it) for it in new)
        reason = f"{names} lists {ticket.subject.number} as well, and reports the same fault"
        others = tuple(it for it in elsewhere if it != present)
        yield Decision(Transition.ALSO, ticket.key, reason, subjects=others)


def at_all_accounts(main: Assessment, others: Collection[Assessment]) -> Assessment:
    """The assessment of a fault that several accounts reported: over when it is over at all.

    An account that does not list the number any more has no say.
    """
    listing = [it for it in (main, *others) if it.finding is not Finding.GONE]
    for finding in _UNTIL_ALL_ARE_GOOD:
        found = [it for it in listing if it.finding is finding]
        if found:
            return min(found, key=lambda it: it.seen_at)
    return main
