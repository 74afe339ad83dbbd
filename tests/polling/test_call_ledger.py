import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model import Call
from agent.polling.call_ledger import (
    LOOKBACK,
    MOST_RECENT_CALLS,
    OVERLAP,
    RECENT_CALLS,
    WINDOW,
    CallLedger,
)
from agent.states import CallResult

START = 1_800_000_000.0
NOW = START + 3600

RECORDS = st.lists(
    st.builds(
        Call,
        id=st.uuids().map(str),
        number=st.sampled_from(["4006220001", "4006220002"]),
        started_at=st.floats(START, NOW),
        result=st.sampled_from([CallResult.ANSWERED, CallResult.BUSY]),
    ),
    unique_by=lambda call: call.id,
)


def expected(calls):
    totals = {}
    for call in calls:
        totals[call.number, call.result] = totals.get((call.number, call.result), 0) + 1
    return totals


@given(RECORDS, st.randoms(use_true_random=False))
def test_repeats_order_and_lateness_change_no_total(calls, rng):
    records = calls * 2 + rng.sample(calls, len(calls) // 2)
    rng.shuffle(records)
    ledger = CallLedger(START)
    while records:
        size = rng.randint(1, len(records))
        ledger.add(records[:size], NOW)
        records = records[size:]
    assert ledger.facts().totals == expected(calls)


def test_a_poll_without_new_records_returns_the_same_facts():
    ledger = CallLedger(START)
    call = Call("a", "4006220001", START + 5, CallResult.ANSWERED)
    first = ledger.add([call], NOW)
    assert ledger.add([call], NOW) is first


def test_calls_from_before_the_first_poll_do_not_count():
    ledger = CallLedger(START)
    assert ledger.since() == START - LOOKBACK
    facts = ledger.add([Call("a", "4006220001", START - 1, CallResult.BUSY)], NOW)
    assert facts.totals == {}
    assert [outcome.result for outcome in facts.recent["4006220001"]] == [CallResult.BUSY]


def test_the_next_poll_asks_again_for_the_overlap():
    ledger = CallLedger(START)
    ledger.add([Call("a", "4006220001", NOW, CallResult.BUSY)], NOW)
    assert ledger.since() == NOW - OVERLAP


def test_a_record_from_the_future_does_not_hide_what_comes_before_it():
    ledger = CallLedger(START)
    ledger.add([Call("a", "4006220001", NOW + 86400, CallResult.BUSY)], NOW)
    assert ledger.since() <= NOW


def test_memory_stays_bounded_and_no_call_is_counted_again_after_its_id_was_dropped():
    ledger = CallLedger(START, max_ids=1000)
    calls = [Call(str(i), "4006220001", START + i * 10, CallResult.ANSWERED) for i in range(5000)]
    for begin in range(0, 5000, 100):
        ledger.add(calls[begin : begin + 100], START + begin * 10 + 1000)
    counted = dict(ledger.facts().totals)
    assert ledger.id_count <= 1000 + 360
    random.Random(1).shuffle(calls)
    old = [call for call in calls if call.started_at < ledger.accepts_from]
    assert old
    ledger.add(old, START + 50_000)
    assert ledger.facts().totals == counted == {("4006220001", CallResult.ANSWERED): 5000}


def test_ids_are_forgotten_after_the_window():
    ledger = CallLedger(START)
    ledger.add([Call("a", "4006220001", START + 1, CallResult.BUSY)], NOW)
    ledger.add([], START + WINDOW + 7200)
    assert ledger.id_count == 0
    late = Call("a", "4006220001", START + 1, CallResult.BUSY)
    assert ledger.add([late], NOW).totals == {("4006220001", CallResult.BUSY): 1}


@pytest.mark.parametrize("listed", ["4006220002"])
def test_a_number_that_is_gone_takes_its_totals_with_it(listed):
    ledger = CallLedger(START)
    ledger.add([Call("a", "4006220001", NOW, CallResult.BUSY)], NOW)
    ledger.add([Call("b", listed, NOW, CallResult.BUSY)], NOW)
    ledger.forget(["4006220001"])
    assert ledger.facts().totals == {(listed, CallResult.BUSY): 1}


def test_waits_are_counted_by_their_length_and_legs_by_their_phone():
    ledger = CallLedger(START)
    for index, wait in enumerate((0.0, 5.0, 5.1, 90.0, 91.0)):
        record = Call(f"c{index}", "4006220001", NOW, CallResult.BUSY, "b1", wait_seconds=wait)
        ledger.add([record, record], NOW)
    facts = ledger.facts()
    assert facts.waits == {"4006220001": (2, 1, 0, 0, 0, 0, 0, 1, 1)}
    assert facts.legs == {("4006220001", "b1", CallResult.BUSY): 5}


@given(RECORDS, st.randoms(use_true_random=False))
def test_the_newest_records_are_remembered_in_whatever_order_they_arrive(calls, rng):
    ledger = CallLedger(START)
    records = calls * 2
    rng.shuffle(records)
    for call in records:
        ledger.add([call], NOW)
    for number, outcomes in ledger.facts().recent.items():
        times = sorted(call.started_at for call in calls if call.number == number)
        current = sum(at >= times[-1] - LOOKBACK for at in times)
        expected = times[-max(RECENT_CALLS, min(MOST_RECENT_CALLS, current)) :]
        assert [outcome.started_at for outcome in outcomes] == expected


@pytest.mark.parametrize("step", [3600.0, -3600.0, 86400.0, -86400.0])
def test_a_clock_that_is_set_makes_no_record_count_twice_or_not_at_all(step):
    ledger = CallLedger(START)
    calls = [Call(str(n), "4006220001", START + n, CallResult.BUSY) for n in range(3)]
    ledger.add(calls[:2], START + 60)
    ledger.add(calls, START + 120 + step)
    ledger.add(calls, START + 180 + step)
    ledger.add(calls, START + 240)
    assert ledger.facts().totals == {("4006220001", CallResult.BUSY): 3}


def test_records_that_are_complete_up_to_a_time_are_asked_for_again_from_there():
    ledger = CallLedger(START)
    late = Call("late", "4006220001", NOW, CallResult.BUSY)
    ledger.add([late], NOW, complete_until=START + 60)
    assert ledger.since() <= START + 60 - OVERLAP
    ledger.add([], NOW, complete_until=START)
    assert ledger.since() <= START + 60 - OVERLAP


def test_an_account_without_calls_is_not_asked_for_an_ever_longer_time():
    ledger = CallLedger(START)
    later = START + 10 * WINDOW
    ledger.add([], later)
    assert ledger.since() == later - WINDOW
    ledger.add([], later + WINDOW, complete_until=later)
    assert ledger.since() == later - WINDOW, "what was not read is asked for again"


def test_a_clock_that_was_days_ahead_does_not_leave_the_next_polls_in_the_future():
    ledger = CallLedger(START)
    ledger.add([], START + 10 * WINDOW)
    ledger.add([], START + 60)
    assert ledger.since() <= START + 60 - OVERLAP
