"""What test calls showed goes before what the interface says."""

from dataclasses import replace

import pytest

from agent.diagnosis import diagnose_number
from agent.diagnosis.evidence_words import fact_text, value_of_fact
from agent.probing.facts import Control, ProbeCall
from agent.probing.outcome import CallOutcome
from agent.states import BindingState, NumberState
from tests.account_facts import NOW, make_snapshot, number, polled
from tests.diagnosis.verdicts import CALLER, ONE, bound, known, routed

WELL = make_snapshot()
LINE = "telecom-beijing"
OTHER = "mobile-tianjin"


def call(outcome, *, caller=LINE, minutes=10.0, prompt="", control=Control.PASSED):
    at = NOW - 60 * minutes
    through = outcome is CallOutcome.ANSWERED
    control = Control.NOT_NEEDED if through else control
    values = {"prompt": prompt, "control": control, "confidence": 0.9}
    return ProbeCall(f"{caller}-{at}", at, ONE, caller, outcome, "north", "hq", **values)


def twice(outcome, *, minutes=10.0, **more):
    return [call(outcome, minutes=minutes + n, **more) for n in (0, 20)]


def diagnosed(snapshot, *calls, symptom="", caller="", **settings):
    context = known(snapshot, **settings)
    newest = tuple(sorted(calls, key=lambda it: -it.at))
    accounts = {
        key: replace(result, probes={ONE: newest}) for key, result in context.accounts.items()
    }
    return diagnose_number(ONE, replace(context, accounts=accounts), symptom=symptom, caller=caller)


@pytest.mark.parametrize(
    ("prompt", "cause", "party"),
    [
        ("suspended", "binding_arrears", "binding_carrier"),
        ("nonexistent", "binding_nonexistent", "admin"),
        ("off", "binding_off", "holder"),
        ("barred", "binding_barred", "binding_carrier"),
        ("unreachable", "binding_out_of_area", "holder"),
    ],
)
def test_an_announcement_heard_twice_beats_a_listing_that_says_active(prompt, cause, party):
    calls = twice(CallOutcome.ANNOUNCEMENT, prompt=prompt)
    verdict = diagnosed(WELL, *calls)
    assert (verdict.cause, verdict.party) == (cause, party)
    assert verdict.confidence == 0.85
    assert any(it.cause == "healthy" for it in verdict.considered)
    assert any(LINE in text for text in verdict.findings)
    # The controls: without the calls, after one, and where the line itself is at fault.
    assert diagnosed(WELL).cause == "healthy"
    once = diagnosed(WELL, calls[0])
    assert (once.cause, once.confidence) == ("healthy", 0.6)
    lost = [replace_control(it, Control.FAILED) for it in calls]
    assert diagnosed(WELL, *lost).cause == "healthy"


def replace_control(one, control):
    return call(one.outcome, caller=one.caller, minutes=(NOW - one.at) / 60, control=control)


def test_two_callers_who_hear_the_same_are_believed_more():
    prompts = {"prompt": "suspended"}
    calls = [
        *twice(CallOutcome.ANNOUNCEMENT, **prompts),
        *twice(CallOutcome.ANNOUNCEMENT, caller=OTHER, **prompts),
    ]
    assert diagnosed(WELL, *calls).confidence == 0.9


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        (CallOutcome.BUSY, "binding_busy"),
        (CallOutcome.NO_ANSWER, "binding_no_answer"),
        (CallOutcome.CONGESTED, "provider_leg"),
        (CallOutcome.ONE_WAY, "voice_quality"),
        (CallOutcome.SILENT, "voice_quality"),
        (CallOutcome.UNREACHABLE, "binding_out_of_area"),
    ],
)
def test_calls_that_fail_twice_are_no_health(outcome, cause):
    verdict = diagnosed(WELL, *twice(outcome))
    assert verdict.cause == cause
    assert 0.5 <= verdict.confidence < 0.85


def test_where_the_control_fails_a_ticket_of_test_calls_is_blind():
    calls = twice(CallOutcome.BUSY, control=Control.FAILED)
    verdict = diagnosed(WELL, *calls, symptom="probe_fail_all")
    assert (verdict.cause, verdict.party) == ("monitoring_blind", "monitoring")
    assert any("control number" in text for text in verdict.findings)
    unchecked = twice(CallOutcome.BUSY, control=Control.UNKNOWN)
    assert diagnosed(WELL, *unchecked).cause == "healthy"
    assert diagnosed(WELL, *unchecked, symptom="probe_fail_all").cause == "monitoring_blind"
    assert diagnosed(WELL, *twice(CallOutcome.UNKNOWN)).cause == "healthy"


def test_what_facts_show_stays_where_it_explains_what_was_heard():
    phones = bound(BindingState.ARREARS, BindingState.ARREARS)
    before = diagnosed(phones)
    verdict = diagnosed(phones, *twice(CallOutcome.ANNOUNCEMENT, prompt="suspended"))
    assert verdict.cause == before.cause == "binding_arrears"
    assert verdict.confidence >= before.confidence
    suspended = make_snapshot(number(ONE, NumberState.SUSPENDED_ARREARS))
    heard = diagnosed(suspended, *twice(CallOutcome.BUSY))
    assert heard.cause == "number_suspended_arrears"


