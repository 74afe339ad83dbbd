"""What callers heard is evidence beside the interface's word."""

from dataclasses import replace

import pytest

from agent.complaints.complaint import Trouble
from agent.diagnosis import diagnose_number
from agent.diagnosis.caller_reports import CallerReport
from agent.diagnosis.prompts import PROMPTS, TROUBLES, prompt_of
from agent.diagnosis.report import render_json
from agent.model import CallOutcome
from agent.states import CallResult, PollFailure
from tests.account_facts import NOW, make_snapshot, number, polled
from tests.diagnosis.verdicts import CALLER, NIGHT, ONE, known, polled_at, routed

WELL = make_snapshot()
OFFICE_HOURS_OVER = NIGHT


def report(prompt="", who="a", *, at=NOW - 300, trouble="", caller=""):
    callers = (caller,) if caller else ()
    return CallerReport(at, who, prompt, trouble, callers)


def diagnosed(snapshot, *reports, symptom="", now=NOW, caller="", answers=None):
    context = replace(known(snapshot, now=now), reports=lambda _number: reports)
    return diagnose_number(ONE, context, symptom=symptom, caller=caller, answers=answers)


def three(prompt):
    return [report(prompt, who) for who in "abc"]


@pytest.mark.parametrize(
    ("prompt", "cause", "party"),
    [
        ("您拨打的号码已停机", "binding_arrears", "binding_carrier"),
        ("您拨打的号码是空号", "binding_nonexistent", "admin"),
        ("您拨打的用户正忙，请稍后再拨", "binding_busy", "holder"),
        ("您拨打的用户已关机", "binding_off", "holder"),
        ("您拨打的用户暂时无法接通", "binding_out_of_area", "holder"),
        ("接通后无声音", "voice_quality", "provider"),
        ("声音断断续续", "voice_quality", "provider"),
        ("单通，对方听不到我说话", "voice_quality", "provider"),
        ("回铃后无人接听", "binding_no_answer", "holder"),
        ("已暂停服务", "binding_barred", "binding_carrier"),
        ("拨号后提示网络繁忙", "provider_leg", "provider"),
        ("一直打不通", "provider_leg", "provider"),
        ("the number you dialed is out of service", "binding_barred", "binding_carrier"),
    ],
)
def test_three_callers_heard_the_same(prompt, cause, party):
    verdict = diagnosed(WELL, *three(prompt))
    assert (verdict.cause, verdict.party) == (cause, party)
    assert 0.5 <= verdict.confidence < 0.8
    assert any(fact.source == "callers" and fact.value == "3 callers" for fact in verdict.evidence)
    assert any("3 callers" in text for text in verdict.findings)
    chinese = next(it for it in verdict.translations if it.locale == "zh-CN")
    assert any("3" in text and "投诉" in text for text in chinese.findings)
    # The control: without them the number is in order.
    assert diagnosed(WELL).cause == "healthy"


def test_busy_is_the_lines_where_there_are_few():
    verdict = diagnosed(routed(concurrency_limit=1), *three("正忙"))
    assert (verdict.cause, verdict.party) == ("capacity_exceeded", "admin")


def test_the_interface_and_the_callers_contradict_each_other():
    verdict = diagnosed(WELL, *three("停机"))
    assert any("contradict" in text for text in verdict.findings)
    assert verdict.confidence < diagnosed(WELL, *three("断断续续")).confidence


def test_complaints_whose_words_say_nothing_definite_are_not_health():
    verdict = diagnosed(WELL, *three("请尽快处理"))
    assert (verdict.cause, verdict.party) == ("unknown", "provider")


def test_what_the_facts_show_stays_and_says_where_callers_hear_otherwise():
    suspended = make_snapshot(number(state="suspended_arrears"))
    agreed = diagnosed(suspended, *three("停机"))
    assert agreed.cause == "number_suspended_arrears"
    assert any(fact.source == "callers" for fact in agreed.evidence)
    assert not any("contradict" in text for text in agreed.findings)
    other = diagnosed(suspended, *three("声音断断续续"))
    assert other.cause == "number_suspended_arrears"
    assert other.confidence <= 0.8 < agreed.confidence
    assert any("contradict" in text for text in other.findings)


