"""How a call ends, as the number and its phones stand."""

import copy
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.simulator.calls import Moment, outcome, weekdays
from agent.simulator.entities import Binding, Number, Routing, Traffic, Whitelist, Window
from agent.states import BindingState, CallResult, NetworkState, NumberState

GOOD = Number("4006220001", bindings=(Binding("b1", "1"), Binding("b2", "2", position=2)))
AT = Moment(0, 600)


@pytest.mark.parametrize(
    ("change", "caller", "result"),
    [
        ({}, "13900001111", "answered"),
        ({"state": NumberState.SUSPENDED_ARREARS}, "139", "suspended"),
        ({"state": NumberState.RECLAIMED}, "139", "nonexistent"),
        ({"state": NumberState.LOW_BALANCE}, "139", "answered"),
        ({"network_state": NetworkState.DEACTIVATED}, "139", "network"),
        ({"network_state": NetworkState.DELETED}, "139", "nonexistent"),
        ({"bindings": ()}, "139", "network"),
        ({"routing": Routing(blacklist=("1390",))}, "13900001111", "caller_blacklisted"),
        ({"routing": Routing(blacklist=("1390",))}, "13800001111", "answered"),
        ({"routing": Routing(whitelist=Whitelist(enabled=True))}, "139", "caller_blacklisted"),
        ({"routing": Routing(whitelist=Whitelist(entries=("1",)))}, "02", "answered"),
        ({"routing": Routing(region_deny=("022",))}, "02287654321", "region_blocked"),
        ({"routing": Routing(region_allow=("010",))}, "02287654321", "region_blocked"),
        ({"routing": Routing(region_allow=("022",))}, "02287654321", "answered"),
        ({"routing": Routing(wait_seconds=1)}, "139", "no_answer"),
        ({"routing": Routing(schedule=(Window("sat", "08:00", "24:00"),))}, "1", "closed_hours"),
        ({"routing": Routing(schedule=(Window("mon", "08:00", "10:00"),))}, "1", "closed_hours"),
        ({"routing": Routing(schedule=(Window("mon", "08:00", "10:01"),))}, "1", "answered"),
        (
            {"routing": Routing(schedule=(Window("mon", "08:00", "24:00", ("b9",)),))},
            "1",
            "closed_hours",
        ),
    ],
)
def test_how_a_call_ends(change, caller, result):
    number = copy.deepcopy(GOOD)
    for key, value in change.items():
        setattr(number, key, value)
    assert outcome(number, caller, AT, random.Random(1)).result == result


def test_where_the_world_has_no_phones_calls_end_as_their_results_say():
    number = Number("+85230080001", calls=Traffic(60.0, ((CallResult.ANSWERED, 1.0),)))
    assert outcome(number, "139", AT, random.Random(1)).result == CallResult.ANSWERED
    number.routing = Routing(schedule=(Window("sat", "08:00", "24:00"),))
    assert outcome(number, "139", AT, random.Random(1)).result == CallResult.CLOSED_HOURS


@given(st.sampled_from(BindingState), st.sampled_from(BindingState), st.integers(0, 99))
def test_a_call_is_answered_only_where_a_phone_is_well(first, second, seed):
    number = copy.deepcopy(GOOD)
    number.bindings[0].state, number.bindings[1].state = first, second
    number.calls = Traffic(1.0, ((CallResult.ANSWERED, 1.0),))
    ended = outcome(number, "139", AT, random.Random(seed))
    well = BindingState.OK in {first, second}
    assert (ended.result == CallResult.ANSWERED) == well
    assert (ended.talk_seconds > 0) == well


@given(st.integers(0, 6), st.integers(0, 6))
def test_a_range_of_days_may_pass_the_weeks_end(start, length):
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    last = (start + length) % 7
    days = weekdays(f"{names[start]}-{names[last]}")
    assert days == {(start + step) % 7 for step in range(length + 1)}
