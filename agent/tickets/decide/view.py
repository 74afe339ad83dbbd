"""The view of one round, from which its decisions are taken, and the facts in it; pure."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial

import msgspec
from msgspec.structs import replace

from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.rules.rule import GoneRule
from agent.tickets.decide.common_cause import Groups, groups_of, is_common
from agent.tickets.decide.correlation import Roots
from agent.tickets.decide.decision import Assessment, DecisionPolicy, Finding, Recovery
from agent.tickets.decide.faults import Fault, Traits, keys_of_alerts
from agent.tickets.decide.hierarchy import AFTERMATH, roots_above
from agent.tickets.decide.moves import at_all_accounts, elsewhere_of, moved_causes, moves_of
from agent.tickets.lines import account_name
from agent.tickets.ticket import OTHER_CAUSE, Subject, Ticket


class View(msgspec.Struct, frozen=True):
    """Everything decisions are taken from."""

    tickets: Mapping[str, Ticket]
    """Open tickets by key."""
    closed: Mapping[str, Ticket]
    """The newest ended ticket of keys that fire and have no open one, and of faults that may have
    explained them (:func:`keys_of_ended`)."""
    faults: Mapping[str, Fault]
    pending: frozenset[str]
    """Keys of which an alert's condition holds, not yet long enough to fire."""
    evidence: Mapping[str, Assessment]
    """The facts about every open ticket and member without an alert now, by key."""
    last_alert_at: Mapping[str, float]
    """When the key last had an alert; facts polled before that are no evidence."""
    policy: DecisionPolicy
    muted: Mapping[str, Ticket] = {}
    """By key: tickets that a person closed while the fault goes on."""
    traits: Mapping[str, Traits] = {}
    """What is known of the numbers that faults are about, by the fault's key."""

    moves: Mapping[str, Subject] = {}
    """By key: tickets and members whose number has moved, at the account where it is now."""
    elsewhere: Mapping[str, tuple[Subject, ...]] = {}
    """By the key of an open ticket: its number at the other accounts that reported the fault."""
    gone_rules: Mapping[str, str] = {}
    """Names of rules that are gone, by the keys that they had an alert for when they went."""

    @property
    def alerting(self) -> Collection[str]:
        """The keys that have an alert now, firing or pending."""
        return self.faults.keys() | self.pending

    def last_alerts(self, keys: Iterable[str], now: float) -> dict[str, float]:
        """When each of ``keys`` last had an alert, epoch seconds; now where it never had one."""
        alerting = self.alerting
        return {key: now if key in alerting else self.last_alert_at.get(key, now) for key in keys}


def keys_of_ended(faults: Mapping[str, Fault], tickets: Collection[str]) -> set[str]:
    """The keys whose ended tickets decisions depend on; ``tickets`` are those of open ones."""
    keys = set(faults)
    for fault in faults.values():
        if fault.subject.symptom in AFTERMATH:
            keys.update(roots_above(fault.subject))
    return keys.difference(tickets)


def watched_subjects(tickets: Iterable[Ticket]) -> dict[str, Subject]:
    """The subjects whose recovery is watched, by key: of tickets and of their present members."""
    subjects: dict[str, Subject] = {}
    for ticket in tickets:
        subjects[ticket.key] = ticket.subject
        subjects.update((it.key, it.subject) for it in ticket.members if it.left_at is None)
    return subjects


def gone_keys(
    rules: Iterable[GoneRule], tickets: Mapping[str, Ticket], keys: Mapping[str, str]
) -> dict[str, str]:
    """The names of ``rules`` by the keys whose ticket must not end because they are gone.

    These are the keys of their alerts, and those of open tickets whose alert had ended for want
    of data: when the data come back, there is no rule any more that would fire. ``keys`` has the
    ticket's key by the key of an alert's labels, where they differ.
    """
    names: dict[str, str] = {}
    for rule in rules:
        for key in keys_of_alerts(rule.alerts, keys):
            names.setdefault(key, rule.name)
        for ticket in tickets.values():
            if ticket.progress.blind and rule.name in ticket.alerts:
                names.setdefault(ticket.key, rule.name)
    return names


