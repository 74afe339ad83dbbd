"""The outcome of a call at an instant."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model import MenuKey, Window
from agent.routing.caller import Caller
from agent.routing.evaluate import Call, Setting, evaluate
from agent.states import Cause
from tests.account_facts import B1, B2, ROUTING

FRIDAY = datetime(2027, 1, 15, 16, 0)  # noqa: DTZ001 - wall clock of the schedule's zone
BOTH = (B1, B2)


def routed(at=FRIDAY, caller="", bound=BOTH, **edits):
    setting = Setting(msgspec.structs.replace(ROUTING, **edits), bound)
    return evaluate(setting, Call(at, Caller.of(caller)))


def targets(**edits):
    return tuple(leg.binding for leg in routed(**edits).legs)


def test_in_hours_every_phone_of_the_window_is_rung():
    assert targets() == ("b1", "b2")
    only = Window((4,), 0, 1440, ("b2",))
    assert targets(schedule=(only,)) == ("b2",)


@pytest.mark.parametrize(
    "at",
    [FRIDAY + timedelta(hours=2), FRIDAY + timedelta(days=1), FRIDAY.replace(hour=8, minute=29)],
)
def test_out_of_hours_is_closed(at):
    assert routed(at).obstacle is Cause.SCHEDULE_CLOSED


@given(st.integers(0, 7 * 1440 - 1))
def test_without_a_schedule_it_is_always_open(minute):
    at = FRIDAY + timedelta(minutes=minute)
    assert routed(at, schedule=()).obstacle is None
    always = Window(tuple(range(7)), 0, 1440)
    assert routed(at, schedule=(always,)).obstacle is None


@given(st.integers(0, 1439))
def test_a_window_over_midnight_is_open_on_both_days(minute):
    night = Window((4,), 22 * 60, 6 * 60)
    friday = FRIDAY.replace(hour=minute // 60, minute=minute % 60)
    assert (routed(friday, schedule=(night,)).obstacle is None) == (minute >= 22 * 60)
    saturday = friday + timedelta(days=1)
    assert (routed(saturday, schedule=(night,)).obstacle is None) == (minute < 6 * 60)


def test_lists_match_leading_digits_of_the_caller_alone():
    assert routed(blacklist=("139",), caller="13900001111").obstacle is Cause.LIST_BLOCKS_CALLER
    assert routed(blacklist=("1111",), caller="13900001111").obstacle is None
    assert routed(blacklist=("139",)).obstacle is None
    listed = {"whitelist_enabled": True, "whitelist": ("138",)}
    assert routed(**listed, caller="13800001111").obstacle is None
    assert routed(**listed, caller="13900001111").obstacle is Cause.WHITELIST_BLOCKS_CALLER
    assert routed(**listed).obstacle is Cause.WHITELIST_BLOCKS_CALLER


def test_regions_go_by_the_area_code_of_landlines():
    assert routed(region_deny=("022",), caller="02211112222").obstacle is Cause.REGION_BLOCKS_CALLER
    assert (
        routed(region_allow=("010",), caller="02211112222").obstacle is Cause.REGION_BLOCKS_CALLER
    )
    assert routed(region_allow=("010",), caller="13911112222").obstacle is None
    assert routed(region_allow=("010",), caller="01011112222").obstacle is None


def test_no_phone_to_ring_is_no_binding():
    assert routed(bound=()).obstacle is Cause.NO_BINDING
    elsewhere = Window((4,), 0, 1440, ("b9",))
    assert routed(bound=None, schedule=(elsewhere,)).obstacle is None


def test_a_phone_that_is_named_and_not_listed_is_unknown_not_absent():
    elsewhere = Window((4,), 0, 1440, ("b9",))
    outcome = routed(schedule=(elsewhere,))
    assert (outcome.obstacle, outcome.certain) == (Cause.UNKNOWN, False)
    assert "not known" in outcome.why
    menu = (MenuKey("main", "1", "binding:b9"),)
    assert routed(menu=menu).obstacle is Cause.UNKNOWN
    # The control: a menu that leads to nobody is known to.
    assert routed(menu=(MenuKey("main", "1", "hangup"),)).obstacle is Cause.NO_BINDING
