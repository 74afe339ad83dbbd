"""Root first: a fault that a wider one explains joins its ticket (domain.md §3, root alarm).

A wider fault explains a narrower one only where the table says so and the facts do not speak
against it: a low balance warning above a dead phone explains nothing, and neither does an
empty account above a number that was suspended for a violation.
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
_Number = tuple[str, str, str]
_PHONE_DOWN = "binding_down"
_REDUNDANCY = "redundancy"


class Roots:
    """Answers which standing fault explains another one.

    ``traits`` has what is known of the numbers that are told of, by key.
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
        standing = list(_standing(faults, tickets))
        self._causes = {
            _place(cause.subject, cause.subject.scope, cause.subject.symptom): cause
            for cause in standing
        }
        self._common = {it.subject: it for it in standing if is_common(it.subject)}
        self._redundancies = {
            _number(it.subject): it for it in standing if it.subject.symptom == _REDUNDANCY
        }
        self._phones: dict[_Number, list[Cause]] = defaultdict(list)
        for cause in standing:
            if cause.subject.scope is Scope.BINDING and cause.subject.symptom == _PHONE_DOWN:
                self._phones[_number(cause.subject)].append(cause)
        self._opened = {
            key: one.detected_at
            for key, one in tickets.items()
            if one.stage is not Stage.SUPPRESSED
        }

    def is_member(self, key: str, root_key: str) -> bool:
        """Whether ``key`` stands in the member ledger of the root's ticket now."""
        return key in self._members.get(root_key, ())

    def of(self, key: str, subject: Subject, since: float) -> Cause | None:
        """The fault at the root of another one, or ``None`` when that is a root itself.

        A root that another one explains hands over to it, so members stand in one ledger.
        ``since`` is when the fault to explain began.
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
                cause = self._causes.get(_place(subject, root.scope, root.symptom, carrier))
                if cause is not None and self._takes(cause, root, key, since):
                    return cause
        return None

    def _of_one_phone(self, key: str, subject: Subject) -> Cause | None:
        """The phone that was lost, for the redundancy lost with it, or the other way round.

        The two are one fault: whichever has its ticket first takes the other.
        """
        phones = self._phones.get(_number(subject), ())
        if subject.symptom == _REDUNDANCY:
            mine = self._opened.get(key, inf)
            older = [it for it in phones if mine == inf or self._opened.get(it.key, inf) <= mine]
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


def _number(subject: Subject) -> _Number:
    return subject.provider, subject.account, subject.number
