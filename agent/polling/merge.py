"""Merges the result of a poll into an account's snapshot: pure functions of both and the time."""

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
    MAX_REJECTED,
    ListingDiff,
    compare,
    has_halved,
    is_reassigned,
    missing_numbers,
    state_changes,
    states_before_unknown,
)
from agent.polling.per_number import (
    PerNumberResult,
    in_doubt,
    merge_per_number_result,
    silent_on_missing,
    unlisted_bindings,
    without,
)
from agent.polling.pushed import Pushed, with_pushed_numbers, with_pushed_phones
from agent.states import Capability, NumberState, PollFailure

MAX_GONE = 20_000
"""Gone numbers remembered per account, the newest."""

Facts = Listing | PerNumberResult | Balance | CallFacts


# No repr: it would put every number, and people's phones, into a traceback or a log line.
@dataclass(frozen=True, repr=False)
class MergeState:
    """A snapshot, and what the next listing is compared with beside it."""

    snapshot: Snapshot
    missing: frozenset[str] = frozenset()
    """Numbers missing from the newest complete listing."""
    unreadable: int = 0
    """Records that could not be read in the newest listing that missed no number."""
    rejected: int = 0
    """Consecutive listings that were rejected because they had shrunk."""
    last_states: Mapping[str, NumberState] = field(default_factory=dict)
    """The last known state of the numbers that are unknown now."""
    gone: Mapping[str, float] = field(default_factory=dict)
    """When each gone number went (epoch seconds), the earliest first."""
    clock_set: float = 0.0
    """By how many seconds the agent's clock was set since the state was new."""
    pushed: Pushed = field(default_factory=Pushed)
    """What the provider pushed, and which polls say otherwise."""


def new_snapshot(
    provider: str, account: str, polling: Polling, capabilities: frozenset[Capability]
) -> Snapshot:
    """The snapshot of an account that was never polled."""
    return with_settings(Snapshot(provider, account, 0, {}, {}), polling, capabilities)


def with_settings(
    snapshot: Snapshot, polling: Polling, capabilities: frozenset[Capability]
) -> Snapshot:
    """``snapshot`` under other polling settings: the facts stay, the intervals are replaced."""
    ordered = [capability for capability in Capability if capability in capabilities]
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


def restated(state: MergeState, step: float) -> MergeState:
    """``state`` after the agent's clock was set by ``step`` seconds: nothing is older."""
    return replace(
        state,
        snapshot=_with_phones_restated(state.snapshot.restated(step), step),
        gone={number: at + step for number, at in state.gone.items()},
        clock_set=state.clock_set + step,
        pushed=state.pushed.restated(step),
    )


def _with_phones_restated(snapshot: Snapshot, step: float) -> Snapshot:
    """``snapshot``, whose phones' states were known as long ago as before the clock was set."""
    bindings = {
        number: tuple(
            it if it.state_at is None else msgspec.structs.replace(it, state_at=it.state_at + step)
            for it in phones
        )
        if any(it.state_at is not None for it in phones)
        else phones
        for number, phones in snapshot.bindings.items()
    }
    return msgspec.structs.replace(snapshot, bindings=bindings)


def merge(
    state: MergeState,
    capability: Capability,
    result: Facts | ProviderError,
    now: float,
    age: float = 0.0,
    took: float = 0.0,
) -> MergeState:
    """The state after a poll of ``capability`` ended with ``result`` at ``now``.

    The facts were ``age`` seconds old when they arrived: a cache between may serve yesterday's. The
    poll ``took`` so many seconds: what was pushed meanwhile holds.
    A failed poll changes no fact. Facts that a poll found unchanged stay the same objects.
    """
    began = now - max(age, took)
    if not age or isinstance(result, ProviderError):
        return _merge(state, capability, result, now, began)
    stale_after = state.snapshot.stale_after[capability]
    if age > stale_after:
        error = ProviderError(
            PollFailure.OUTDATED,
            f"the answers are {age:.0f} s old by their own Date or Age,"
            f" facts are too old after {stale_after:g} s",
        )
        return _after_poll(state, capability, now, error)
    known_at = state.snapshot.polls[capability].last_success
    if known_at is not None and now - age < known_at:
        return _without_facts(state, capability, result, now)
    merged = _merge(state, capability, result, now, began)
    return _dated(merged, capability, now, now - age)


