"""The health of an account's numbers, from snapshots and tickets as they come."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.checks.engine import Checker
from agent.health.account import assess
from agent.health.call_columns import ENOUGH_CALLS, WINDOW
from agent.health.faults import NO_FAULTS, OpenFault
from agent.health.findings import Finding, findings
from agent.health.fleet import FleetHealth
from agent.model import CallOutcome
from agent.states import CallResult, Capability, Health
from tests.account_facts import (
    B1,
    B2,
    NOW,
    changed,
    make_settings,
    make_snapshot,
    number,
    polled,
    rebound,
)

ONE, OTHER = "4006220001", "4006220002"
SILENT = (rebound(B1, "unknown"), rebound(B2, "unknown"))
ANSWERED, LOST = CallResult.ANSWERED, CallResult.NO_ANSWER


def calls(*results: CallResult, last: float = NOW - 10) -> tuple[CallOutcome, ...]:
    return tuple(
        CallOutcome(last - 10 * place, result)
        for place, result in reversed(list(enumerate(reversed(results))))
    )


def result_of(snapshot, before=None):
    return Checker(make_settings()).check(snapshot, NOW, before)


def judged(faults=NO_FAULTS, now=NOW, **facts):
    health = assess(result_of(make_snapshot(number(ONE), **facts)), now, faults)
    return health.health(0), findings(health, 0, now)


def test_a_number_whose_phones_ring_is_ok():
    assert judged() == (Health.OK, ())


@pytest.mark.parametrize(
    "told",
    [
        {"bindings": {}},
        {"bindings": {ONE: SILENT}},
        {"polls": {Capability.NUMBERS: polled()}},
        {"polls": {Capability.NUMBERS: polled(), Capability.REACHABILITY: polled(NOW - 900)}},
    ],
    ids=["no answer about phones", "phones without a state", "never polled", "stale"],
)
def test_a_number_whose_phones_tell_nothing_is_unknown_and_says_why(told):
    assert judged(**told) == (Health.UNKNOWN, (Finding("phones_silent"),))


def test_one_phone_that_is_known_to_ring_is_enough():
    assert judged(bindings={ONE: (B1, SILENT[1])})[0] is Health.OK
    assert judged(bindings={ONE: (rebound(B1, "off"), SILENT[1])})[0] is Health.DEGRADED


def test_calls_judge_where_phones_tell_nothing():
    answered = {ONE: calls(*[ANSWERED] * 6, LOST)}
    assert judged(bindings={}, recent_calls=answered) == (
        Health.OK,
        (Finding("by_calls", "6/7"),),
    )
    failing = {ONE: calls(*[LOST] * 6, ANSWERED)}
    assert judged(bindings={}, recent_calls=failing) == (
        Health.DEGRADED,
        (Finding("calls_failing", "1/7"),),
    )


def test_a_number_none_of_whose_calls_is_answered_is_down_though_its_phones_ring():
    lost = {ONE: calls(*[LOST] * ENOUGH_CALLS)}
    assert judged(recent_calls=lost) == (Health.DOWN, (Finding("calls_failing", "0/5"),))


@pytest.mark.parametrize(
    "outcomes",
    [
        calls(*[LOST] * (ENOUGH_CALLS - 1)),
        calls(*[CallResult.CLOSED_HOURS] * 8),
        calls(*[CallResult.UNKNOWN] * 8),
        calls(*[LOST] * 8, last=NOW - WINDOW - 1),
        tuple(msgspec.structs.replace(it, has_outcome=False) for it in calls(*[LOST] * 8)),
    ],
    ids=["too few", "turned away", "without a result", "long ago", "whose end is not told"],
)
def test_calls_that_are_no_evidence_say_nothing(outcomes):
    assert judged(recent_calls={ONE: outcomes})[0] is Health.OK
    assert judged(recent_calls={ONE: outcomes}, bindings={})[0] is Health.UNKNOWN


def test_call_records_that_are_stale_say_nothing():
    polls = {capability: polled() for capability in Capability}
    polls[Capability.CALLS] = polled(NOW - 900)
    lost = {ONE: calls(*[LOST] * 8)}
    assert judged(recent_calls=lost, polls=polls)[0] is Health.OK
    assert judged(recent_calls=lost, polls={**polls, Capability.CALLS: polled()})[0] is Health.DOWN


def test_tickets_make_a_number_down_or_degraded_and_say_which():
    down = OpenFault("NW-1", "answer_rate", Health.DOWN, complaints=2)
    weak = OpenFault("NW-2", "drift", Health.DEGRADED)
    over = OpenFault("NW-3", "number_down", Health.OK)
    assert judged({ONE: (down, weak)}) == (
        Health.DOWN,
        (Finding("ticket", "NW-1"), Finding("complaints", "2"), Finding("ticket", "NW-2")),
    )
    assert judged({ONE: (weak,)}) == (Health.DEGRADED, (Finding("ticket", "NW-2"),))
    assert judged({ONE: (over,)}) == (Health.OK, ())
    assert judged({OTHER: (down,)}) == (Health.OK, ())


def test_a_stale_listing_is_unknown_whatever_it_said_last():
    status = {capability: polled(NOW - 900) for capability in Capability}
    assert judged(polls=status) == (Health.UNKNOWN, (Finding("stale"),))


RESULTS = st.lists(st.sampled_from(list(CallResult)), max_size=8)
PHONES = st.none() | st.lists(st.sampled_from([B1, SILENT[0], rebound(B1, "off")]), max_size=2).map(
    lambda drawn: tuple(msgspec.structs.replace(it, id=f"b{i}") for i, it in enumerate(drawn))
)
STATES = st.sampled_from(["active", "low_balance", "suspended_arrears", "unknown"])


@st.composite
def successions(draw: st.DrawFn):
    names = draw(st.lists(st.sampled_from(["4006220001", "4006220002", "4006220003"]), unique=True))
    bindings = {name: draw(PHONES) for name in names}
    return make_snapshot(
        *(number(name, draw(STATES)) for name in names or [ONE]),
        bindings={name: bound for name, bound in bindings.items() if bound is not None},
        recent_calls={name: calls(*draw(RESULTS)) for name in names if draw(st.booleans())},
    )


@given(st.lists(successions(), min_size=2, max_size=4))
@settings(max_examples=40)
def test_what_is_carried_over_from_before_changes_nothing(snapshots):
    fleet, result = FleetHealth(), None
    for step, snapshot in enumerate(snapshots):
        checker = Checker(make_settings())
        result = checker.check(changed(snapshot), NOW + step, result)
        carried, anew = fleet.of(result, NOW + step), assess(result, NOW + step)
        assert np.array_equal(carried.codes, anew.codes)
        assert np.array_equal(carried.reasons, anew.reasons)


def test_nothing_is_computed_again_while_nothing_changes():
    fleet, result = FleetHealth(), result_of(make_snapshot(number(ONE)))
    first = fleet.of(result, NOW)
    assert fleet.of(result, NOW + 60) is first
    stale = fleet.of(result, NOW + 900)
    assert stale is not first
    assert stale.health(0) is Health.UNKNOWN


def test_calls_leave_the_window_as_time_passes():
    lost = {ONE: calls(*[LOST] * ENOUGH_CALLS)}
    fleet, result = FleetHealth(), result_of(make_snapshot(number(ONE), recent_calls=lost))
    result = lasting(result)
    assert fleet.of(result, NOW).health(0) is Health.DOWN
    assert fleet.of(result, NOW + WINDOW).health(0) is Health.OK


def lasting(result):
    """The same result, whose facts are current for a day."""
    stale_after = dict.fromkeys(Capability, 86400.0)
    snapshot = msgspec.structs.replace(result.snapshot, stale_after=stale_after)
    return replace(result, snapshot=snapshot)
