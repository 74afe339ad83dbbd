"""Listings: what stays, what is missing, what is gone, what is held."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config.settings import Polling
from agent.model import Balance, Binding, Listing, Number, Routing
from agent.net.exchange import ProviderError
from agent.polling.listing import HELD_POLLS
from agent.polling.merge import Known, fresh, merge
from agent.polling.per_number import PerNumberResult
from agent.states import Capability, NumberState, PollFailure

ALL = frozenset(Capability)
ACTIVE, UNKNOWN = NumberState.ACTIVE, NumberState.UNKNOWN
ARREARS = NumberState.SUSPENDED_ARREARS


def number(name, state=ACTIVE, **facts):
    return Number(f"400622{name:04d}", state, **facts)


def listing(*names, **kinds):
    return Listing(tuple(number(name) for name in sorted(names)), **kinds)


def start(*names):
    known = Known(fresh("north", "hq", Polling(), ALL))
    return poll(known, listing(*names), now=1.0) if names else known


def poll(known, result, now=2.0, capability=Capability.NUMBERS):
    return merge(known, capability, result, now)


def states(known):
    return {int(n.number[-4:]): n.state for n in known.snapshot.listing.numbers}


def test_an_unchanged_listing_is_the_very_same_object_and_fresh():
    known = start(1, 2, 3)
    after = poll(known, listing(1, 2, 3), now=9.0)
    assert after.snapshot.listing is known.snapshot.listing
    assert after.snapshot.polls[Capability.NUMBERS].last_success == 9.0
    assert after.snapshot.revision == known.snapshot.revision + 1


def test_one_changed_number_leaves_the_others_the_same_objects():
    known = start(*range(1, 3000))
    changed = Listing(tuple(number(i, ARREARS if i == 7 else ACTIVE) for i in range(1, 3000)))
    after = poll(known, changed, now=5.0).snapshot
    kept = [
        a is b for a, b in zip(after.listing.numbers, known.snapshot.listing.numbers, strict=True)
    ]
    assert kept.count(False) == 1
    assert after.previous_states == {"4006220007": (ACTIVE, ARREARS, 5.0)}


def test_a_number_missing_once_is_unknown_and_missing_twice_is_gone():
    known = poll(start(1, 2, 3), listing(1, 3))
    assert states(known) == {1: ACTIVE, 2: UNKNOWN, 3: ACTIVE}
    assert not known.snapshot.gone
    known = poll(known, listing(1, 3))
    assert states(known) == {1: ACTIVE, 3: ACTIVE}
    assert known.snapshot.gone == {"4006220002"}


def test_a_number_that_was_missing_once_comes_back_without_a_state_change():
    known = poll(poll(start(1, 2, 3), listing(1, 3)), listing(1, 2, 3))
    assert states(known) == {1: ACTIVE, 2: ACTIVE, 3: ACTIVE}
    assert not known.snapshot.previous_states
    assert not known.last_states


def test_time_spent_unknown_is_looked_through():
    known = poll(start(1, 2, 3), listing(1, 3))
    back = Listing((number(1), number(2, ARREARS), number(3)))
    assert poll(known, back, now=8.0).snapshot.previous_states == {
        "4006220002": (ACTIVE, ARREARS, 8.0)
    }


@pytest.mark.parametrize("left", [(), (1,), (1, 2)])
def test_a_listing_that_lost_half_is_held_three_times_then_believed(left):
    known = start(1, 2, 3, 4)
    first = known.snapshot
    for turn in range(1, HELD_POLLS + 1):
        known = poll(known, listing(*left), now=float(turn + 1))
        status = known.snapshot.polls[Capability.NUMBERS]
        assert known.snapshot.listing is first.listing
        assert (status.failure, status.last_success) == (PollFailure.PARTIAL, 1.0)
        assert f"{turn} so far" in status.detail
    known = poll(known, listing(*left), now=9.0)
    assert sorted(states(known)) == list(left)
    assert len(known.snapshot.gone) == 4 - len(left)
    assert known.snapshot.polls[Capability.NUMBERS].failure is None


def test_a_whole_listing_in_between_starts_the_holding_anew():
    known = start(1, 2, 3, 4)
    for _ in range(HELD_POLLS):
        known = poll(known, listing(1))
    known = poll(known, listing(1, 2, 3, 4))
    assert known.held == 0
    assert poll(known, listing(1)).snapshot.listing is known.snapshot.listing


def test_a_failed_poll_keeps_every_fact_and_says_why():
    known = start(1, 2)
    after = poll(known, ProviderError(PollFailure.TIMEOUT, "no answer"), now=7.0).snapshot
    status = after.polls[Capability.NUMBERS]
    assert after.listing is known.snapshot.listing
    assert (status.failure, status.detail) == (PollFailure.TIMEOUT, "no answer")
    assert (status.last_attempt, status.last_success) == (7.0, 1.0)
    assert not after.is_fresh(Capability.NUMBERS, 1.0 + 3 * 60 + 1)


def test_a_suspended_account_suspends_its_numbers_and_only_those_in_service():
    told = Listing(
        (number(1), number(2, NumberState.RECLAIMED), number(3, UNKNOWN)),
        account_state=NumberState.SUSPENDED_VIOLATION,
    )
    known = poll(start(1, 2, 3), told)
    assert states(known) == {
        1: NumberState.SUSPENDED_VIOLATION,
        2: NumberState.RECLAIMED,
        3: NumberState.SUSPENDED_VIOLATION,
    }
    assert poll(known, told).snapshot.listing is known.snapshot.listing


def test_a_number_that_returns_after_it_was_gone_starts_from_nothing():
    known = poll(
        start(1, 2, 3), PerNumberResult(["4006220002"], {"4006220002": Routing()}), 2.0, "routing"
    )
    known = poll(known, Listing((number(1), number(2, ARREARS), number(3))))
    known = poll(poll(known, listing(1, 3)), listing(1, 3))
    assert "4006220002" not in known.snapshot.routings
    known = poll(known, listing(1, 2, 3))
    assert known.snapshot.gone == frozenset()
    assert "4006220002" not in known.snapshot.previous_states


def test_another_holder_of_a_reclaimed_number_is_another_number():
    known = poll(start(), Listing((number(1, NumberState.RECLAIMED, company="A"),)))
    known = poll(
        known, PerNumberResult(["4006220001"], {"4006220001": ()}), 3.0, Capability.REACHABILITY
    )
    known = poll(known, Listing((number(1, company="B"),)))
    assert known.snapshot.previous_states == {}
    assert known.snapshot.bindings == {}


def test_only_what_changed_of_a_numbers_phones_is_replaced():
    phones = (Binding("b1", "13800000001"), Binding("b2", "13800000002"))
    known = poll(
        start(1), PerNumberResult(["4006220001"], {"4006220001": phones}), 2.0, "reachability"
    )
    same = tuple(msgspec.structs.replace(phone) for phone in phones)
    after = poll(known, PerNumberResult(["4006220001"], {"4006220001": same}), 3.0, "reachability")
    assert after.snapshot.bindings is known.snapshot.bindings
    moved = (same[0], msgspec.structs.replace(same[1], phone="13900000000"))
    after = poll(known, PerNumberResult(["4006220001"], {"4006220001": moved}), 3.0, "reachability")
    assert after.snapshot.bindings["4006220001"][0] is phones[0]
    assert after.snapshot.bindings["4006220001"][1] is moved[1]


def test_a_slice_touches_only_the_numbers_asked_for():
    both = PerNumberResult(["a", "b"], {"a": Routing(wait_seconds=1), "b": Routing(wait_seconds=2)})
    known = poll(start(), both, 2.0, Capability.ROUTING)
    known = poll(known, PerNumberResult(["b"], {}), 3.0, Capability.ROUTING)
    assert known.snapshot.routings == {"a": Routing(wait_seconds=1)}


def test_what_was_told_before_a_failure_holds():
    error = ProviderError(PollFailure.TIMEOUT, "no answer")
    known = poll(start(), PerNumberResult(["a"], {"a": Routing()}, error), 3.0, Capability.ROUTING)
    assert known.snapshot.routings == {"a": Routing()}
    status = known.snapshot.polls[Capability.ROUTING]
    assert (status.failure, status.last_success) == (PollFailure.TIMEOUT, None)


def test_an_equal_balance_is_the_same_object():
    known = poll(start(), Balance(5.0, "CNY"), 2.0, Capability.BALANCE)
    after = poll(known, Balance(5.0, "CNY"), 3.0, Capability.BALANCE)
    assert after.snapshot.balance is known.snapshot.balance


SOME = st.sets(st.integers(1, 40))
FACTS = st.sampled_from([ACTIVE, ARREARS, NumberState.LOW_BALANCE, UNKNOWN])


@given(st.lists(st.dictionaries(st.integers(1, 40), FACTS), max_size=12))
@settings(max_examples=300)
def test_any_run_of_listings_keeps_its_promises(run):
    known = start()
    recent = []
    for now, told in enumerate(run, start=1):
        before = known.snapshot.listing
        new = Listing(tuple(number(name, told[name]) for name in sorted(told)))
        known = poll(known, new, now=float(now))
        recent = [*recent, set(told)][-2:]
        after = known.snapshot
        names = [n.number for n in after.listing.numbers] if after.listing else []
        assert names == sorted(set(names))
        assert not after.gone & set(names)
        if after.polls[Capability.NUMBERS].failure is None:
            assert {int(name[-4:]) for name in names} >= set(told)
            for listed in after.listing.numbers:
                assert listed.state is told.get(int(listed.number[-4:]), UNKNOWN)
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
