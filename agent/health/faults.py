"""What open tickets say of single numbers, and how much each of them weighs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from agent.model import AccountKey
from agent.states import Health, Scope, Severity

ANNOUNCED = frozenset({"contract", "reclaim", "realname"})
"""Symptoms that tell of a loss to come: the number can still be called."""


class OpenFault(msgspec.Struct, frozen=True, gc=False):
    """One open ticket as it concerns one number."""

    ticket: str
    """Id of the ticket; of a wider fault's, where the number is a member of that."""
    symptom: str
    effect: Health
    """``down``, ``degraded``, or ``ok`` where the ticket is open but its fault is over."""
    complaints: int = 0
    """How many callers have complained."""


AccountFaults = Mapping[str, tuple[OpenFault, ...]]
"""By number its open faults, the worst first."""
NO_FAULTS: AccountFaults = {}


def effect_of(
    scope: Scope, symptom: str, severity: Severity, *, is_over: bool, is_observed: bool
) -> Health:
    """How a number is by one open ticket alone (docs/health.md, Tickets).

    Args:
        scope: What is broken: of a member, what is broken of that.
        symptom: The symptom, of a member its own.
        severity: The ticket's severity.
        is_over: Whether the ticket counts its fault as over, though it is still open.
        is_observed: Whether the facts are good again and must stay so for a while.
    """
    if is_over or severity is Severity.INFO:
        return Health.OK
    is_partial = scope is Scope.BINDING or symptom in ANNOUNCED
    if severity is Severity.WARNING or is_partial or is_observed:
        return Health.DEGRADED
    return Health.DOWN


@dataclass(frozen=True, eq=False)
class OpenFaults:
    """The open faults of the whole fleet."""

    by_account: Mapping[AccountKey, AccountFaults] = field(default_factory=dict)
    anywhere: AccountFaults = field(default_factory=dict)
    """Faults whose tickets name no account: they count wherever the number is listed."""

    def of(self, account: AccountKey) -> AccountFaults:
        """The faults of an account's numbers."""
        own = self.by_account.get(account, NO_FAULTS)
        if not self.anywhere:
            return own
        merged = dict(own)
        for number, faults in self.anywhere.items():
            merged[number] = worst_first((*merged.get(number, ()), *faults))
        return merged

    def changed(self, before: "OpenFaults") -> frozenset[AccountKey] | None:
        """The accounts whose faults differ from ``before``; ``None`` means any account's may."""
        if self.anywhere != before.anywhere:
            return None
        accounts = self.by_account.keys() | before.by_account.keys()
        return frozenset(it for it in accounts if self.of(it) != before.of(it))


_RANK = {Health.DOWN: 0, Health.DEGRADED: 1, Health.OK: 2}


def worst_first(faults: Iterable[OpenFault]) -> tuple[OpenFault, ...]:
    """``faults``, the worst first; of those with the same effect in their order."""
    return tuple(sorted(faults, key=lambda fault: _RANK[fault.effect]))
