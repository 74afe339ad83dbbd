"""Where calls go, against a plain model on many made configurations, and what always holds."""

import random
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import Binding, Routing, Window
from agent.routing.evaluate import Call, Setting, evaluate
from agent.routing.outcome import Treatment
from agent.states import Strategy
from tests.proof_size import size
from tests.routing.made_numbers import CALENDAR, FIRST, KINDS, call, phones, routing
from tests.routing.plain_model import expected_outcome

CASES = size(1_500, 10_000)
BLOCKS = 10
seeds = st.integers(0, 2**32)


def made(seed):
    coin = random.Random(seed)
    return Setting(routing(coin), phones(coin), CALENDAR), call(coin)


def summary(outcome):
    """The outcome as the plain model writes it."""
    cause = None if outcome.obstacle is None else outcome.obstacle.value
    return cause, [(leg.binding, leg.after, leg.seconds) for leg in outcome.legs]


@pytest.mark.parametrize("block", range(BLOCKS))
def test_it_agrees_with_the_plain_model(block):
    kinds = set()
    for seed in range(block * CASES // BLOCKS, (block + 1) * CASES // BLOCKS):
        setting, call_made = made(seed)
        outcome = evaluate(setting, call_made)
        assert summary(outcome) == expected_outcome(
            setting.routing, setting.bound, call_made, KINDS
        ), seed
        kinds.add(outcome.obstacle)
    assert len(kinds) >= 7  # the cases are of many kinds, some of them ring


@settings(deadline=None, max_examples=60)
@given(seeds)
def test_a_call_rings_or_something_says_why_not(seed):
    outcome = evaluate(*made(seed))
    assert outcome.rings == (outcome.obstacle is None) == (outcome.treatment is Treatment.RINGING)
    assert outcome.rings or outcome.why


@settings(deadline=None, max_examples=60)
@given(seeds)
def test_no_phone_rings_twice_and_all_are_bound(seed):
    setting, call_made = made(seed)
    ids = [leg.binding for leg in evaluate(setting, call_made).legs]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {it.id for it in setting.bound}


@settings(deadline=None, max_examples=60)
@given(seeds)
def test_legs_follow_each_other_without_a_gap(seed):
    setting, call_made = made(seed)
    outcome = evaluate(setting, call_made)
    if setting.routing.strategy is Strategy.SIMULTANEOUS or not outcome.rings:
        return
    clock = 0.0
    for leg in outcome.legs:
        assert leg.after == clock
        clock += leg.seconds
    assert outcome.gives_up_after == clock


@settings(deadline=None, max_examples=60)
@given(seeds)
def test_the_order_of_lists_and_windows_has_no_meaning(seed):
    setting, call_made = made(seed)
    plain = setting.routing
    turned = msgspec.structs.replace(
        plain,
        schedule=plain.schedule[::-1],
        blacklist=plain.blacklist[::-1],
        whitelist=plain.whitelist[::-1],
        region_allow=plain.region_allow[::-1],
        region_deny=plain.region_deny[::-1],
    )
    assert summary(evaluate(replace(setting, routing=turned), call_made)) == summary(
        evaluate(setting, call_made)
    )


@settings(deadline=None, max_examples=60)
@given(seeds)
def test_lifting_a_rule_never_stops_a_caller(seed):
    setting, call_made = made(seed)
    lifted = msgspec.structs.replace(
        setting.routing, blacklist=(), whitelist_enabled=False, region_allow=(), region_deny=()
    )
    if evaluate(setting, call_made).rings:
        assert evaluate(replace(setting, routing=lifted), call_made).rings


@settings(deadline=None, max_examples=60)
@given(seeds)
def test_two_weeks_of_the_same_call_take_turns(seed):
    """Over as many calls as there are phones a cyclic number begins with each of them once."""
    setting, call_made = made(seed)
    cyclic = msgspec.structs.replace(setting.routing, strategy=Strategy.CYCLIC, overflow=None)
    setting = replace(setting, routing=cyclic)
    count = len(evaluate(setting, call_made).legs)
    first = [evaluate(setting, replace(call_made, turn=it)).legs[0].binding for it in range(count)]
    assert len(set(first)) == count


def test_random_draws_reach_every_order():
    bound = tuple(Binding(name, "") for name in ("b1", "b2", "b3"))
    setting = Setting(Routing(Strategy.RANDOM, 20.0), bound)
    orders = {
        tuple(leg.binding for leg in evaluate(setting, Call(FIRST, draw=draw / 60)).legs)
        for draw in range(60)
    }
    assert len(orders) == 6


def test_weights_are_shares():
    weights = {"b1": 60.0, "b2": 30.0, "b3": 10.0}
    bound = tuple(Binding(name, "", weight=weight) for name, weight in weights.items())
    setting = Setting(Routing(Strategy.WEIGHTED, 20.0), bound)
    first = [
        evaluate(setting, Call(FIRST, draw=(draw + 0.5) / 1000)).legs[0].binding
        for draw in range(1000)
    ]
    assert {name: first.count(name) / 10 for name in weights} == weights


def test_what_is_not_known_makes_it_uncertain_and_stops_nobody():
    region = Routing(Strategy.SEQUENTIAL, 20.0, region_allow=("010",), binding_order=("b1",))
    for setting in (Setting(region, (Binding("b1", ""),)), Setting(region, None)):
        outcome = evaluate(setting, Call(FIRST))
        assert outcome.rings or outcome.treatment is Treatment.RINGING
        assert not outcome.certain
    unordered = Setting(Routing(Strategy.UNKNOWN), (Binding("b1", ""), Binding("b2", "")))
    outcome = evaluate(unordered, Call(FIRST))
    assert [leg.after for leg in outcome.legs] == [0.0, None]
    assert not outcome.certain


def test_a_window_over_midnight_is_open_in_the_morning_after():
    night = Routing(Strategy.SEQUENTIAL, 20.0, schedule=(Window((0,), 1320, 360),))
    setting = Setting(night, (Binding("b1", ""),))
    rings = [
        hours
        for hours in range(24 * 7)
        if evaluate(setting, Call(FIRST + timedelta(hours=hours))).rings
    ]
    assert rings == list(range(22, 30))
