"""Whether a phone can be reached, by its provider's word and by the calls led to it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.checks.engine import Checker
from agent.checks.signals import STATE_BY_RESULT, Signal, signal_of
from agent.config.settings import Reachability
from agent.model import Binding, CallOutcome
from agent.states import BindingState, CallResult
from tests.account_facts import NOW, make_settings, make_snapshot, number

RULE = Reachability()
SILENT = Binding("b1", "13800000001")
ONE = "4006220001"


def calls(*results, binding="b1", last=NOW - 60, apart=60.0):
    newest_first = [
        CallOutcome(last - apart * index, result, binding)
        for index, result in enumerate(reversed(results))
    ]
    return tuple(reversed(newest_first))


def state(*results, **more):
    signal = signal_of(SILENT, calls(*results, **more), NOW, RULE)
    return signal.state if signal else None


OFF, ANSWERED, BUSY = CallResult.OFF, CallResult.ANSWERED, CallResult.BUSY


def test_a_failure_counts_from_the_third_in_a_row():
    assert state(OFF, OFF) is None
    assert state(OFF, OFF, OFF) is BindingState.OFF
    assert state(ANSWERED, OFF, OFF) is None


def test_one_answered_call_or_busy_line_shows_the_phone_lives():
    assert state(OFF, OFF, OFF, ANSWERED) is BindingState.OK
    assert state(OFF, OFF, OFF, BUSY) is BindingState.BUSY


def test_ends_that_say_nothing_of_the_phone_neither_count_nor_break_a_streak():
    assert state(OFF, CallResult.CALLER_BLACKLISTED, OFF, OFF) is BindingState.OFF
    assert state(*[CallResult.CLOSED_HOURS] * 5) is None


def test_calls_to_another_phone_or_long_ago_say_nothing():
    assert state(OFF, OFF, OFF, binding="b2") is None
    assert state(OFF, OFF, OFF, last=NOW - RULE.window - 1) is None


@pytest.mark.parametrize("reported", [BindingState.OK, BindingState.ARREARS])
def test_what_the_provider_says_goes_before_any_call(reported):
    binding = msgspec.structs.replace(SILENT, state=reported)
    signal = signal_of(binding, calls(OFF, OFF, OFF), NOW, RULE)
    assert (signal.state, signal.source) == (reported, "status")


@given(st.lists(st.sampled_from(list(CallResult)), max_size=8))
def test_a_state_is_never_told_that_no_call_told(results):
    signal = signal_of(SILENT, calls(*results), NOW, RULE)
    if signal is not None:
        assert signal.state in {STATE_BY_RESULT.get(result) for result in results}
        assert 0 < signal.confidence <= 0.9


def test_the_longer_a_streak_the_surer():
    short = signal_of(SILENT, calls(*[OFF] * 3), NOW, RULE)
    longer = signal_of(SILENT, calls(*[OFF] * 5), NOW, RULE)
    assert short.confidence < longer.confidence


def test_the_checks_show_what_calls_tell_and_keep_it_the_same_object():
    checker = Checker(make_settings())
    snapshot = make_snapshot(
        number(ONE), bindings={ONE: (SILENT,)}, recent_calls={ONE: calls(OFF, OFF, OFF)}
    )
    first = checker.check(snapshot, NOW)
    assert first.binding_state(ONE, "b1") is BindingState.OFF
    assert first.reachable(ONE) == 0
    again = checker.check(msgspec.structs.replace(snapshot, revision=9), NOW + 5, first)
    assert again.phones_of(ONE) is first.phones_of(ONE)
    late = checker.check(msgspec.structs.replace(snapshot, revision=10), NOW + 7200, again)
    assert late.binding_state(ONE, "b1") is BindingState.UNKNOWN
    assert late.reachable(ONE) is None
    assert late.drift_sections(ONE) == ()


def test_a_signal_says_where_it_comes_from_how_sure_it_is_and_how_old():
    assert signal_of(SILENT, calls(OFF, ANSWERED), NOW, RULE) == Signal(
        BindingState.OK, "calls", 0.8, NOW - 60
    )
    assert signal_of(SILENT, calls(OFF, OFF, OFF), NOW, RULE) == Signal(
        BindingState.OFF, "calls", 0.6, NOW - 60
    )
    many = signal_of(SILENT, calls(*[OFF] * 8), NOW, RULE)
    assert (many.confidence, many.at) == (0.9, NOW - 60)
    reported = msgspec.structs.replace(SILENT, state=BindingState.BUSY)
    assert signal_of(reported, (), NOW, RULE) == Signal(BindingState.BUSY, "status", 0.95, None)
    oldest = signal_of(SILENT, calls(ANSWERED, last=NOW - RULE.window), NOW, RULE)
    assert oldest.state is BindingState.OK
