"""Correlation: a fault that a wider one explains joins the ticket of that root.

The table of what explains what is in :mod:`agent.tickets.decide.hierarchy`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from math import inf

import msgspec

from agent.states import Scope, Severity, Stage
from agent.tickets.decide.common_cause import is_common, kin_of
from agent.tickets.decide.faults import NOTHING_KNOWN, Fault, Traits
from agent.tickets.decide.hierarchy import CALLS, LEAST_NUMBERS, ROOTS, Root
from agent.tickets.ticket import Subject, Ticket


class Cause(msgspec.Struct, frozen=True):
    """A fault that may explain others now: it fires, or its ticket is open."""

    key: str
    subject: Subject
    severity: Severity
    since: float
    until: float = inf
    """Since when its recovery is seen: faults that began later are not explained."""


_Location = tuple[Scope, str, str, str, str]
_Number = tuple[str, str, str]
_PROVIDER_OUTAGE = "provider_outage"
_PHONE_DOWN = "binding_down"
_REDUNDANCY = "redundancy"


class Roots:
    """Finds the open fault that explains another one.

    Args:
        faults: The faults that fire, by key.
        tickets: The open tickets by key.
        traits: What is known of the faults' numbers, by key.
    """

    def __init__(
        self,
        faults: Mapping[str, Fault],
        tickets: Mapping[str, Ticket],
        traits: Mapping[str, Traits],
    ) -> None:
        self._traits = traits
        self._members = {
            key: {member.key for member in ticket.members if member.left_at is None}
            for key, ticket in tickets.items()
            if ticket.members
        }
        causes = list(_causes(faults, tickets))
        self._folded: dict[str, Cause] = {}
        """By key, the outages of providers that are outages of a carrier."""
        self._causes = {
            _location(cause.subject, cause.subject.scope, cause.subject.symptom): cause
            for cause in causes
        }
        self._common = {it.subject: it for it in causes if is_common(it.subject)}
        self._redundancies = {
            _number(it.subject): it for it in causes if it.subject.symptom == _REDUNDANCY
        }
        self._phones: dict[_Number, list[Cause]] = defaultdict(list)
        for cause in causes:
            if cause.subject.scope is Scope.BINDING and cause.subject.symptom == _PHONE_DOWN:
                self._phones[_number(cause.subject)].append(cause)
        self._opened = {
            key: ticket.detected_at
            for key, ticket in tickets.items()
            if ticket.stage is not Stage.SUPPRESSED
        }
        self._fold_outages(causes, faults)

    def _fold_outages(self, causes: Iterable[Cause], faults: Mapping[str, Fault]) -> None:
        """Explains a provider's outage by a carrier's where that takes its numbers.

        What is left of it must be too few for an outage of its own. It explains nothing then:
        its numbers are the carrier's, or have a reason of their own.
        """
        carriers: dict[str, Cause] = {}
        taken: dict[str, set[_Number]] = defaultdict(set)
        left: dict[str, set[_Number]] = defaultdict(set)
        for key, fault in faults.items():
            cause = self._by_table(key, fault.subject, fault.since)
            provider = fault.subject.provider
            if cause is not None and cause.subject.scope is Scope.CARRIER:
                carriers.setdefault(provider, cause)
                taken[provider].add(_number(fault.subject))
            elif cause is not None and cause.subject.symptom == _PROVIDER_OUTAGE:
                left[provider].add(_number(fault.subject))
        for outage in causes:
            provider = outage.subject.provider
            is_outage = outage.subject.symptom == _PROVIDER_OUTAGE
            if is_outage and taken[provider] and len(left[provider]) < LEAST_NUMBERS:
                self._folded[outage.key] = carriers[provider]
        for key in self._folded:
            self._causes = {at: it for at, it in self._causes.items() if it.key != key}
            self._common = {at: it for at, it in self._common.items() if it.key != key}

    def is_member(self, key: str, root_key: str) -> bool:
        """Whether ``key`` is a present member of the root's ticket."""
        return key in self._members.get(root_key, ())

    def of(self, key: str, subject: Subject, since: float) -> Cause | None:
        """The root of the fault of ``key`` that began at ``since``; ``None`` when it is a root.

        A root that is explained itself gives way to its own root, so that all members join one
        ticket.
        """
        cause = (
            self._folded.get(key)
            or self._by_table(key, subject, since)
            or self._of_one_phone(key, subject)
            or self._in_common(key, subject, since)
        )
        if cause is None:
            return None
        return self.of(cause.key, cause.subject, cause.since) or cause

    def _by_table(self, key: str, subject: Subject, since: float) -> Cause | None:
        carrier = self._traits.get(key, NOTHING_KNOWN).carrier
        for root in ROOTS:
            if self._may_explain(root, key, subject):
                cause = self._causes.get(_location(subject, root.scope, root.symptom, carrier))
                if cause is not None and self._takes(cause, root, key, subject.symptom, since):
                    return cause
        return None

    def _of_one_phone(self, key: str, subject: Subject) -> Cause | None:
        """The lost phone that explains the lost redundancy, or the other way round.

        The two are one fault; the one whose ticket is older explains the other.
        """
        phones = self._phones.get(_number(subject), ())
        if subject.symptom == _REDUNDANCY:
            own = self._opened.get(key, inf)
            older = [it for it in phones if own == inf or self._opened.get(it.key, inf) <= own]
            return min(older, key=lambda it: (it.since, it.key), default=None)
        if subject.scope is Scope.BINDING and subject.symptom == _PHONE_DOWN:
            lost = self._redundancies.get(_number(subject))
            if lost and self._opened.get(lost.key, inf) < self._opened.get(key, inf):
                return lost
        return None

    def _in_common(self, key: str, subject: Subject, since: float) -> Cause | None:
        """The common cause that the fault shares with others."""
        for kin in kin_of(subject, self._traits.get(key, NOTHING_KNOWN)):
            cause = self._common.get(kin.subject)
            if cause is not None and self._shares(cause, key, since):
                return cause
        return None

    def _shares(self, cause: Cause, key: str, since: float) -> bool:
        return self.is_member(key, cause.key) or cause.since <= since < cause.until

    def _may_explain(self, root: Root, key: str, subject: Subject) -> bool:
        state = self._traits.get(key, NOTHING_KNOWN).state
        return root.is_about(subject) and (not root.states or state in root.states)

    def _takes(self, cause: Cause, root: Root, key: str, symptom: str, since: float) -> bool:
        if self.is_member(key, cause.key):
            return True
        serves = self._traits.get(key, NOTHING_KNOWN).serves
        if serves and symptom in CALLS and is_common(cause.subject):
            # An outage takes no calls from a number that is in service and rings its phones.
            return False
        bad_enough = root.severity is None or cause.severity is root.severity
        in_time = since >= cause.since - root.lead
        return bad_enough and in_time and since < cause.until


def _causes(faults: Mapping[str, Fault], tickets: Mapping[str, Ticket]) -> Iterator[Cause]:
    for key, ticket in tickets.items():
        if key not in faults:
            subject, severity = ticket.subject, ticket.severity
            yield Cause(key, subject, severity, ticket.started_at, _until(ticket))
    for key, fault in faults.items():
        yield Cause(key, fault.subject, fault.severity, fault.since)


def _until(ticket: Ticket) -> float:
    good_since = ticket.progress.good_since
    return good_since if ticket.stage is Stage.OBSERVING and good_since is not None else inf


def _location(subject: Subject, scope: Scope, symptom: str, carrier: str = "") -> _Location:
    """The location of the root of ``scope`` above ``subject``, whose base carrier is given."""
    if scope is Scope.CARRIER:
        return scope, symptom, subject.carrier or carrier, "", ""
    account = "" if scope is Scope.PROVIDER else subject.account
    number = subject.number if scope is Scope.NUMBER else ""
    return scope, symptom, subject.provider, account, number


def _number(subject: Subject) -> _Number:
    return subject.provider, subject.account, subject.number
