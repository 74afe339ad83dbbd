"""Root first: a fault that a wider one explains joins its ticket (domain.md §3, root alarm).

A wider fault explains a narrower one only where the table says so and the facts do not speak
against it: a low balance warning above a dead phone explains nothing, and neither does an
empty account above a number that was suspended for a violation.
"""

from collections.abc import Iterator, Mapping
from math import inf

import msgspec

from agent.states import NumberState, Scope, Severity, Stage
from agent.tickets.complaint import SYMPTOM as COMPLAINT
from agent.tickets.faults import Fault
from agent.tickets.ticket import Subject, Ticket

_ANY_SYMPTOM: frozenset[str] = frozenset()
_ANY_STATE: frozenset[NumberState] = frozenset()
_MADE_UNUSABLE = frozenset({COMPLAINT})
"""What callers say of a number that is down anyway."""
_OUT_OF_MONEY = frozenset(
    {
        NumberState.SUSPENDED_ARREARS,
        NumberState.OPEN_UNFUNDED,
        NumberState.LOW_BALANCE,
        NumberState.UNKNOWN,
    }
)
"""States of a number that an empty account may be behind."""
_OUT_OF_NETWORK = frozenset(
    {
        NumberState.ACTIVE,
        NumberState.LOW_BALANCE,
        NumberState.SUSPENDED_VIOLATION,
        NumberState.UNKNOWN,
    }
)
"""States of a number that is down for its provider's or carrier's reasons (ProviderOutage)."""


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """Which faults may lie behind which: one row of the table."""

    scope: Scope
    symptom: str
    severity: Severity | None = None
    """Only when it is this bad; ``None`` for any severity."""
    below: frozenset[Scope]
    explains: frozenset[str]
    """Symptoms of what lies below; empty for every symptom."""
    states: frozenset[NumberState] = _ANY_STATE
    """States in which it can have put a number; empty for any."""
    comes_first: bool = False
    """Whether it explains nothing that was broken before it."""


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
        states=_OUT_OF_NETWORK,
    ),
    Root(
        scope=Scope.PROVIDER,
        symptom="provider_outage",
        below=frozenset({Scope.NUMBER}),
        explains=frozenset({"number_down", "network_mismatch"}),
        states=_OUT_OF_NETWORK,
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
            explains=_MADE_UNUSABLE,
        )
        for symptom in ("number_down", "binding_down", "network_mismatch")
    ),
)
"""Widest first, so that a fault is joined to the widest root that explains it."""


class Cause(msgspec.Struct, frozen=True):
    """A wider fault that stands now: firing, or its ticket not yet over."""

    key: str
    subject: Subject
    severity: Severity
    since: float
    until: float = inf
    """Faults that began later are not explained: since then its recovery has been seen."""


_Place = tuple[Scope, str, str, str, str]


class Roots:
    """Answers which standing fault explains another one.

    ``states`` and ``carriers`` have the states and the base carriers of the numbers that are
    told of, by key, where they are known.
    """

    def __init__(
        self,
        faults: Mapping[str, Fault],
        tickets: Mapping[str, Ticket],
        states: Mapping[str, NumberState],
        carriers: Mapping[str, str],
    ) -> None:
        self._states = states
        self._carriers = carriers
        self._members = {
            key: {member.key for member in ticket.members if member.left_at is None}
            for key, ticket in tickets.items()
            if ticket.members
        }
        self._causes = {
            _place(cause.subject, cause.subject.scope, cause.subject.symptom): cause
            for cause in _standing(faults, tickets)
        }

    def is_member(self, key: str, root_key: str) -> bool:
        """Whether ``key`` stands in the member ledger of the root's ticket now."""
        return key in self._members.get(root_key, ())

    def of(self, key: str, subject: Subject, since: float) -> Cause | None:
        """The fault at the root of another one, or ``None`` when that is a root itself.

        A root that another one explains hands over to it, so members stand in one ledger.
        ``since`` is when the fault to explain began.
        """
        for root in ROOTS:
            if self._may_explain(root, key, subject):
                carrier = self._carriers.get(key, "")
                cause = self._causes.get(_place(subject, root.scope, root.symptom, carrier))
                if cause is not None and self._takes(cause, root, key, since):
                    return self.of(cause.key, cause.subject, cause.since) or cause
        return None

    def _may_explain(self, root: Root, key: str, subject: Subject) -> bool:
        state = self._states.get(key, NumberState.UNKNOWN)
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
    """Whether the root explains whatever lies below it; callers know more than it does."""
    return not root.explains and subject.symptom != COMPLAINT


def _standing(faults: Mapping[str, Fault], tickets: Mapping[str, Ticket]) -> Iterator[Cause]:
    for key, one in tickets.items():
        if key not in faults:
            yield Cause(key, one.subject, one.severity, one.started_at, _until(one))
    for key, fault in faults.items():
        yield Cause(key, fault.subject, fault.severity, fault.since)


def _until(ticket: Ticket) -> float:
    seen_good = ticket.progress.good_since
    return seen_good if ticket.stage is Stage.OBSERVING and seen_good is not None else inf


def _place(subject: Subject, scope: Scope, symptom: str, carrier: str = "") -> _Place:
    """Where a root of ``scope`` above ``subject``, whose base carrier is given, would be."""
    if scope is Scope.CARRIER:
        return scope, symptom, subject.carrier or carrier, "", ""
    account = "" if scope is Scope.PROVIDER else subject.account
    number = subject.number if scope is Scope.NUMBER else ""
    return scope, symptom, subject.provider, account, number
