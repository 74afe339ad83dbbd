"""What is written of an account is read back whole, and only what has changed is another part."""

from dataclasses import replace

import msgspec
import pytest

from agent.config.settings import Polling
from agent.model import (
    Balance,
    Binding,
    CallOutcome,
    Listing,
    Number,
    PollStatus,
    Routing,
    Snapshot,
)
from agent.polling.call_ledger import CallFacts, CountedCalls
from agent.polling.handover import Handover, OpenBreaker, RequestTimes, SentRequests
from agent.polling.merge import MergeState, merge, new_snapshot
from agent.polling.per_number import PerNumberResult
from agent.polling.pushed import Pushed
from agent.providers.pushed import PushedNumber
from agent.replicas.account_parts import (
    HANDOVER,
    AccountParts,
    PollingState,
    decode_call_ids,
    decode_handover,
    encode,
    encode_handover,
    identities,
)
from agent.states import BindingState, CallResult, Capability, NumberState, PollFailure

NUMBER = "4006220001"
CALLS = {(NUMBER, CallResult.ANSWERED): 3}


PUSHED = PushedNumber(NUMBER, NumberState.ACTIVE, at=860.0)


def state() -> PollingState:
    snapshot = Snapshot(
        "north",
        "hq",
        7,
        {Capability.NUMBERS: PollStatus(60.0, 900.0, 890.0, PollFailure.TIMEOUT, "late")},
        {Capability.NUMBERS: 180.0},
        listing=Listing((Number(number=NUMBER, state=NumberState.ACTIVE),)),
        bindings={
            NUMBER: (Binding(id="b1", phone="13800000001", state=BindingState.OK, state_at=880.0),)
        },
        unlisted_bindings={"4006220007": (Binding(id="b2", phone="13800000002"),)},
        routings={NUMBER: Routing(wait_seconds=20)},
        balance=Balance(5.0, "CNY"),
        call_totals=CALLS,
        call_waits={NUMBER: (1, 2, 0, 0, 0, 0, 0, 0, 0)},
        leg_totals={(NUMBER, "b1", CallResult.ANSWERED): 3},
        recent_calls={NUMBER: (CallOutcome(870.0, CallResult.ANSWERED),)},
        gone=frozenset({"4006220009"}),
        gone_at={"4006220009": 700.0},
        previous_states={NUMBER: (NumberState.ACTIVE, NumberState.UNKNOWN, 800.0)},
        routing_parts=frozenset({"schedule"}),
    )
    merged = MergeState(
        snapshot,
        missing=frozenset({"4006220008"}),
        unreadable=2,
        rejected=1,
        last_states={"4006220008": NumberState.ACTIVE},
        gone={"4006220009": 700.0},
        pushed=Pushed(
            {NUMBER: PushedNumber(NUMBER, NumberState.ACTIVE, at=860.0)}, listed_at=850.0
        ),
    )
    sent = SentRequests(5.0, (RequestTimes(5, 1.0, "", (0.5, 0.1)),), 3.0, on_trial=True)
    breakers = {Capability.CALLS: OpenBreaker(3, 20.0, PollFailure.AUTH)}
    counted = CountedCalls(1.0, 2.0, 3.0, 4.0, CallFacts(CALLS))
    handover = Handover(sent, counted, breakers, 5.0)
    return PollingState(merged, lambda: handover, {4: {1, 2**64 - 1}}, 9, counted.facts)


def written(state: PollingState, clock_ahead: float = 0.0) -> dict[str, bytes]:
    parts = {it: encode(it, state, clock_ahead) for it in identities(state) if it != HANDOVER}
    return {**parts, HANDOVER: encode_handover(state.export(), is_last=False)}


def read(parts: dict[str, bytes], clock_ahead: float = 0.0) -> MergeState:
    account = AccountParts("north", "hq")
    for name, value in parts.items():
        account.put(name, value)
    merged = account.merged(clock_ahead)
    assert merged is not None
    return merged


def test_everything_is_read_back() -> None:
    before = state()
    parts = written(before)
    assert read(parts) == before.merged
    handover, is_last = decode_handover(parts[HANDOVER])
    assert msgspec.msgpack.encode(handover) == msgspec.msgpack.encode(before.export())
    assert not is_last
    assert {hour: set(ids) for hour, ids in decode_call_ids(parts).items()} == before.call_ids


def test_nothing_of_a_snapshot_is_left_out_above() -> None:
    """What was never set would be read back equal although it was not written."""
    snapshot = state().merged.snapshot
    unset = [it.name for it in msgspec.structs.fields(Snapshot) if not getattr(snapshot, it.name)]
    assert unset == []


