"""Alerts about what runs out: lines for calls at once, and the time recordings are kept."""

from msgspec.structs import replace

from agent.model import CallOutcome
from agent.states import CallResult, Cause, Party
from tests.account_facts import NOW, ROUTING, make_snapshot, number
from tests.diagnosis.verdicts import ONE, verdict_on

DAY = 86400.0


def recorded(days_ago, **facts):
    return make_snapshot(
        number(ONE, recording_oldest_at=NOW - days_ago * DAY, **facts),
        routings={ONE: replace(ROUTING, retention_days=30.0)},
    )


def test_recordings_that_are_deleted_soon_are_the_administrators():
    verdict = verdict_on(recorded(28), symptom="recordings")
    assert (verdict.cause, verdict.party) == (Cause.RECORDINGS_EXPIRING, Party.ADMIN)
    assert any("2027-01-17" in step and "30 days" in step for step in verdict.next_steps)


def test_recordings_that_are_exported_are_nobodys():
    verdict = verdict_on(recorded(28, recordings_pending=0), symptom="recordings")
    assert verdict.cause == Cause.HEALTHY


def test_calls_near_the_limit_are_too_many_at_once():
    call = CallOutcome(NOW - 60, CallResult.ANSWERED, "b1", 5.0, 40.0)
    snapshot = make_snapshot(number(ONE), recent_calls={ONE: (call,) * 9})
    verdict = verdict_on(snapshot, symptom="capacity")
    assert (verdict.cause, verdict.party) == (Cause.CAPACITY_EXCEEDED, Party.ADMIN)
    assert verdict.evidence[0].value == "9 of 10"
    assert verdict_on(snapshot).cause == Cause.HEALTHY