def with_moves(view: View, fleet: Fleet, settings: Settings, now: float) -> View:
    """``view`` with what is known of numbers that moved or that several accounts list."""
    configured = configured_accounts(settings)
    watched = watched_subjects((*view.tickets.values(), *view.muted.values()))
    reported = ((view.tickets.get(key), fault) for key, fault in view.faults.items())
    return replace(
        view,
        moves={
            **moves_of(watched, view.faults, fleet, configured, now),
            **moved_causes(view.tickets, view.faults),
        },
        elsewhere={
            ticket.key: elsewhere_of(ticket, fault, fleet, configured, now)
            for ticket, fault in reported
            if ticket is not None and (fault.elsewhere or fault.subject != ticket.subject)
        },
    )


def unexplained_groups(
    faults: Mapping[str, Fault], tickets: Mapping[str, Ticket], traits: Mapping[str, Traits]
) -> Groups:
    """Faults that no wider one explains, grouped by the causes they may have in common."""
    wider = {key: ticket for key, ticket in tickets.items() if not is_common(ticket.subject)}
    roots = Roots(faults, wider, traits)
    loose = (it for it in faults.values() if roots.of(it.key, it.subject, it.since) is None)
    return groups_of(loose, traits)


def assessments(
    view: View, recovery: Recovery, fleet: Fleet, settings: Settings, now: float
) -> dict[str, Assessment]:
    """The facts about every watched subject without an alert now, by key."""
    configured = configured_accounts(settings)
    alerting = view.alerting
    found: dict[str, Assessment] = {}
    for key, subject in watched_subjects((*view.tickets.values(), *view.muted.values())).items():
        if key not in alerting:
            assess = partial(_assessed, recovery, fleet, configured, now)
            assessment = assess(view.moves.get(key, subject))
            ticket = view.tickets.get(key)
            others = [assess(it) for it in ticket.elsewhere] if ticket else []
            known = [it for it in others if it is not None]
            if assessment is not None and len(known) == len(others):
                found[key] = at_all_accounts(assessment, known) if known else assessment
    return {
        key: _with_members(it, view.tickets.get(key), found, alerting) for key, it in found.items()
    }


def _assessed(
    recovery: Recovery,
    fleet: Fleet,
    configured: Collection[tuple[str, str]],
    now: float,
    subject: Subject,
) -> Assessment | None:
    return _unwatched(subject, configured, now) or recovery(subject, fleet, now)


def configured_accounts(settings: Settings) -> frozenset[tuple[str, str]]:
    """The configured accounts, and each provider as an account without a name."""
    accounts = {(it.name, account.id) for it in settings.providers for account in it.accounts}
    return frozenset(accounts | {(it.name, "") for it in settings.providers})


def _unwatched(
    subject: Subject, configured: Collection[tuple[str, str]], now: float
) -> Assessment | None:
    """The assessment of a subject that the configuration no longer has; ``None`` for others."""
    if not subject.provider or (subject.provider, subject.account) in configured:
        return None
    name = "/".join(filter(None, (subject.provider, subject.account)))
    return Assessment(Finding.GONE, f"{name} is no longer watched", now)


def _with_members(
    assessment: Assessment,
    ticket: Ticket | None,
    found: Mapping[str, Assessment],
    alerting: Collection[str],
) -> Assessment:
    """A common cause is good only when each of its members is.

    One that has gone over to a wider cause is not over by that.
    """
    if ticket is None or assessment.finding is not Finding.GOOD or not is_common(ticket.subject):
        return assessment
    others = (member for member in ticket.members if member.left_for == OTHER_CAUSE)
    still = next((it.subject for it in others if it.key in alerting), None)
    if still is not None:
        reason = f"{still.number or account_name(still)} is still broken, for another cause"
        return Assessment(Finding.BAD, reason, assessment.seen_at)
    present = (member.key for member in ticket.members if member.left_at is None)
    members = [it for it in map(found.get, present) if it is not None]
    for finding in (Finding.BAD, Finding.UNKNOWN):
        for member in members:
            if member.finding is finding:
                return member
    # One that is gone leaves; where all are, so is what they had in common.
    all_gone = members and all(it.finding is Finding.GONE for it in members)
    return members[0] if all_gone else assessment
