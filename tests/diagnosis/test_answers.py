"""Answers of people, and the verdicts they lead to (docs/reference/domain.md §2)."""

import pytest

from agent.diagnosis import diagnose_number
from agent.diagnosis.answers import answer_errors, known_questions, next_question
from agent.diagnosis.wireless_tree import WIRELESS_TREE, traverse_wireless_tree
from agent.states import Cause
from tests.account_facts import NOW, make_snapshot, number
from tests.diagnosis.verdicts import ONE, bound, known, routed

DEAD = {"service": "no", "own_sim_elsewhere": "fails", "test_sim_there": "fails"}


def diagnose(snapshot, answers, **settings):
    return diagnose_number(ONE, known(snapshot, now=NOW, **settings), answers=answers)


@pytest.mark.parametrize(
    ("answers", "cause", "party", "words"),
    [
        ({"service": "arrears"}, "binding_arrears", "binding_carrier", "account"),
        ({"service": "barred"}, "binding_barred", "binding_carrier", "account"),
        ({"service": "no", "own_sim_elsewhere": "works"}, "binding_off", "holder", "terminal"),
        (
            {**DEAD, "test_sim_there": "works", "how_many": "one"},
            "binding_off",
            "binding_carrier",
            "card",
        ),
        (
            {**DEAD, "test_sim_there": "works", "how_many": "range"},
            "binding_off",
            "binding_carrier",
            "core",
        ),
        (
            {**DEAD, "trouble": "no_access", "signal_dbm": "-101"},
            "binding_off",
            "binding_carrier",
            "coverage",
        ),
        (
            {**DEAD, "trouble": "no_access", "signal_dbm": "-94", "resources": "yes"},
            "binding_off",
            "binding_carrier",
            "full",
        ),
        (
            {**DEAD, "trouble": "drops", "drop_cause": "handover"},
            "binding_off",
            "binding_carrier",
            "handover",
        ),
    ],
)
def test_the_tree_goes_on_from_the_answers(answers, cause, party, words):
    verdict = diagnose(bound("off", "off"), answers)
    assert (verdict.cause, verdict.party) == (cause, party)
    fact = next(it for it in verdict.evidence if it.fact == "wireless tree")
    assert words in fact.value
    assert verdict.questions == ()
    assert {it.fact for it in verdict.evidence} >= set(answers)


def test_without_answers_the_first_question_is_put():
    verdict = diagnose(bound("off", "out_of_area"), {})
    assert verdict.questions[0].endswith("[service=no|arrears|barred]")
    chinese = diagnose(bound("off", "out_of_area"), {"service": "no"}, locale="zh-CN")
    assert "测试手机" in chinese.questions[0]


def test_an_answer_far_down_does_not_jump_the_way():
    verdict = diagnose(bound("off", "off"), {"signal_dbm": "-101"})
    assert (verdict.party, verdict.questions[0][-27:]) == ("holder", "[service=no|arrears|barred]")


def test_every_way_through_the_tree_ends_in_a_conclusion():
    nodes, seen = WIRELESS_TREE, set()

    def follow(name, way):
        assert name not in way
        seen.add(name)
        for choice in nodes[name].choices.values():
            follow(choice.leads_to, {*way, name})

    follow("service", set())
    assert seen == set(nodes)
    for node in nodes.values():
        assert node.message.text("zh-CN") != node.message.text("en")
        assert node.choices or node.step.text("zh-CN") != node.step.text("en")
        assert all(choice.leads_to in nodes for choice in node.choices.values())


@pytest.mark.parametrize("value", ["nan", "inf", "", "strong"])
def test_a_measure_that_is_none_leaves_the_question_open(value):
    walked = traverse_wireless_tree({**DEAD, "trouble": "no_access", "signal_dbm": value})
    assert walked.node.name == "signal_dbm"
    assert answer_errors({"signal_dbm": value})


@pytest.mark.parametrize(
    ("answers", "cause", "party"),
    [
        ({"control_call": "fails"}, "unknown", "caller"),
        ({"who_fails": "one_caller"}, "unknown", "caller_carrier"),
        ({"who_fails": "one_carrier"}, "provider_leg", "provider"),
        ({"direct_call": "works"}, "provider_leg", "provider"),
        ({"direct_call": "barred"}, "binding_barred", "binding_carrier"),
        ({"voice": "bad_by_400_only"}, "voice_quality", "provider"),
        ({"voice": "bad_directly_too"}, "voice_quality", "holder"),
        ({"direct_call": "off", "service": "arrears"}, "binding_arrears", "binding_carrier"),
    ],
)
def test_what_was_dialled_decides_where_the_facts_do_not(answers, cause, party):
    verdict = diagnose(bound("unknown", "unknown"), answers)
    assert (verdict.cause, verdict.party) == (cause, party)
    assert verdict.evidence[0].source == "answer"
    assert verdict.confidence <= 0.8


def test_an_answer_never_overrules_a_definite_fact():
    verdict = diagnose(make_snapshot(number(state="suspended_arrears")), {"direct_call": "works"})
    assert verdict.cause == "number_suspended_arrears"


def test_mistakes_are_named_with_what_is_expected():
    assert answer_errors({"service": "no", "signal_dbm": "-90", "caller_area": "022"}) == []
    (line,) = answer_errors({"servce": "no"})
    assert "expected one of" in line.text("en")
    (line,) = answer_errors({"service": "perhaps"})
    assert line.text("en") == "service: 'perhaps' is no answer, expected no|arrears|barred"
    assert "不是可用的答案" in line.text("zh-CN")
    assert set(known_questions()) >= {"service", "direct_call", "signal_dbm"}


def test_there_is_nothing_to_ask_about_what_is_well_or_certain():
    assert next_question(Cause.HEALTHY, {}, "en") is None
    assert next_question(Cause.NUMBER_FROZEN, {}, "en") is None
    assert next_question(Cause.UNKNOWN, {}, "en")[0] == "control_call"
    assert next_question(Cause.BINDING_OFF, {"service": "arrears"}, "en") is None


def test_the_callers_area_can_be_answered():
    context = known(routed(region_deny=("022",)))
    unsure = diagnose_number(ONE, context, caller="13900001111")
    assert (unsure.cause, unsure.confidence) in {("healthy", 0.6), ("healthy", 0.95)}
    informed = diagnose_number(ONE, context, caller="13900001111", answers={"caller_area": "022"})
    assert informed.cause == "region_blocks_caller"
    elsewhere = diagnose_number(ONE, context, caller="13900001111", answers={"caller_area": "010"})
    assert (elsewhere.cause, elsewhere.confidence) == ("healthy", 0.95)


def test_contacts_of_a_number_and_of_carriers_go_first():
    settings = {
        "carrier_contacts": {"unicom": "unicom desk", "mobile": "mobile desk"},
        "number_contacts": {ONE: {"holder": "reception 8001"}},
        "contacts": {"binding_carrier": {"name": "any carrier"}},
    }
    assert diagnose(bound("off", "off"), {}, **settings).contact == "reception 8001"
    arrears = diagnose(bound("arrears", "arrears"), {}, **settings)
    assert arrears.contact == "any carrier"