def test_a_fault_that_does_not_explain_what_was_heard_gives_way_to_an_announcement_only():
    phones = bound(BindingState.OFF, BindingState.OFF)
    verdict = diagnosed(phones, *twice(CallOutcome.ANNOUNCEMENT, prompt="no_right"))
    assert verdict.cause == "provider_leg"
    assert any(it.cause == "binding_off" for it in verdict.considered)
    doubted = diagnosed(phones, *twice(CallOutcome.BARRED))
    assert (doubted.cause, doubted.confidence <= 0.8) == ("binding_off", True)


def test_calls_that_get_through_speak_for_the_number():
    through = call(CallOutcome.ANSWERED)
    assert diagnosed(WELL, through).confidence == 0.95
    silent = make_snapshot(polls=dict.fromkeys(WELL.polls, polled(NOW - 9000)))
    assert diagnosed(silent).cause == "monitoring_blind"
    assert diagnosed(silent, through).cause == "healthy"
    assert diagnosed(silent, through, symptom="unreachable").cause == "monitoring_blind"
    assert diagnosed(silent, call(CallOutcome.ANSWERED, minutes=200)).cause == "monitoring_blind"
    suspended = make_snapshot(number(ONE, NumberState.SUSPENDED_ARREARS))
    verdict = diagnosed(suspended, through)
    assert (verdict.cause, verdict.confidence) == ("number_suspended_arrears", 0.8)
    assert any("get through all the same" in text for text in verdict.findings)


def test_old_calls_and_those_before_one_that_got_through_are_past():
    old = diagnosed(WELL, *twice(CallOutcome.BUSY, minutes=300))
    assert (old.cause, old.confidence) == ("healthy", 0.6)
    mended = [*twice(CallOutcome.BUSY, minutes=30), call(CallOutcome.ANSWERED)]
    assert diagnosed(WELL, *mended).confidence == 0.95


def test_some_callers_fail_and_others_get_through():
    calls = [*twice(CallOutcome.CONGESTED), call(CallOutcome.ANSWERED, caller=OTHER)]
    verdict = diagnosed(WELL, *calls)
    assert (verdict.cause, verdict.confidence) == ("healthy", 0.6)
    assert any(LINE in text and OTHER in text for text in verdict.findings)
    assert diagnosed(WELL, *calls, symptom="probe_fail_some").cause == "provider_leg"


def test_the_rule_that_stops_the_lines_own_number_is_the_cause():
    line = {"name": LINE, "trunk": "192.0.2.1:5060", "user": "01088880000", "consent": "all"}
    lists = routed(blacklist=("01088880000",))
    verdict = diagnosed(lists, *twice(CallOutcome.BARRED), dial={"callers": [line]})
    assert verdict.cause == "list_blocks_caller"
    others = routed(blacklist=("01099990000",))
    let_in = diagnosed(others, *twice(CallOutcome.BARRED), dial={"callers": [line]})
    assert let_in.cause == "provider_leg"


def test_one_caller_who_asks_gets_no_verdict_of_other_lines():
    verdict = diagnosed(WELL, *twice(CallOutcome.BUSY), caller=CALLER)
    assert verdict.cause == "healthy"
    assert verdict.confidence <= 0.6


def test_evidence_is_worded_in_both_languages():
    (fact,) = (
        it for it in diagnosed(WELL, *twice(CallOutcome.BUSY)).evidence if it.source == "test_calls"
    )
    assert (fact_text(fact.fact, "en"), value_of_fact(fact.fact, fact.value, "en")) == (
        f"test call from {LINE}",
        "busy (2 times in a row)",
    )
    assert "拨测" in fact_text(fact.fact, "zh-CN")
    assert "连续 2 次" in value_of_fact(fact.fact, fact.value, "zh-CN")


def test_an_announcement_heard_once_only_casts_doubt():
    phones = bound(BindingState.OFF, BindingState.OFF)
    calls = [
        call(CallOutcome.ANNOUNCEMENT, prompt="no_right"),
        call(CallOutcome.BARRED, minutes=30),
    ]
    assert diagnosed(phones, *calls).cause == "binding_off"


def test_some_who_fail_do_not_take_back_what_facts_show():
    phones = bound(BindingState.OFF, BindingState.OFF)
    calls = [*twice(CallOutcome.CONGESTED), call(CallOutcome.ANSWERED, caller=OTHER)]
    assert diagnosed(phones, *calls, symptom="probe_fail_some").cause == "binding_off"


def test_an_answer_of_the_network_reaches_nobody_and_a_greeting_is_one():
    suspended = twice(CallOutcome.ANSWERED, prompt="suspended")
    assert diagnosed(WELL, *suspended).cause == "binding_arrears"
    assert diagnosed(WELL, suspended[0]).confidence == 0.6
    greeted = twice(CallOutcome.ANSWERED, prompt="closed")
    assert (diagnosed(WELL, *greeted).cause, diagnosed(WELL, *greeted).confidence) == (
        "healthy",
        0.95,
    )
