"""What is taken from the health before is what would be decided anew.

Negative control: each case but the last decides otherwise than before, so that whoever took it for
the same would be noticed.
"""

from typing import Any
from unittest.mock import Mock

import msgspec
import numpy as np
import pytest

from agent.checks.engine import Checker
from agent.health import account
from agent.health.account import assess
from agent.health.call_columns import ENOUGH_CALLS
from agent.health.faults import NO_FAULTS, OpenFault
from agent.model import CallOutcome
from agent.states import CallResult, Capability, Health, NumberState
from tests.account_facts import (
    B1,
    B2,
    NOW,
    ROUTING,
    changed,
    make_settings,
    make_snapshot,
    number,
    polled,
    rebound,
)

ONE, OTHER = "4006220001", "4006220002"
LOST = tuple(CallOutcome(NOW - 10 * n, CallResult.NO_ANSWER) for n in range(ENOUGH_CALLS, 0, -1))
FAULT = {ONE: (OpenFault("NW-1", "answer_rate", Health.DOWN),)}
REVIEW = {"listing": make_snapshot(number(ONE, "review")).listing}
WAS_IN_SERVICE = {"previous_states": {ONE: (NumberState.ACTIVE, NumberState.REVIEW, NOW)}}
RENAMED = {"listing": make_snapshot(number(OTHER, "suspended_arrears")).listing}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "state": ({}, {"listing": make_snapshot(number(ONE, "suspended_arrears")).listing}, {}),
    "phones": ({}, {"bindings": {ONE: (rebound(B1, "off"), rebound(B2, "off"))}}, {}),
    "drift": ({}, {"routings": {ONE: msgspec.structs.replace(ROUTING, wait_seconds=5.0)}}, {}),
    "another number": ({}, RENAMED, {}),
    "previous state": (REVIEW, WAS_IN_SERVICE, {}),
    "calls": ({}, {"recent_calls": {ONE: LOST}}, {}),
    "calls that are gone": ({"recent_calls": {ONE: LOST}}, {"recent_calls": {}}, {}),
    "ticket": ({}, {}, FAULT),
    "stale": ({}, {"polls": {it: polled(NOW - 9000) for it in Capability}}, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_was_decided_before_is_not_taken_for_another_health(case: str) -> None:
    first, then, faults = CASES[case]
    checker = Checker(make_settings())
    snapshot = make_snapshot(number(ONE), **first)
    result = checker.check(snapshot, NOW)
    before = assess(result, NOW)
    later = checker.check(changed(snapshot, **then), NOW + 1, result)
    again, anew = assess(later, NOW + 1, faults, before), assess(later, NOW + 1, faults)
    assert again.codes.tolist() == anew.codes.tolist()
    assert again.reasons.tolist() == anew.reasons.tolist()
    assert (again.offered.tolist(), again.answered.tolist()) == (
        anew.offered.tolist(),
        anew.answered.tolist(),
    )
    assert again.faults == faults
    assert not (np.array_equal(again.reasons, before.reasons) and later.names == result.names), (
        "the case decides nothing"
    )


def test_where_only_times_of_polls_are_others_nothing_is_decided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checker = Checker(make_settings())
    snapshot = make_snapshot(number(ONE))
    result = checker.check(snapshot, NOW)
    before = assess(result, NOW)
    polls = {it: polled(NOW + 60) for it in Capability}
    later = checker.check(changed(snapshot, polls=polls), NOW + 60, result)
    monkeypatch.setattr(account, "decide", Mock(side_effect=AssertionError("decided anew")))
    again = assess(later, NOW + 60, NO_FAULTS, before)
    assert again.codes is before.codes
    assert again.result is later
    assert again.fresh_until == before.fresh_until + 60
