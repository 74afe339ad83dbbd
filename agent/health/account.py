"""The health of every number of an account, from its check result and its open faults."""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from agent.checks.columns import Rows
from agent.checks.lifecycle import NUMBER_CODES, Flags, Floats
from agent.checks.phone_columns import PhoneColumns
from agent.checks.reachability import reachable_column
from agent.checks.result import CheckResult
from agent.health.call_columns import CallColumns, Counts, are_current
from agent.health.faults import NO_FAULTS, AccountFaults, OpenFault
from agent.health.rule import (
    HEALTH_CODES,
    HEALTHS,
    REASONS,
    Codes,
    HealthFacts,
    Reason,
    decide,
    healths_of,
)
from agent.states import IN_SERVICE_STATES, Capability, Health, NumberState
from exporters.equal_columns import shared

_ROUNDING: Final = 0.001
"""Seconds by which sums of times may be inexact."""


@dataclass(frozen=True, eq=False)
class PhoneCounts:
    """Of each number, how many phones are known to be reachable, and known not to be."""

    phones: PhoneColumns
    reachable: Floats
    unreachable: Floats

    @classmethod
    def of(cls, phones: PhoneColumns) -> "PhoneCounts":
        """The counts of ``phones``; a phone whose state is unknown is in neither."""
        by_phone = reachable_column(phones.states)
        owners = np.repeat(np.arange(phones.counts.size), np.diff(phones.starts))
        size = phones.counts.size
        return cls(
            phones,
            _count(owners, by_phone == 1, size),
            _count(owners, by_phone == 0, size),
        )


def _count(owners: Rows, counted: Flags, size: int) -> Floats:
    return shared(np.bincount(owners[counted], minlength=size).astype(np.float64))


@dataclass(frozen=True, eq=False)
class AccountHealth:
    """The health of every number of one account at one moment."""

    result: CheckResult
    faults: AccountFaults
    codes: Codes
    """Indices into ``HEALTHS``."""
    reasons: Codes
    """Indices into ``REASONS``: the line of the rule that decided."""
    offered: Counts
    """Recent calls to each number that were to be answered; 0 where records are not current."""
    answered: Counts
    phone_counts: PhoneCounts
    calls: CallColumns | None
    freshness: tuple[bool, ...]
    fresh_until: float
    """Epoch seconds before which no fact that is current at :attr:`at` ceases to be so."""
    at: float
    """Epoch seconds; calls are counted up to then."""

    def health(self, row: int) -> Health:
        """The health of the number in ``row``."""
        return HEALTHS[int(self.codes[row])]

    def reason(self, row: int) -> Reason:
        """The line of the rule that decided on the number in ``row``."""
        return REASONS[int(self.reasons[row])]

    def faults_of(self, row: int) -> tuple[OpenFault, ...]:
        """The open tickets about the number in ``row``, the worst first."""
        return self.faults.get(self.result.names[row], ())

    def rows(self, *healths: Health, state: NumberState | None = None) -> Rows:
        """The rows whose health is one of ``healths``, and in ``state`` where it is given."""
        matches = np.isin(self.codes, [HEALTH_CODES[health] for health in healths])
        if state is not None:
            matches &= self.result.columns.states == NUMBER_CODES[state]
        return np.flatnonzero(matches)

    def counts(self) -> dict[str, int]:
        """How many numbers are in each health."""
        counts = np.bincount(self.codes, minlength=len(HEALTHS)).tolist()
        return {health.value: count for health, count in zip(HEALTHS, counts, strict=True)}


def assess(
    result: CheckResult,
    now: float,
    faults: AccountFaults = NO_FAULTS,
    before: AccountHealth | None = None,
) -> AccountHealth:
    """The health of every number of ``result`` at ``now``, epoch seconds.

    Args:
        result: The account's newest check result.
        now: Epoch seconds.
        faults: What open tickets say of its numbers.
        before: The account's previous health, from which unchanged columns are taken.
    """
    if before is not None and _is_same(before, result, faults, now):
        return replace(before, result=result, fresh_until=_fresh_until(result, now), at=now)
    calls = _calls(result, before)
    offered, answered = _call_counts(result, calls, now)
    counts = _phone_counts(result, before)
    facts = HealthFacts(
        listing_fresh=np.full(len(result.names), result.is_fresh(Capability.NUMBERS, now)),
        not_opened=_not_opened(result),
        up=result.columns.up,
        impaired=_impaired(result),
        **_phone_facts(result, counts, now),
        offered=offered,
        answered=answered,
        tickets=_ticket_effects(result, faults),
    )
    reasons = shared(decide(facts))
    return AccountHealth(
        result=result,
        faults=faults,
        codes=shared(healths_of(reasons)),
        reasons=reasons,
        offered=shared(offered),
        answered=shared(answered),
        phone_counts=counts,
        calls=calls,
        freshness=freshness(result, now),
        fresh_until=_fresh_until(result, now),
        at=now,
    )


