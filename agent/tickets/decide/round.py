"""One round of alerts and facts, and what the manager works out from them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from agent.config.settings import Settings
from agent.config.settings import Tickets as TicketSettings
from agent.fleet import Fleet
from agent.tickets.changes import Change
from agent.tickets.decide.common_cause import Groups, Threshold, groups_of, is_common
from agent.tickets.decide.correlation import Roots
from agent.tickets.decide.decision import Assessment, Decision, Finding, Policy, Transition, View
from agent.tickets.decide.faults import Fault, Traits
from agent.tickets.ticket import Subject, Ticket


@dataclass
class Round:
    """What one round is about, and what has been written for it so far."""

    view: View
    fleet: Fleet
    now: float
    written: list[Change] = field(default_factory=list)


def watched(tickets: Iterable[Ticket]) -> dict[str, Subject]:
    """Everything whose recovery is watched: the tickets and who is still a member of one."""
    subjects: dict[str, Subject] = {}
    for ticket in tickets:
        subjects[ticket.key] = ticket.subject
        subjects.update((m.key, m.subject) for m in ticket.members if m.left_at is None)
    return subjects


def policy_of(section: TicketSettings) -> Policy:
    """What decisions depend on of the configuration."""
    return Policy(
        section.recovery_polls,
        section.hold,
        section.reopen_window,
        frozenset(section.confirmation.grades),
        section.gone_after,
    )


def threshold_of(section: TicketSettings) -> Threshold:
    """From when on several faults are one, of the configuration."""
    return Threshold(section.common_cause_numbers, section.common_cause_window)


def configured(settings: Settings) -> frozenset[tuple[str, str]]:
    """The providers and accounts that are watched; a provider as one without an account."""
    found = {(it.name, account.id) for it in settings.providers for account in it.accounts}
    return frozenset(found | {(it.name, "") for it in settings.providers})


def unwatched(
    subject: Subject, places: Collection[tuple[str, str]], now: float
) -> Assessment | None:
    """What is to be said of something that the configuration no longer has; else ``None``."""
    if not subject.provider or (subject.provider, subject.account) in places:
        return None
    named = "/".join(filter(None, (subject.provider, subject.account)))
    return Assessment(Finding.GONE, f"{named} is no longer watched", now)


def loose_groups(
    told: Mapping[str, Fault], tickets: Mapping[str, Ticket], traits: Mapping[str, Traits]
) -> Groups:
    """What no wider fault explains, by what it may have in common with others."""
    wider = {key: it for key, it in tickets.items() if not is_common(it.subject)}
    roots = Roots(told, wider, traits)
    loose = (it for it in told.values() if roots.of(it.key, it.subject, it.since) is None)
    return groups_of(loose, traits)


def with_members(
    seen: Mapping[str, Assessment], tickets: Mapping[str, Ticket]
) -> dict[str, Assessment]:
    """``seen``, where a common cause is over only once it is for each of its members."""
    return {key: _with_members(look, tickets.get(key), seen) for key, look in seen.items()}


def _with_members(
    look: Assessment, ticket: Ticket | None, seen: Mapping[str, Assessment]
) -> Assessment:
    if ticket is None or look.finding is not Finding.GOOD or not is_common(ticket.subject):
        return look
    standing = (member.key for member in ticket.members if member.left_at is None)
    others = [one for one in map(seen.get, standing) if one is not None]
    for finding in (Finding.BAD, Finding.UNKNOWN, Finding.GONE):
        for one in others:
            if one.finding is finding:
                return one
    return look


def by_ticket(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """Decisions by their ticket's key, in order; what begins a ticket comes before the rest.

    A root's come before its members', but where the root is the narrower of the two.
    """
    groups: dict[str, list[Decision]] = {}
    for decision in decisions:
        groups.setdefault(decision.key, []).append(decision)
    return {key: sorted(group, key=_comes_later) for key, group in groups.items()}


def _comes_later(decision: Decision) -> bool:
    return decision.action not in (Transition.OPEN, Transition.REOPEN)
