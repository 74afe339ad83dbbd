"""Merges pushed facts into an account's snapshot: a pure function of both and the time.

A push changes the state of numbers and phones that are known, and nothing else: it is no poll, so
it makes no fact fresh, and neither a number nor a phone exists because of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from agent.model import Call, PollStatus, Snapshot
from agent.polling.listing import state_changes, states_before_unknown
from agent.polling.merge import MergeState
from agent.polling.per_number import PerNumberResult, merge_per_number_result
from agent.polling.pushed import (
    PushOutcome,
    find_numbers,
    has_number,
    has_phone,
    with_pushed_numbers,
    with_pushed_phones,
)
from agent.providers.pushed import PushedNumber, PushedPhone
from agent.states import Capability


def merge_pushed(
    state: MergeState, facts: Iterable[PushedNumber | PushedPhone], now: float
) -> tuple[MergeState, list[PushOutcome]]:
    """The state with the states in ``facts``, each with its time, and what became of each."""
    outcomes: list[PushOutcome] = []
    numbers: set[str] = set()
    phones: set[str] = set()
    for fact in facts:
        if isinstance(fact, PushedNumber):
            pushed, outcome = state.pushed.with_number(fact)
            numbers.add(fact.number)
        else:
            pushed, outcome = state.pushed.with_phone(fact)
            phones.add(fact.number)
        state = replace(state, pushed=pushed)
        if outcome is PushOutcome.APPLIED and not _is_known(state, fact):
            outcome = PushOutcome.UNLISTED
        outcomes.append(outcome)
    state = _with_numbers(state, numbers, now)
    return _with_phones(state, phones), outcomes


def with_calls(state: MergeState, snapshot: Snapshot, facts: Mapping[str, Any]) -> MergeState:
    """The state with ``snapshot`` and the ``facts`` of the calls counted so far."""
    changed = msgspec.structs.replace(snapshot, revision=state.snapshot.revision + 1, **facts)
    return replace(state, snapshot=changed)


def listed_calls(snapshot: Snapshot, calls: Iterable[Call]) -> list[Call]:
    """Those of ``calls`` that are of a number which the account lists."""
    return [call for call in calls if has_number(snapshot.listing, call.number)]


def with_call_status(snapshot: Snapshot, received_at: float, max_silence: float) -> Snapshot:
    """``snapshot`` whose calls, which are pushed, count as complete for ``max_silence`` seconds."""
    status = PollStatus(max_silence, last_attempt=received_at, last_success=received_at)
    return msgspec.structs.replace(
        snapshot,
        polls={**snapshot.polls, Capability.CALLS: status},
        stale_after={**snapshot.stale_after, Capability.CALLS: max_silence},
    )


def _is_known(state: MergeState, fact: PushedNumber | PushedPhone) -> bool:
    snapshot = state.snapshot
    if isinstance(fact, PushedNumber):
        return has_number(snapshot.listing, fact.number) and fact.number not in state.missing
    return has_phone(snapshot.bindings.get(fact.number, ()), fact)


def _with_numbers(state: MergeState, numbers: set[str], now: float) -> MergeState:
    snapshot = state.snapshot
    old = snapshot.listing
    # A number that the newest listing misses stays unknown, whatever is pushed about it.
    names = numbers - state.missing
    pushed = {name: it for name, it in state.pushed.numbers.items() if name in names}
    if old is None or not pushed:
        return state
    new = with_pushed_numbers(old, pushed)
    changed = [
        (before, after)
        for before, after in zip(find_numbers(old, pushed), find_numbers(new, pushed), strict=True)
        if before != after
    ]
    if not changed:
        return state
    changes = state_changes(changed, state.last_states)
    changed_at = {number: (*change, now) for number, change in changes.items()}
    after = msgspec.structs.replace(
        snapshot,
        revision=snapshot.revision + 1,
        listing=new,
        previous_states={**snapshot.previous_states, **changed_at},
    )
    last_states = states_before_unknown(changed, state.last_states)
    return replace(state, snapshot=after, last_states=last_states)


def _with_phones(state: MergeState, numbers: set[str]) -> MergeState:
    snapshot = state.snapshot
    known = {it: snapshot.bindings[it] for it in numbers if it in snapshot.bindings}
    pushed = {key: it for key, it in state.pushed.phones.items() if key[0] in known}
    if not pushed:
        return state
    result = with_pushed_phones(PerNumberResult(tuple(known), known), pushed)
    bindings = merge_per_number_result(snapshot.bindings, result)
    if bindings is snapshot.bindings:
        return state
    changed = msgspec.structs.replace(snapshot, revision=snapshot.revision + 1, bindings=bindings)
    return replace(state, snapshot=changed)