_DECIDING: Final = ("names", "columns", "phones", "drift")
"""What of a result the health of its numbers follows from, beside how old its facts are."""


def _is_same(before: AccountHealth, result: CheckResult, faults: AccountFaults, now: float) -> bool:
    """Whether only the times of polls are others: most polls find nothing else."""
    former = before.result
    is_counted = before.calls is None and not result.snapshot.recent_calls
    return (
        is_counted
        and all(getattr(former, it) is getattr(result, it) for it in _DECIDING)
        and former.snapshot.previous_states is result.snapshot.previous_states
        and (before.faults is faults or before.faults == faults)
        and before.freshness == freshness(result, now)
    )


def freshness(result: CheckResult, now: float) -> tuple[bool, ...]:
    """Which facts are current, in the order of ``Capability``."""
    return tuple(result.is_fresh(capability, now) for capability in Capability)


def _fresh_until(result: CheckResult, now: float) -> float:
    """A moment at which all facts that are current now still are; those that are not stay so."""
    snapshot = result.snapshot
    ends = [
        (snapshot.polls[it].last_success or 0.0) + snapshot.stale_after[it] - _ROUNDING
        for it in Capability
        if result.is_fresh(it, now)
    ]
    return min(ends, default=math.inf)


def _calls(result: CheckResult, before: AccountHealth | None) -> CallColumns | None:
    if not result.snapshot.recent_calls:
        return None
    if before is None or before.calls is None:
        return CallColumns.of(result, None)
    is_same = before.result.snapshot.recent_calls is result.snapshot.recent_calls
    if is_same and before.result.names is result.names:
        return before.calls
    return CallColumns.of(result, before.calls)


def _call_counts(
    result: CheckResult, calls: CallColumns | None, now: float
) -> tuple[Counts, Counts]:
    if calls is None or not are_current(result, now):
        none = np.zeros(len(result.names), dtype=np.int8)
        return none, none
    return calls.counts(now)


def _phone_counts(result: CheckResult, before: AccountHealth | None) -> PhoneCounts:
    if before is not None and before.phone_counts.phones is result.phones:
        return before.phone_counts
    return PhoneCounts.of(result.phones)


def _phone_facts(result: CheckResult, counts: PhoneCounts, now: float) -> dict[str, Floats]:
    if result.is_fresh(Capability.REACHABILITY, now):
        return {
            "phones": result.phones.counts,
            "reachable": counts.reachable,
            "unreachable": counts.unreachable,
        }
    size = len(result.names)
    return {
        "phones": np.full(size, np.nan),
        "reachable": np.zeros(size),
        "unreachable": np.zeros(size),
    }


_NOT_OPENED: Final = np.array(
    [
        NUMBER_CODES[state]
        for state in (
            *(NumberState.IDLE, NumberState.PREOCCUPIED, NumberState.REVIEW),
            *(NumberState.REVIEW_REJECTED, NumberState.OPEN_UNFUNDED),
        )
    ]
)
"""States before a number's first service (docs/reference/domain.md §1, lifecycle)."""


def _not_opened(result: CheckResult) -> Flags:
    flags = np.isin(result.columns.states, _NOT_OPENED)
    if flags.any():
        for number, (before, _, _) in result.snapshot.previous_states.items():
            row = result.number_row(number) if before in IN_SERVICE_STATES else None
            if row is not None:
                # It was in service: that it is not any more is no beginning.
                flags[row] = False
    return flags


def _impaired(result: CheckResult) -> Flags:
    columns = result.columns
    is_low = columns.states == NUMBER_CODES[NumberState.LOW_BALANCE]
    return np.asarray(columns.mismatch | is_low | (result.drift.drifted > 0))


def _ticket_effects(result: CheckResult, faults: AccountFaults) -> Codes:
    effects = np.full(len(result.names), HEALTH_CODES[Health.OK], dtype=np.int8)
    for number, of_number in faults.items():
        row = result.number_row(number)
        if row is not None:
            effects[row] = HEALTH_CODES[of_number[0].effect]
    return effects
