"""Old snapshot, newly polled facts or a failure, the time: the next snapshot. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import msgspec

from agent.config.settings import Polling
from agent.model import Balance, Listing, PollStatus, Snapshot
from agent.net.exchange import ProviderError
from agent.polling.call_ledger import CallFacts
from agent.polling.listing import (
    HELD_POLLS,
    Difference,
    absentees,
    compare,
    is_new_incarnation,
    shrank,
    state_changes,
    states_before_unknown,
)
from agent.polling.per_number import PerNumberResult, merge_per_number_result, without
from agent.states import Capability, NumberState, PollFailure

GONE_KEPT = 20_000
"""So many gone numbers are remembered per account, the newest of them."""

Facts = Listing | PerNumberResult | Balance | CallFacts


# No repr: it would put every number, and people's phones, into a traceback or a log line.
@dataclass(frozen=True, repr=False)
class Known:
    """A snapshot, and what the next listing is judged by."""

    snapshot: Snapshot
    missing: frozenset[str] = frozenset()
    """Numbers missing from the newest complete listing."""
    held: int = 0
    """Listings in a row that were held because they had shrunk."""
    last_states: Mapping[str, NumberState] = field(default_factory=dict)
    """The last known state of the numbers that are unknown now."""
    gone: Mapping[str, float] = field(default_factory=dict)
    """When each gone number went, the earliest first."""


def fresh(provider: str, account: str, polling: Polling, asks: frozenset[Capability]) -> Snapshot:
    """The snapshot of an account that was never polled."""
    return adopted(Snapshot(provider, account, 0, {}, {}), polling, asks)


def adopted(snapshot: Snapshot, polling: Polling, asks: frozenset[Capability]) -> Snapshot:
    """``snapshot`` under (other) polling settings: facts stay, intervals are the new ones."""
    ordered = [capability for capability in Capability if capability in asks]
    intervals = {capability: polling.intervals.of(capability) for capability in ordered}
    return msgspec.structs.replace(
        snapshot,
        revision=snapshot.revision + 1,
        polls={
            capability: msgspec.structs.replace(
                snapshot.polls.get(capability, PollStatus(interval)), interval=interval
            )
            for capability, interval in intervals.items()
        },
        stale_after={
            capability: interval * polling.stale_intervals
            for capability, interval in intervals.items()
        },
    )


def merge(known: Known, capability: Capability, result: Facts | ProviderError, now: float) -> Known:
    """What is known after one poll of ``capability`` ended with ``result`` at ``now``.

    A failed poll changes no fact. Facts that a poll found unchanged stay the same objects.
    """
    if isinstance(result, ProviderError):
        return _with_facts(known, capability, now, result)
    if isinstance(result, Listing):
        return _merge_listing(known, result, now)
    facts = _merged_facts(known.snapshot, capability, result)
    if isinstance(result, PerNumberResult) and result.under_way:
        return _with_status(known, capability, _confirmed(known, capability, now), facts)
    error = result.error if isinstance(result, PerNumberResult) else None
    return _with_facts(known, capability, now, error, **facts)


def _merged_facts(snapshot: Snapshot, capability: Capability, facts: Facts) -> dict[str, Any]:
    if isinstance(facts, PerNumberResult):
        if capability is Capability.ROUTING:
            return {"routings": merge_per_number_result(snapshot.routings, facts)}
        return {"bindings": merge_per_number_result(snapshot.bindings, facts)}
    if isinstance(facts, Balance):
        return {"balance": snapshot.balance if facts == snapshot.balance else facts}
    assert isinstance(facts, CallFacts)
    return {
        "call_totals": facts.totals,
        "leg_totals": facts.legs,
        "call_waits": facts.waits,
        "recent_calls": facts.recent,
    }


def _with_facts(
    known: Known,
    capability: Capability,
    now: float,
    error: ProviderError | None,
    **facts: Any,
) -> Known:
    status = _status_after(known.snapshot.polls[capability], now, error)
    return _with_status(known, capability, status, facts)


def _confirmed(known: Known, capability: Capability, now: float) -> PollStatus:
    """The status while a poll goes on: its facts are new, whether it succeeds is open."""
    return msgspec.structs.replace(known.snapshot.polls[capability], last_success=now)


def _with_status(
    known: Known, capability: Capability, status: PollStatus, facts: Mapping[str, Any]
) -> Known:
    snapshot = known.snapshot
    return replace(
        known,
        snapshot=msgspec.structs.replace(
            snapshot,
            revision=snapshot.revision + 1,
            polls={**snapshot.polls, capability: status},
            **facts,
        ),
    )


def _status_after(status: PollStatus, now: float, error: ProviderError | None) -> PollStatus:
    if error is None:
        return PollStatus(status.interval, last_attempt=now, last_success=now)
    return msgspec.structs.replace(
        status, last_attempt=now, failure=error.kind, detail=error.detail
    )


def _merge_listing(known: Known, new: Listing, now: float) -> Known:
    old = known.snapshot.listing
    if shrank(old, new) and known.held < HELD_POLLS:
        assert old is not None
        held = replace(known, held=known.held + 1, missing=absentees(old.numbers, new.numbers))
        return _with_facts(held, Capability.NUMBERS, now, _held_error(old, new, held.held))
    return _replace_listing(known, new, now)


def _held_error(old: Listing, new: Listing, held: int) -> ProviderError:
    return ProviderError(
        PollFailure.PARTIAL,
        f"the listing shrank from {len(old.numbers)} numbers to {len(new.numbers)};"
        f" held until it was seen {HELD_POLLS + 1} times in a row ({held} so far)",
    )


def _replace_listing(known: Known, new: Listing, now: float) -> Known:
    snapshot = known.snapshot
    old = snapshot.listing
    difference = compare(old.numbers if old else (), new, known.missing)
    reborn = _reborn(known, difference)
    gone = _gone_after(known.gone, difference, now)
    after = replace(
        known,
        missing=frozenset(difference.missing),
        held=0,
        last_states=_without_keys(
            states_before_unknown(difference.changed, known.last_states), difference.gone
        ),
        gone=gone,
    )
    ended = difference.gone | reborn
    return _with_facts(
        after,
        Capability.NUMBERS,
        now,
        None,
        listing=_same_or_new(old, difference, new),
        gone=snapshot.gone if gone is known.gone else frozenset(gone),
        previous_states=_previous_states(known, difference, ended, now),
        bindings=without(snapshot.bindings, ended),
        routings=without(snapshot.routings, ended),
    )


def _same_or_new(old: Listing | None, difference: Difference, new: Listing) -> Listing:
    unchanged = (
        old is not None
        and not difference.changed
        and not difference.gone
        and old.invalid_records == new.invalid_records
        and old.account_state == new.account_state
    )
    if old is not None and unchanged:
        return old
    return Listing(tuple(difference.numbers), new.invalid_records, new.account_state)


def _reborn(known: Known, difference: Difference) -> set[str]:
    return {
        number.number
        for former, number in difference.changed
        if (former is None and number.number in known.gone) or is_new_incarnation(former, number)
    }


def _gone_after(
    gone: Mapping[str, float], difference: Difference, now: float
) -> Mapping[str, float]:
    back = {number.number for _, number in difference.changed if number.number in gone}
    if not back and not difference.gone:
        return gone
    after = {number: at for number, at in gone.items() if number not in back}
    after.update(dict.fromkeys(sorted(difference.gone), now))
    return dict(islice(after.items(), max(0, len(after) - GONE_KEPT), None))


def _previous_states(
    known: Known, difference: Difference, ended: set[str], now: float
) -> Mapping[str, tuple[NumberState, NumberState, float]]:
    before = known.snapshot.previous_states
    changes = state_changes(difference.changed, known.last_states)
    kept = _without_keys(before, ended)
    if not changes:
        return kept
    # Numbers that went the same way at the same time share one record.
    records = {change: (*change, now) for change in set(changes.values())}
    return {**kept, **{number: records[change] for number, change in changes.items()}}


def _without_keys(mapping: Mapping[str, Any], keys: set[str]) -> Mapping[str, Any]:
    if not any(key in mapping for key in keys):
        return mapping
    return {key: value for key, value in mapping.items() if key not in keys}
