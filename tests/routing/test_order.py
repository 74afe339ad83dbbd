"""The order in which phones ring, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model import Binding, Routing
from agent.routing.order import ring_sequence, sort_phones, wait_of
from agent.routing.outcome import Leg
from agent.states import Strategy


def phone(name, **more):
    return Binding(name, "", **more)


A, B, C = (phone(name) for name in "abc")


def order(strategy, phones, turn=0, draw=0.0):
    legs, _ = ring_sequence(Routing(strategy, 10.0), phones, turn, draw)
    return "".join(leg.binding for leg in legs)


def test_the_routing_s_order_goes_before_positions_and_the_listing():
    phones = [phone("x", position=2), phone("y", position=1), phone("a"), phone("b", position=9)]
    routing = Routing(binding_order=("b", "a"))
    assert [it.id for it in sort_phones(routing, phones)] == ["b", "a", "y", "x"]
    assert [it.id for it in sort_phones(Routing(), [C, A, B])] == ["c", "a", "b"]


def test_a_phone_s_own_wait_goes_before_the_number_s():
    routing = Routing(wait_seconds=10.0)
    assert wait_of(routing, A) == 10.0
    assert wait_of(routing, phone("a", wait_seconds=0.0)) == 0.0
    assert wait_of(Routing(), A) is None


def test_legs_follow_each_other_until_a_wait_is_unknown():
    routing = Routing(Strategy.SEQUENTIAL)
    known, other = phone("a", wait_seconds=3.0), phone("d", wait_seconds=4.0)
    assert ring_sequence(routing, [known, other], 0, 0.0) == (
        (Leg("a", 0.0, 3.0), Leg("d", 3.0, 4.0)),
        7.0,
    )
    assert ring_sequence(routing, [known, B, other], 0, 0.0) == (
        (Leg("a", 0.0, 3.0), Leg("b", 3.0, None), Leg("d", None, 4.0)),
        None,
    )
    assert ring_sequence(routing, [], 0, 0.0) == ((), 0.0)


def test_all_at_once():
    routing = Routing(Strategy.SIMULTANEOUS)
    known, other = phone("a", wait_seconds=3.0), phone("d", wait_seconds=4.0)
    assert ring_sequence(routing, [other, known], 0, 0.0) == (
        (Leg("d", 0.0, 4.0), Leg("a", 0.0, 3.0)),
        4.0,
    )
    assert ring_sequence(routing, [known, B], 0, 0.0)[1] is None
    assert ring_sequence(routing, [], 0, 0.0) == ((), 0.0)


def test_each_call_begins_with_the_next_phone():
    turns = [order(Strategy.CYCLIC, [A, B, C], turn) for turn in range(5)]
    assert turns == ["abc", "bca", "cab", "abc", "bca"]
    assert order(Strategy.CYCLIC, []) == ""


def test_a_draw_selects_one_of_all_permutations():
    orders = [order(Strategy.RANDOM, [A, B, C], draw=(step + 0.5) / 6) for step in range(6)]
    assert orders == ["abc", "acb", "bac", "bca", "cab", "cba"]
    assert order(Strategy.RANDOM, [A, B, C], draw=1.0 - 2**-53) == "cba"
    assert order(Strategy.RANDOM, [A, B], draw=1.0) == "ba"


@pytest.mark.parametrize(
    ("draw", "expected"),
    [(0.0, "acbd"), (0.29, "acbd"), (0.3, "bcad"), (0.39, "bcad"), (0.4, "cabd"), (0.99, "cabd")],
)
def test_the_first_by_weight_and_the_others_by_falling_weight(draw, expected):
    weighted = [
        phone("a", weight=30.0),
        phone("b", weight=10.0),
        phone("c", weight=60.0),
        phone("d", weight=0.0),
    ]
    assert order(Strategy.WEIGHTED, weighted, draw=draw) == expected
    assert order(Strategy.WEIGHTED, weighted[::-1], draw=0.0)[0] == "c"


def test_weights_that_are_missing_or_negative_are_none():
    mixed = [phone("a", weight=-5.0), B, phone("c", weight=1.0)]
    assert order(Strategy.WEIGHTED, mixed, draw=0.5) == "cab"
    assert order(Strategy.WEIGHTED, [A, B, C], draw=0.9) == order(
        Strategy.RANDOM, [A, B, C], draw=0.9
    )
    assert order(Strategy.WEIGHTED, mixed[:2], draw=0.9) == "ba"


def test_a_draw_past_every_weight_takes_the_heaviest():
    weighted = [phone("a", weight=1.0), phone("b", weight=2.0), phone("c", weight=1.0)]
    assert order(Strategy.WEIGHTED, weighted, draw=1.0) == "bac"


@given(
    st.sampled_from(list(Strategy)),
    st.lists(st.none() | st.floats(0, 100), max_size=5),
    st.integers(0, 9),
    st.floats(0, 1, exclude_max=True),
)
def test_every_phone_rings_once_whatever_the_strategy(strategy, weights, turn, draw):
    phones = [phone(str(index), weight=weight) for index, weight in enumerate(weights)]
    legs, end = ring_sequence(Routing(strategy, 10.0), phones, turn, draw)
    assert sorted(leg.binding for leg in legs) == [it.id for it in phones]
    together = strategy is Strategy.SIMULTANEOUS and phones
    assert end == (10.0 if together else 10.0 * len(phones))


def test_phones_are_left_as_they_were():
    phones = [A, B, C]
    for strategy in Strategy:
        order(strategy, phones, turn=1, draw=0.9)
    assert phones == [A, B, C]
