"""Marks of numbers in a diagnosis, and calls of which no record says how they ended."""

import msgspec
import pytest

from agent.model import CallOutcome, Marking
from agent.states import CallResult, Cause, MarkingTag, Party
from tests.account_facts import NOW, make_snapshot, number
from tests.diagnosis.verdicts import ONE, verdict_on

HARASSMENT = Marking(MarkingTag.HARASSMENT, 12, NOW - 3600)


def marked(marking):
    return make_snapshot(number(marking=marking))


def test_an_alert_about_a_mark_is_the_administrators():
    verdict = verdict_on(marked(HARASSMENT), symptom="marked")
    assert (verdict.cause, verdict.party) == (Cause.NUMBER_MARKED, Party.ADMIN)
    assert {fact.fact: fact.value for fact in verdict.evidence} == {
        "marked as": "harassment",
        "marked by": "12",
    }
    assert any("remove the mark" in step for step in verdict.next_steps)


def test_a_mark_stops_no_call_to_the_number_but_is_noted():
    verdict = verdict_on(marked(HARASSMENT))
    assert verdict.cause == Cause.HEALTHY
    assert any("calls back from it are refused" in finding for finding in verdict.findings)


@pytest.mark.parametrize(
    "marking", [None, Marking(MarkingTag.NONE, 0, NOW), Marking(MarkingTag.COURIER, 40, NOW)]
)
def test_what_is_no_nuisance_is_not_noted(marking):
    verdict = verdict_on(marked(marking))
    assert not any("marked" in finding for finding in verdict.findings)
    assert verdict_on(marked(marking), symptom="marked").cause == Cause.HEALTHY


@pytest.mark.parametrize(("has_outcome", "cause"), [(False, "healthy"), (True, "provider_leg")])
def test_records_that_tell_no_outcome_are_no_lost_calls(has_outcome, cause):
    calls = tuple(
        CallOutcome(NOW - 60 + index, CallResult.UNKNOWN, has_outcome=has_outcome)
        for index in range(20)
    )
    snapshot = msgspec.structs.replace(make_snapshot(), recent_calls={ONE: calls})
    assert verdict_on(snapshot).cause == cause