def test_the_rule_that_stops_the_caller_who_complains_is_the_cause():
    for snapshot, cause in (
        (routed(blacklist=("139",)), "list_blocks_caller"),
        (
            routed(whitelist_enabled=True, whitelist=("138", "137", "136")),
            "whitelist_blocks_caller",
        ),
        (routed(region_deny=("022",)), "region_blocks_caller"),
    ):
        caller = "02288881111" if cause.startswith("region") else CALLER
        verdict = diagnosed(snapshot, report("无权拨打", caller=caller), symptom="complaint")
        assert (verdict.cause, verdict.party) == (cause, "admin")
        assert verdict.confidence >= 0.8
        assert caller not in render_json(verdict)
        # The control: a caller whom no rule stops.
        allowed = report("回铃后无人接", caller="13800138000")
        assert diagnosed(snapshot, allowed, symptom="complaint").cause == "binding_no_answer"


@pytest.mark.parametrize(
    ("stopped", "cause"), [(1, "binding_no_answer"), (2, "list_blocks_caller")]
)
def test_a_rule_that_stops_a_few_of_those_who_complain_is_not_the_cause(stopped, cause):
    reports = [report("回铃后无人接", f"s{it}", caller=CALLER) for it in range(stopped)]
    reports += [report("回铃后无人接", who, caller="13800138000") for who in "ab"]
    assert diagnosed(routed(blacklist=("139",)), *reports).cause == cause


def test_hours_are_those_of_the_time_of_the_trouble():
    at_night = make_snapshot(polls=polled_at(OFFICE_HOURS_OVER))
    during = report("打不通", at=OFFICE_HOURS_OVER - 60, caller=CALLER)
    assert (
        diagnosed(at_night, during, symptom="complaint", now=OFFICE_HOURS_OVER).cause
        == "schedule_closed"
    )


def test_one_complaint_beside_many_answered_calls_may_be_past():
    calls = tuple(CallOutcome(NOW - 200 + n, CallResult.ANSWERED) for n in range(12))
    served = make_snapshot(recent_calls={ONE: calls})
    verdict = diagnosed(served, report("停机"))
    assert verdict.cause == "healthy"
    assert verdict.confidence <= 0.6
    assert any("1 caller" in text for text in verdict.findings)
    # Its own ticket says what was heard all the same.
    assert diagnosed(served, report("停机"), symptom="complaint").cause == "binding_arrears"
    assert diagnosed(served, *three("停机")).cause == "binding_arrears"


def test_old_reports_say_nothing_of_now_but_to_their_own_ticket():
    old = [report("停机", who, at=NOW - 9000) for who in "abc"]
    assert diagnosed(WELL, *old).cause == "healthy"
    assert diagnosed(WELL, *old, symptom="complaint").cause == "binding_arrears"


def test_callers_say_what_a_silent_interface_does_not():
    silent = {it: polled(NOW - 9999, failure=PollFailure.HTTP_5XX) for it in polled_at(NOW)}
    verdict = diagnosed(make_snapshot(polls=silent), *three("停机"))
    assert verdict.cause == "number_suspended_arrears"
    assert verdict.confidence < 0.8
    assert diagnosed(make_snapshot(polls=silent)).cause == "monitoring_blind"


def test_a_person_who_dials_the_phone_overrules_what_was_heard():
    assert diagnosed(WELL, *three("停机"), answers={"direct_call": "works"}).cause == "provider_leg"


def test_a_caller_gets_only_what_that_caller_reported():
    reports = [report("停机", caller=CALLER), report("断断续续", "b", caller="13800138000")]
    assert diagnosed(WELL, *reports, caller=CALLER).cause == "binding_arrears"
    assert diagnosed(WELL, *reports, caller="+8613800138000").cause == "voice_quality"
    assert diagnosed(WELL, *reports, caller="13700137000").cause == "healthy"


@pytest.mark.parametrize("prompt", PROMPTS, ids=[it.name for it in PROMPTS])
def test_every_row_names_a_cause_and_is_worded(prompt):
    assert prompt.causes
    assert all(prompt.fits_with(cause) for cause in prompt.causes)
    assert prompt.text.text("en") != prompt.text.text("zh-CN")
    assert prompt_of(CallerReport(NOW, "a", prompt.text.text("zh-CN"))) is not None


def test_every_trouble_of_the_forms_is_in_the_table_or_says_nothing_definite():
    assert set(TROUBLES) <= set(Trouble)
    assert set(Trouble) - set(TROUBLES) == {Trouble.WRONG_PROMPT, Trouble.OTHER}
