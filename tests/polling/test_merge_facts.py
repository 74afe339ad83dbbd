"""Merging poll results: numbers that stay, are missing or gone, and listings that are rejected."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config.settings import Polling
from agent.model import Balance, Binding, Listing, Number, Routing
from agent.net.exchange import ProviderError
from agent.polling.listing import MAX_REJECTED
from agent.polling.merge import MergeState, merge, new_snapshot
from agent.polling.per_number import PerNumberResult
from agent.states import Capability, NumberState, PollFailure
from tests.proof_size import size

ALL = frozenset(Capability)
ACTIVE, UNKNOWN = NumberState.ACTIVE, NumberState.UNKNOWN
ARREARS = NumberState.SUSPENDED_ARREARS


def number(name, state=ACTIVE, **facts):
    return Number(f"400622{name:04d}", state, **facts)


def listing(*names, **kinds):
    return Listing(tuple(number(name) for name in sorted(names)), **kinds)


def start(*names):
    state = MergeState(new_snapshot("north", "hq", Polling(), ALL))
    return poll(state, listing(*names), now=1.0) if names else state


def poll(state, result, now=2.0, capability=Capability.NUMBERS):
    return merge(state, capability, result, now)


def states(state):
    return {int(n.number[-4:]): n.state for n in state.snapshot.listing.numbers}


def test_an_unchanged_listing_is_the_very_same_object_and_fresh():
    state = start(1, 2, 3)
    after = poll(state, listing(1, 2, 3), now=9.0)
    assert after.snapshot.listing is state.snapshot.listing
    assert after.snapshot.polls[Capability.NUMBERS].last_success == 9.0
    assert after.snapshot.revision == state.snapshot.revision + 1


def test_one_changed_number_leaves_the_others_the_same_objects():
    state = start(*range(1, 3000))
    changed = Listing(tuple(number(i, ARREARS if i == 7 else ACTIVE) for i in range(1, 3000)))
    after = poll(state, changed, now=5.0).snapshot
    same = [
        a is b for a, b in zip(after.listing.numbers, state.snapshot.listing.numbers, strict=True)
    ]
    assert same.count(False) == 1
    assert after.previous_states == {"4006220007": (ACTIVE, ARREARS, 5.0)}


def test_a_number_missing_once_is_unknown_and_missing_twice_is_gone():
    state = poll(start(1, 2, 3), listing(1, 3))
    assert states(state) == {1: ACTIVE, 2: UNKNOWN, 3: ACTIVE}
    assert not state.snapshot.gone
    state = poll(state, listing(1, 3))
    assert states(state) == {1: ACTIVE, 3: ACTIVE}
    assert state.snapshot.gone == {"4006220002"}


def test_a_number_that_one_of_the_unreadable_records_may_be_is_never_gone():
    state = start(1, 2, 3)
    for _ in range(4):
        state = poll(state, listing(1, 3, invalid_records=1))
        assert states(state) == {1: ACTIVE, 2: UNKNOWN, 3: ACTIVE}
        assert not state.snapshot.gone
    state = poll(state, listing(1, 3))
    assert state.snapshot.gone == {"4006220002"}


def test_records_that_never_were_readable_hide_no_number_that_went():
    state = poll(start(), listing(1, 2, 3, invalid_records=1), now=1.0)
    for _ in range(2):
        state = poll(state, listing(1, 3, invalid_records=1))
    assert state.snapshot.gone == {"4006220002"}


def test_a_number_that_was_missing_once_comes_back_without_a_state_change():
    state = poll(poll(start(1, 2, 3), listing(1, 3)), listing(1, 2, 3))
    assert states(state) == {1: ACTIVE, 2: ACTIVE, 3: ACTIVE}
    assert not state.snapshot.previous_states
    assert not state.last_states


def test_a_time_spent_unknown_is_skipped_in_the_state_change():
    state = poll(start(1, 2, 3), listing(1, 3))
    back = Listing((number(1), number(2, ARREARS), number(3)))
    assert poll(state, back, now=8.0).snapshot.previous_states == {
        "4006220002": (ACTIVE, ARREARS, 8.0)
    }


@pytest.mark.parametrize("left", [(), (1,), (1, 2)])
def test_a_listing_that_lost_half_is_rejected_three_times_then_accepted(left):
    state = start(1, 2, 3, 4)
    first = state.snapshot
    for poll_count in range(1, MAX_REJECTED + 1):
        state = poll(state, listing(*left), now=float(poll_count + 1))
        status = state.snapshot.polls[Capability.NUMBERS]
        assert state.snapshot.listing is first.listing
        assert (status.failure, status.last_success) == (PollFailure.PARTIAL, 1.0)
        assert f"{poll_count} so far" in status.detail
    state = poll(state, listing(*left), now=9.0)
    assert sorted(states(state)) == list(left)
    assert len(state.snapshot.gone) == 4 - len(left)
    assert state.snapshot.polls[Capability.NUMBERS].failure is None


def test_a_whole_listing_in_between_starts_the_count_anew():
    state = start(1, 2, 3, 4)
    for _ in range(MAX_REJECTED):
        state = poll(state, listing(1))
    state = poll(state, listing(1, 2, 3, 4))
    assert state.rejected == 0
    assert poll(state, listing(1)).snapshot.listing is state.snapshot.listing


def test_a_failed_poll_keeps_every_fact_and_says_why():
    state = start(1, 2)
    after = poll(state, ProviderError(PollFailure.TIMEOUT, "no answer"), now=7.0).snapshot
    status = after.polls[Capability.NUMBERS]
    assert after.listing is state.snapshot.listing
    assert (status.failure, status.detail) == (PollFailure.TIMEOUT, "no answer")
    assert (status.last_attempt, status.last_success) == (7.0, 1.0)
    assert not after.is_fresh(Capability.NUMBERS, 1.0 + 3 * 60 + 1)


def test_a_suspended_account_suspends_its_numbers_and_only_those_in_service():
    suspended = Listing(
        (number(1), number(2, NumberState.RECLAIMED), number(3, UNKNOWN)),
        account_state=NumberState.SUSPENDED_VIOLATION,
    )
    state = poll(start(1, 2, 3), suspended)
    assert states(state) == {
        1: NumberState.SUSPENDED_VIOLATION,
        2: NumberState.RECLAIMED,
        3: NumberState.SUSPENDED_VIOLATION,
    }
    assert poll(state, suspended).snapshot.listing is state.snapshot.listing


def test_a_number_that_returns_after_it_was_gone_starts_from_nothing():
    state = poll(
        start(1, 2, 3), PerNumberResult(["4006220002"], {"4006220002": Routing()}), 2.0, "routing"
    )
    state = poll(state, Listing((number(1), number(2, ARREARS), number(3))))
    state = poll(poll(state, listing(1, 3)), listing(1, 3))
    assert "4006220002" not in state.snapshot.routings
    state = poll(state, listing(1, 2, 3))
    assert state.snapshot.gone == frozenset()
    assert "4006220002" not in state.snapshot.previous_states


def test_another_holder_of_a_reclaimed_number_is_another_number():
    state = poll(start(), Listing((number(1, NumberState.RECLAIMED, company="A"),)))
    state = poll(
        state, PerNumberResult(["4006220001"], {"4006220001": ()}), 3.0, Capability.REACHABILITY
    )
    state = poll(state, Listing((number(1, company="B"),)))
    assert state.snapshot.previous_states == {}
    assert state.snapshot.bindings == {}


def test_only_what_changed_of_a_numbers_phones_is_replaced():
    phones = (Binding("b1", "13800000001"), Binding("b2", "13800000002"))
    state = poll(
        start(1), PerNumberResult(["4006220001"], {"4006220001": phones}), 2.0, "reachability"
    )
    same = tuple(msgspec.structs.replace(phone) for phone in phones)
    after = poll(state, PerNumberResult(["4006220001"], {"4006220001": same}), 3.0, "reachability")
    assert after.snapshot.bindings is state.snapshot.bindings
    moved = (same[0], msgspec.structs.replace(same[1], phone="13900000000"))
    after = poll(state, PerNumberResult(["4006220001"], {"4006220001": moved}), 3.0, "reachability")
    assert after.snapshot.bindings["4006220001"][0] is phones[0]
    assert after.snapshot.bindings["4006220001"][1] is moved[1]


def test_a_slice_touches_only_the_numbers_it_requested():
    both = PerNumberResult(["a", "b"], {"a": Routing(wait_seconds=1), "b": Routing(wait_seconds=2)})
    state = poll(start(), both, 2.0, Capability.ROUTING)
    state = poll(state, PerNumberResult(["b"], {}), 3.0, Capability.ROUTING)
    assert state.snapshot.routings == {"a": Routing(wait_seconds=1)}


def test_facts_received_before_a_failure_are_merged():
    error = ProviderError(PollFailure.TIMEOUT, "no answer")
    state = poll(start(), PerNumberResult(["a"], {"a": Routing()}, error), 3.0, Capability.ROUTING)
    assert state.snapshot.routings == {"a": Routing()}
    status = state.snapshot.polls[Capability.ROUTING]
    assert (status.failure, status.last_success) == (PollFailure.TIMEOUT, None)


def test_an_equal_balance_is_the_same_object():
    state = poll(start(), Balance(5.0, "CNY"), 2.0, Capability.BALANCE)
    after = poll(state, Balance(5.0, "CNY"), 3.0, Capability.BALANCE)
    assert after.snapshot.balance is state.snapshot.balance


SOME = st.sets(st.integers(1, 40))
FACTS = st.sampled_from([ACTIVE, ARREARS, NumberState.LOW_BALANCE, UNKNOWN])


@given(st.lists(st.dictionaries(st.integers(1, 40), FACTS), max_size=12))
@settings(max_examples=size(80, 800))
def test_any_run_of_listings_keeps_its_promises(run):
    state = start()
    recent = []
    for now, listed_states in enumerate(run, start=1):
        before = state.snapshot.listing
        new = Listing(tuple(number(name, listed_states[name]) for name in sorted(listed_states)))
        state = poll(state, new, now=float(now))
        recent = [*recent, set(listed_states)][-2:]
        after = state.snapshot
        names = [n.number for n in after.listing.numbers] if after.listing else []
        assert names == sorted(set(names))
        assert not after.gone & set(names)
        if after.polls[Capability.NUMBERS].failure is None:
            assert {int(name[-4:]) for name in names} >= set(listed_states)
            for listed in after.listing.numbers:
                assert listed.state is listed_states.get(int(listed.number[-4:]), UNKNOWN)
            lost = {n.number for n in before.numbers} - set(names) if before else set()
            assert not {int(name[-4:]) for name in lost} & set().union(*recent)
        else:
            assert after.listing is before
        former = {n.number: n for n in before.numbers} if before else {}
        for listed in after.listing.numbers if after.listing else ():
            if listed == former.get(listed.number):
                assert listed is former[listed.number]
        for begun, become, at in after.previous_states.values():
            assert begun != become
            assert UNKNOWN not in (begun, become)
            assert at <= now
