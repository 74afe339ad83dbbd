"""Faults that hit a part of the calls, and good evidence beside facts that are stale."""

import random

import pytest

from agent.model import Call, CallOutcome, PollStatus
from agent.polling.call_ledger import CallLedger
from agent.states import CallResult, Capability, PollFailure
from tests.account_facts import NOW, make_snapshot, polled
from tests.diagnosis.verdicts import ONE, polled_at, verdict_on

GOOD = CallResult.ANSWERED


def as_the_agent_holds(results):
    """The newest records that the running agent keeps of calls in the last half hour."""
    ledger = CallLedger(NOW - 3600)
    step = 1700 / len(results)
    calls = [
        Call(f"c{index}", ONE, NOW - 1750 + index * step, result)
        for index, result in enumerate(results)
    ]
    return ledger.add(calls, NOW).recent[ONE]


def mixed(bad, share, *, count=316, seed=1):
    """Results of which ``share`` are ``bad``, in a random order."""
    several = int(count * share)
    results = [bad] * several + [GOOD] * (count - several)
    random.Random(seed).shuffle(results)
    return results


@pytest.mark.parametrize(
    ("bad", "cause"),
    [
        (CallResult.REJECTED, "binding_rejected"),
        (CallResult.BUSY, "binding_busy"),
        (CallResult.NO_ANSWER, "binding_no_answer"),
        (CallResult.NETWORK, "provider_leg"),
        (CallResult.OVER_CONCURRENCY, "capacity_exceeded"),
        (CallResult.OFF, "binding_off"),
    ],
)
@pytest.mark.parametrize("share", [0.4, 0.55, 0.7])
def test_a_fault_of_a_part_of_the_calls_has_one_verdict(bad, cause, share):
    verdicts = [
        verdict_on(
            make_snapshot(recent_calls={ONE: as_the_agent_holds(mixed(bad, share, seed=it))})
        )
        for it in range(8)
    ]
    assert {verdict.cause for verdict in verdicts} == {cause}
    assert all(verdict.confidence <= 0.85 for verdict in verdicts)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.08])
def test_ordinary_bad_ends_are_no_fault(share):
    for seed in range(8):
        calls = as_the_agent_holds(mixed(CallResult.NO_ANSWER, share, seed=seed))
        assert verdict_on(make_snapshot(recent_calls={ONE: calls})).cause == "healthy"


def test_health_is_never_near_certain_against_the_calls():
    calls = as_the_agent_holds(mixed(CallResult.NO_ANSWER, 0.27))
    verdict = verdict_on(make_snapshot(recent_calls={ONE: calls}))
    assert verdict.cause != "healthy" or verdict.confidence <= 0.6


@pytest.mark.parametrize(
    ("end", "lost"), [(CallResult.OVER_CONCURRENCY, 3), (CallResult.NETWORK, 5)]
)
def test_calls_lost_before_any_phone_count_as_doubt_too(end, lost):
    """So few may be chance; near-certain is nothing then."""
    calls = [GOOD] * 12 + [end, GOOD, GOOD] * lost + [GOOD] * (18 - 3 * lost)
    verdict = verdict_on(make_snapshot(recent_calls={ONE: as_the_agent_holds(calls)}))
    assert verdict.confidence <= 0.7
    well = verdict_on(make_snapshot(recent_calls={ONE: as_the_agent_holds([GOOD] * 30)}))
    assert (well.cause, well.confidence) == ("healthy", 0.95)


def test_records_are_held_in_proportion_to_traffic_and_bounded():
    assert len(as_the_agent_holds([GOOD] * 316)) == 128
    assert len(as_the_agent_holds([GOOD] * 20)) == 20
    ledger = CallLedger(NOW - 86400)
    hourly = [Call(f"c{hour}", ONE, NOW - hour * 3600, GOOD) for hour in range(24)]
    assert len(ledger.add(hourly, NOW).recent[ONE]) == 8


def answered(count=10):
    return {ONE: tuple(CallOutcome(NOW - 300 + it, GOOD) for it in range(count))}


def stale(*capabilities):
    late: PollStatus = polled(NOW - 9999, failure=PollFailure.HTTP_5XX)
    return {**polled_at(NOW), **dict.fromkeys(capabilities, late)}


@pytest.mark.parametrize("silent", [Capability.REACHABILITY, Capability.NUMBERS])
def test_answered_calls_prove_the_path_whoever_else_is_silent(silent):
    verdict = verdict_on(make_snapshot(polls=stale(silent), recent_calls=answered()))
    assert verdict.cause == "healthy"
    assert verdict.confidence <= 0.85
    if silent is Capability.NUMBERS:
        alerted = make_snapshot(polls=stale(silent), recent_calls=answered())
        assert verdict_on(alerted, symptom="number_down").cause == "monitoring_blind"
    # The controls: too few calls prove nothing, and neither do calls that are stale themselves.
    few = verdict_on(make_snapshot(polls=stale(silent), recent_calls=answered(2)))
    assert few.cause in ("unknown", "monitoring_blind")
    polls = stale(silent, Capability.CALLS)
    assert verdict_on(make_snapshot(polls=polls, recent_calls=answered())).cause in (
        "unknown",
        "monitoring_blind",
    )
