"""Calls at once as call records tell, against the limits that are configured."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.checks.concurrency import WINDOW, limit_of, load_of, most_at_once
from agent.model import CallOutcome
from agent.states import CallResult
from tests.account_facts import NOW, ROUTING

spans = st.tuples(st.integers(0, 900), st.integers(0, 30), st.integers(0, 600))


def call(start, wait=0.0, talk=60.0, result=CallResult.ANSWERED):
    return CallOutcome(NOW + start, result, "b1", wait, talk)


def test_calls_that_overlap_are_counted_and_those_that_follow_are_not():
    overlapping = [call(-100), call(-80), call(-60)]
    assert most_at_once(overlapping, NOW - WINDOW) == 3
    assert most_at_once([call(-200), call(-140), call(-80)], NOW - WINDOW) == 1


def test_calls_that_ended_before_the_window_do_not_count():
    assert most_at_once([call(-1000), call(-990), call(-100)], NOW - WINDOW) == 1
    assert most_at_once([call(-1000), call(-990)], NOW - WINDOW) == 0


def test_an_answered_call_of_unknown_length_leaves_it_unknown():
    assert most_at_once([call(-100), call(-90, talk=None)], NOW - WINDOW) is None
    refused = call(-90, wait=5.0, talk=None, result=CallResult.BUSY)
    assert most_at_once([call(-100), refused], NOW - WINDOW) == 2


@given(st.lists(spans, max_size=12))
def test_it_is_the_most_that_any_moment_has(calls):
    made = [call(start, wait, talk) for start, wait, talk in calls]
    moments = {NOW + start for start, _, _ in calls}
    ends = [(it.started_at, it.started_at + it.wait_seconds + it.talk_seconds) for it in made]
    most = max((sum(a <= at < b for a, b in ends) for at in moments), default=0)
    assert most_at_once(made, NOW - 1) == most


@pytest.mark.parametrize(
    ("edits", "limit"),
    [
        ({"concurrency_limit": 10, "trunk_capacity": 30}, 10),
        ({"concurrency_limit": None, "trunk_capacity": 30}, 30),
        ({"concurrency_limit": 0, "trunk_capacity": None}, None),
        ({"concurrency_limit": None}, None),
    ],
)
def test_the_limit_is_the_least_that_is_known(edits, limit):
    assert limit_of(msgspec.structs.replace(ROUTING, **edits)) == limit


def test_without_a_limit_or_without_records_the_load_is_unknown():
    assert load_of(None, (call(-10),), NOW) is None
    assert load_of(ROUTING, None, NOW) is None
    near = msgspec.structs.replace(ROUTING, concurrency_limit=1)
    assert load_of(near, (call(-10),), NOW).is_near
    assert not load_of(ROUTING, (call(-10),), NOW).is_near