def test_a_reader_with_another_clock_finds_facts_as_old_as_they_are() -> None:
    """The writer's clock is an hour ahead of the database's, the reader's two minutes behind."""
    restated = read(written(state(), 3600.0), -120.0)
    status = restated.snapshot.polls[Capability.NUMBERS]
    assert status.last_success == 890.0 - 3720.0
    assert restated.pushed.listed_at == 850.0 - 3720.0
    assert restated.gone == {"4006220009": 700.0 - 3720.0}


def test_what_did_not_change_is_the_same_part() -> None:
    before = state()
    polls = {Capability.NUMBERS: PollStatus(60.0, 960.0, 960.0)}
    snapshot = msgspec.structs.replace(before.merged.snapshot, polls=polls)
    after = PollingState(
        MergeState(snapshot, *[getattr(before.merged, it) for it in _REST]),
        before.export,
        before.call_ids,
        before.sent + 1,
        before.counted,
    )
    changed = {
        name
        for name, objects in identities(after).items()
        if not all(a is b or a == b for a, b in zip(objects, identities(before)[name], strict=True))
    }
    assert changed == {"status", HANDOVER}


def polled_again(merged: MergeState, now: float) -> MergeState:
    """``merged`` after answers that are always equal and never the same objects."""
    phones = {NUMBER: (Binding(id="b1", phone="13800000001", state=BindingState.OK),)}
    listing = Listing((Number(number=NUMBER, state=NumberState.ACTIVE),))
    bound = PerNumberResult([NUMBER], phones, of_all_numbers=True)
    merged = merge(merged, Capability.NUMBERS, listing, now)
    merged = merge(merged, Capability.REACHABILITY, bound, now)
    return merge(merged, Capability.BALANCE, Balance(5.0, "CNY"), now)


def test_a_poll_that_found_nothing_new_makes_no_other_part_of_the_facts() -> None:
    """Every other replica would read, decode and check all of it again after each poll."""
    polled = frozenset({Capability.NUMBERS, Capability.REACHABILITY, Capability.BALANCE})
    first = polled_again(MergeState(new_snapshot("north", "hq", Polling(), polled)), 900.0)
    parts = [
        identities(replace(state(), merged=merged))
        for merged in (first, polled_again(first, 960.0))
    ]
    changed = {
        name
        for name, objects in parts[1].items()
        if not all(a is b for a, b in zip(objects, parts[0][name], strict=True))
    }
    assert changed == {"status", "pushed", HANDOVER}


def test_what_is_read_again_and_equal_stays_the_same_object() -> None:
    """Whoever checks by identity checks one number again, not the whole account."""
    other = "4006220002"
    before = state()
    listing = Listing((*_listed(before), Number(number=other, state=NumberState.ACTIVE)))
    phones = {other: (Binding(id="b9", phone="13800000009"),)}
    before = _with(before, listing=listing, bindings={**before.merged.snapshot.bindings, **phones})
    account = AccountParts("north", "hq")
    read_again = []
    suspended = Number(number=other, state=NumberState.SUSPENDED_ARREARS)
    after = _with(before, listing=Listing((*listing.numbers[:1], suspended)))
    for it in (before, before, after):
        for name, value in written(it).items():
            account.put(name, value)
        read_again.append(account.merged(0.0))
    first, second, third = (it.snapshot for it in read_again if it is not None)
    for facts in ("listing", "bindings", "routings", "balance", "previous_states", "call_totals"):
        assert getattr(second, facts) is getattr(first, facts), facts
    assert first.listing is not None
    assert third.listing is not None
    assert third.listing == after.merged.snapshot.listing
    assert third.listing.numbers[0] is first.listing.numbers[0]
    assert third.bindings is first.bindings


def test_what_is_read_again_has_nothing_that_is_gone() -> None:
    before = state()
    account = AccountParts("north", "hq")
    fewer = _with(before, listing=Listing(()), bindings={}, routings={})
    for it in (before, fewer):
        for name, value in written(it).items():
            account.put(name, value)
    assert account.merged(0.0) == fewer.merged


def _listed(state: PollingState) -> tuple[Number, ...]:
    assert state.merged.snapshot.listing is not None
    return state.merged.snapshot.listing.numbers


def _with(state: PollingState, **facts: object) -> PollingState:
    snapshot = msgspec.structs.replace(state.merged.snapshot, **facts)
    return replace(state, merged=replace(state.merged, snapshot=snapshot))


_REST = ("missing", "unreadable", "rejected", "last_states", "gone", "clock_set", "pushed")


def test_a_damaged_part_is_an_error_and_an_unknown_one_is_left_out() -> None:
    account = AccountParts("north", "hq")
    account.put("of-a-later-version", b"\xc1")
    with pytest.raises(ValueError, match=r"."):
        account.put("status", b"\xc1")
    assert account.merged(0.0) is None
