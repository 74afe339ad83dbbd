"""Correlation: a fault that a wider one explains joins the ticket of that root.

A wider fault explains a narrower one only where the table says so and the facts do not contradict
it: a low balance does not explain a phone that cannot be reached, and neither does an empty
account explain a number that was suspended for a violation (docs/reference/domain.md §3).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import inf

import msgspec

from agent.complaints.complaint import SYMPTOM as COMPLAINT
from agent.states import NumberState, Scope, Severity, Stage
from agent.tickets.decide.common_cause import OUT_OF_NETWORK, is_common, kin_of
from agent.tickets.decide.faults import NOTHING_KNOWN, Fault, Traits
from agent.tickets.ticket import Subject, Ticket

_ANY_SYMPTOM: frozenset[str] = frozenset()
_ANY_STATE: frozenset[NumberState] = frozenset()
_COMPLAINTS = frozenset({COMPLAINT})
_OUT_OF_MONEY = frozenset(
    {
        NumberState.SUSPENDED_ARREARS,
        NumberState.OPEN_UNFUNDED,
        NumberState.LOW_BALANCE,
        NumberState.UNKNOWN,
    }
)
"""States of a number that an empty account may explain."""


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table: which fault may explain which."""

    scope: Scope
    symptom: str
    severity: Severity | None = None
    """The severity it needs; ``None`` for any."""
    below: frozenset[Scope]
    explains: frozenset[str]
    """Symptoms of the narrower faults; empty for every symptom."""
    states: frozenset[NumberState] = _ANY_STATE
    """States in which it can put a number; empty for any."""
    comes_first: bool = False
    """Whether it explains only faults that began after it."""


ROOTS: tuple[Root, ...] = (
    Root(
        scope=Scope.PROVIDER,
        symptom="provider_api",
        below=frozenset({Scope.ACCOUNT, Scope.NUMBER, Scope.BINDING}),
        explains=_ANY_SYMPTOM,
        comes_first=True,
    ),
    Root(
        scope=Scope.CARRIER,
        symptom="carrier_outage",
        below=frozenset({Scope.NUMBER}),
        explains=frozenset({"number_down", "network_mismatch"}),
        states=OUT_OF_NETWORK,
    ),
    Root(
        scope=Scope.PROVIDER,
        symptom="provider_outage",
        below=frozenset({Scope.NUMBER}),
        explains=frozenset({"number_down", "network_mismatch"}),
        states=OUT_OF_NETWORK,
    ),
    Root(
        scope=Scope.ACCOUNT,
        symptom="balance",
        severity=Severity.CRITICAL,
        below=frozenset({Scope.NUMBER}),
        explains=frozenset({"number_down", "network_mismatch", "reclaim"}),
        states=_OUT_OF_MONEY,
    ),
    Root(
        scope=Scope.NUMBER,
        symptom="binding_down",
        below=frozenset({Scope.BINDING}),
        explains=frozenset({"binding_down"}),
    ),
    *(
        Root(
            scope=Scope.NUMBER,
            symptom=symptom,
            below=frozenset({Scope.NUMBER}),
            explains=_COMPLAINTS,
        )
        for symptom in ("number_down", "binding_down", "network_mismatch")
    ),
)
"""Widest first: a fault joins the widest root that explains it."""


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

    def is_member(self, key: str, root_key: str) -> bool:
        """Whether ``key`` is a present member of the root's ticket."""
        return key in self._members.get(root_key, ())

    def of(self, key: str, subject: Subject, since: float) -> Cause | None:
        """The root of the fault of ``key`` that began at ``since``; ``None`` when it is a root.

        A root that is explained itself gives way to its own root, so that all members join one
        ticket.
        """
        cause = (
            self._by_table(key, subject, since)
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
                if cause is not None and self._takes(cause, root, key, since):
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
        return (
            subject.scope in root.below
            and (subject.symptom in root.explains or _is_any(root, subject))
            and (not root.states or state in root.states)
        )

    def _takes(self, cause: Cause, root: Root, key: str, since: float) -> bool:
        if self.is_member(key, cause.key):
            return True
        bad_enough = root.severity is None or cause.severity is root.severity
        in_time = not root.comes_first or since >= cause.since
        return bad_enough and in_time and since < cause.until


def _is_any(root: Root, subject: Subject) -> bool:
    """Whether the root explains every symptom below it, but for complaints of callers."""
    return not root.explains and subject.symptom != COMPLAINT


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