def _without_facts(
    state: MergeState, capability: Capability, result: Facts, now: float
) -> MergeState:
    """The state after a poll whose answers are older than what is known."""
    error = result.error if isinstance(result, PerNumberResult) else None
    if error is not None:
        return _after_poll(state, capability, now, error)
    former = state.snapshot.polls[capability]
    status = PollStatus(former.interval, now, former.last_success)
    return _with_status(state, capability, status, {})


def _dated(state: MergeState, capability: Capability, now: float, known_at: float) -> MergeState:
    """The state with the facts of a poll that succeeded at ``now`` dated ``known_at``."""
    polls = state.snapshot.polls
    if polls[capability].last_success != now:
        return state
    status = msgspec.structs.replace(polls[capability], last_success=known_at)
    snapshot = msgspec.structs.replace(state.snapshot, polls={**polls, capability: status})
    return replace(state, snapshot=snapshot)


def _merge(
    state: MergeState,
    capability: Capability,
    result: Facts | ProviderError,
    now: float,
    began: float,
) -> MergeState:
    if isinstance(result, ProviderError):
        return _after_poll(state, capability, now, result)
    if isinstance(result, Listing):
        return _merge_listing(state, result, now, began)
    if capability is Capability.REACHABILITY and isinstance(result, PerNumberResult):
        pushed = state.pushed.after_phones(result, began)
        state, result = replace(state, pushed=pushed), with_pushed_phones(result, pushed.phones)
    facts = _merged_facts(state, capability, result)
    if isinstance(result, PerNumberResult) and result.under_way:
        # The facts received so far are fresh; whether the poll succeeds is still open.
        status = msgspec.structs.replace(state.snapshot.polls[capability], last_success=now)
        return _with_status(state, capability, status, facts)
    error = result.error if isinstance(result, PerNumberResult) else None
    status = _status_after(state.snapshot.polls[capability], now, error)
    if isinstance(result, PerNumberResult) and result.of_some_numbers:
        # What was read is as fresh as after any other poll.
        status = msgspec.structs.replace(status, last_success=now)
    return _with_status(state, capability, status, facts)


def _merged_facts(state: MergeState, capability: Capability, facts: Facts) -> dict[str, Any]:
    snapshot = state.snapshot
    if isinstance(facts, PerNumberResult):
        if capability is Capability.ROUTING:
            return {"routings": merge_per_number_result(snapshot.routings, facts)}
        return _merged_bindings(snapshot, silent_on_missing(facts, state.missing))
    if isinstance(facts, Balance):
        return {"balance": snapshot.balance if facts == snapshot.balance else facts}
    assert isinstance(facts, CallFacts)
    return {
        "call_totals": facts.totals,
        "leg_totals": facts.legs,
        "call_waits": facts.waits,
        "recent_calls": facts.recent,
    }


def _merged_bindings(snapshot: Snapshot, facts: PerNumberResult) -> dict[str, Any]:
    unlisted = unlisted_bindings(facts, snapshot.unlisted_bindings, snapshot.gone)
    certain = in_doubt(facts) if unlisted else facts
    return {
        "bindings": merge_per_number_result(snapshot.bindings, certain),
        "unlisted_bindings": unlisted,
    }


def _after_poll(
    state: MergeState,
    capability: Capability,
    now: float,
    error: ProviderError | None,
    **facts: Any,
) -> MergeState:
    status = _status_after(state.snapshot.polls[capability], now, error)
    return _with_status(state, capability, status, facts)


