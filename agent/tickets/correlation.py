"""Root first: a fault that a wider one explains joins its ticket (domain.md §3, root alarm).

A wider fault explains a narrower one only where the table says so, because a low balance
warning above a dead phone explains nothing.
"""

from collections.abc import Iterator, Mapping

import msgspec

from agent.states import Scope, Severity, Stage
from agent.tickets.faults import Fault
from agent.tickets.ticket import Subject, Ticket

_EVERY_SYMPTOM: frozenset[str] = frozenset()
_OUT_OF_SERVICE = frozenset({"number_down", "network_mismatch", "redundancy"})
_BEHIND_THE_NUMBER = frozenset({"binding_down", "redundancy"})


class Root(msgspec.Struct, frozen=True):
    """Which faults may lie behind which: one row of the table."""

    scope: Scope
    symptom: str
    severity: Severity | None
    """Only when it is this bad; ``None`` for any severity."""
    below: frozenset[Scope]
    explains: frozenset[str]
    """Symptoms of what lies below; empty for every symptom."""


ROOTS: tuple[Root, ...] = (
    Root(
        Scope.PROVIDER,
        "provider_api",
        None,
        frozenset({Scope.ACCOUNT, Scope.NUMBER, Scope.BINDING}),
        _EVERY_SYMPTOM,
    ),
    Root(
        Scope.ACCOUNT,
        "provider_api",
        None,
        frozenset({Scope.NUMBER, Scope.BINDING}),
        _EVERY_SYMPTOM,
    ),
    Root(Scope.ACCOUNT, "balance", Severity.CRITICAL, frozenset({Scope.NUMBER}), _OUT_OF_SERVICE),
    Root(Scope.NUMBER, "number_down", None, frozenset({Scope.BINDING}), _BEHIND_THE_NUMBER),
    Root(Scope.NUMBER, "binding_down", None, frozenset({Scope.BINDING}), _BEHIND_THE_NUMBER),
)
"""Widest first, so that a fault is joined to the widest root that explains it."""


class Cause(msgspec.Struct, frozen=True):
    """A wider fault that stands now: firing, or its ticket not yet over."""

    key: str
    subject: Subject
    severity: Severity
    takes_new: bool
    """Whether late joiners still join; while a recovery is held only its members stay."""


_Place = tuple[Scope, str, str, str, str]


class Roots:
    """Answers which standing fault explains another one."""

    def __init__(self, faults: Mapping[str, Fault], tickets: Mapping[str, Ticket]) -> None:
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

    def of(self, key: str, subject: Subject) -> Cause | None:
        """The fault at the root of a fault of ``subject``, or ``None`` when that is one itself.

        A root that another one explains hands over to it, so members stand in one ledger.
        """
        for root in ROOTS:
            if _explains(root, subject):
                cause = self._causes.get(_place(subject, root.scope, root.symptom))
                if cause is not None and self._takes(cause, root, key):
                    higher = self.of(cause.key, cause.subject)
                    return higher or cause
        return None

    def _takes(self, cause: Cause, root: Root, key: str) -> bool:
        bad_enough = root.severity is None or cause.severity is root.severity
        return (cause.takes_new and bad_enough) or self.is_member(key, cause.key)


def _standing(faults: Mapping[str, Fault], tickets: Mapping[str, Ticket]) -> Iterator[Cause]:
    for key, ticket in tickets.items():
        if key not in faults:
            holding = ticket.stage is Stage.OBSERVING
            yield Cause(key, ticket.subject, ticket.severity, takes_new=not holding)
    for key, fault in faults.items():
        yield Cause(key, fault.subject, fault.severity, takes_new=True)


def _explains(root: Root, subject: Subject) -> bool:
    return subject.scope in root.below and (not root.explains or subject.symptom in root.explains)


def _place(subject: Subject, scope: Scope, symptom: str) -> _Place:
    """Where a root of ``scope`` above ``subject`` would be."""
    account = "" if scope is Scope.PROVIDER else subject.account
    number = subject.number if scope is Scope.NUMBER else ""
    return scope, symptom, subject.provider, account, number