def _with_status(
    state: MergeState, capability: Capability, status: PollStatus, facts: Mapping[str, Any]
) -> MergeState:
    snapshot = state.snapshot
    return replace(
        state,
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


def _merge_listing(state: MergeState, new: Listing, now: float, began: float) -> MergeState:
    old = state.snapshot.listing
    if has_halved(old, new) and state.rejected < MAX_REJECTED:
        assert old is not None
        rejected = state.rejected + 1
        after = replace(state, rejected=rejected, missing=missing_numbers(old.numbers, new.numbers))
        return _after_poll(after, Capability.NUMBERS, now, _shrunk_error(old, new, rejected))
    pushed = state.pushed.after_listing(new, began)
    new = with_pushed_numbers(new, pushed.numbers)
    return _replace_listing(replace(state, pushed=pushed), new, now)


def _shrunk_error(old: Listing, new: Listing, rejected: int) -> ProviderError:
    return ProviderError(
        PollFailure.PARTIAL,
        f"the listing shrank from {len(old.numbers)} numbers to {len(new.numbers)};"
        f" not accepted until seen {MAX_REJECTED + 1} times in a row ({rejected} so far)",
    )


def _replace_listing(state: MergeState, new: Listing, now: float) -> MergeState:
    snapshot = state.snapshot
    old = snapshot.listing
    # What is missing may be what could not be read: then it is unknown, and never gone.
    is_hiding = new.invalid_records > state.unreadable
    diff = compare(old.numbers if old else (), new, frozenset() if is_hiding else state.missing)
    gone = _gone_after(state.gone, diff, now)
    after = replace(
        state,
        # An equal set is the same object, as it is of all facts: two empty ones need not be.
        missing=state.missing if diff.missing == state.missing else frozenset(diff.missing),
        unreadable=state.unreadable if diff.missing or diff.gone else new.invalid_records,
        rejected=0,
        last_states=_without_keys(
            states_before_unknown(diff.changed, state.last_states), diff.gone
        ),
        gone=gone,
    )
    # Facts about a number's former holder must not be taken for the new one's.
    ended = diff.gone | _reassigned(state, diff)
    return _after_poll(
        replace(after, pushed=state.pushed.without(ended)),
        Capability.NUMBERS,
        now,
        None,
        listing=_same_or_new(old, diff, new),
        gone=snapshot.gone if gone is state.gone else frozenset(gone),
        gone_at=gone,
        previous_states=_previous_states(state, diff, ended, now),
        bindings=without(snapshot.bindings, ended),
        routings=without(snapshot.routings, ended),
    )


def _same_or_new(old: Listing | None, diff: ListingDiff, new: Listing) -> Listing:
    unchanged = (
        old is not None
        and not diff.changed
        and not diff.gone
        and old.invalid_records == new.invalid_records
        and old.account_state == new.account_state
    )
    if old is not None and unchanged:
        return old
    return Listing(tuple(diff.numbers), new.invalid_records, new.account_state)


def _reassigned(state: MergeState, diff: ListingDiff) -> set[str]:
    return {
        number.number
        for former, number in diff.changed
        if (former is None and number.number in state.gone) or is_reassigned(former, number)
    }


def _gone_after(gone: Mapping[str, float], diff: ListingDiff, now: float) -> Mapping[str, float]:
    back = {number.number for _, number in diff.changed if number.number in gone}
    if not back and not diff.gone:
        return gone
    after = {number: at for number, at in gone.items() if number not in back}
    after.update(dict.fromkeys(sorted(diff.gone), now))
    return dict(islice(after.items(), max(0, len(after) - MAX_GONE), None))


def _previous_states(
    state: MergeState, diff: ListingDiff, ended: set[str], now: float
) -> Mapping[str, tuple[NumberState, NumberState, float]]:
    before = state.snapshot.previous_states
    changes = state_changes(diff.changed, state.last_states)
    unended = _without_keys(before, ended)
    if not changes:
        return unended
    # Numbers that changed alike at the same time share one tuple.
    records = {change: (*change, now) for change in set(changes.values())}
    return {**unended, **{number: records[change] for number, change in changes.items()}}


def _without_keys(mapping: Mapping[str, Any], keys: set[str]) -> Mapping[str, Any]:
    if not any(key in mapping for key in keys):
        return mapping
    return {key: value for key, value in mapping.items() if key not in keys}
