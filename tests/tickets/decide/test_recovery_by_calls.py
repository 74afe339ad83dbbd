"""A ticket that test calls opened: what shows that its fault is over, and what does not."""

from dataclasses import replace

import pytest

from agent.checks.engine import Checker
from agent.fleet import Fleet
from agent.model import PollStatus, Snapshot
from agent.probing.board import ProbeBoard
from agent.probing.facts import Control, ProbeCall
from agent.states import PollFailure, Scope
from agent.tickets.decide.decision import Assessment, Finding
from agent.tickets.decide.hierarchy import PROBES
from agent.tickets.decide.recovery_facts import is_assessed, recovery_by_facts
from agent.tickets.decide.recovery_probes import RULES
from agent.tickets.ticket import Subject
from tests.account_facts import NOW, make_settings, make_snapshot, number
from tests.probe_calls import NUMBER, board_of, call, found_in

GOOD, BAD, UNKNOWN, GONE = Finding.GOOD, Finding.BAD, Finding.UNKNOWN, Finding.GONE
FAULTY = {"control": Control.FAILED}
LISTED = make_snapshot(number(NUMBER))


def assessed(
    board: ProbeBoard, symptom: str = "probe_fail_all", snapshot: Snapshot = LISTED
) -> Assessment:
    fleet = Fleet()
    fleet.swap(snapshot)
    checked = replace(Checker(make_settings()).check(snapshot, NOW), **found_in(board))
    recovery = recovery_by_facts(lambda *_: checked)
    subject = Subject(Scope.NUMBER, symptom, provider="north", account="hq", number=NUMBER)
    assessment = recovery(subject, fleet, NOW)
    assert assessment is not None
    return assessment


CASES: dict[str, tuple[list[ProbeCall], Finding, str]] = {
    "it still fails": (
        [call(20, "busy"), call(10, "busy")],
        BAD,
        f"test calls from telecom to {NUMBER} fail",
    ),
    "it got through": (
        [call(20, "busy"), call(10, duration=4.0)],
        GOOD,
        f"test calls from telecom to {NUMBER} get through",
    ),
    "one of two lines fails": (
        [call(20, "busy"), call(10), call(15, "busy", "unicom")],
        BAD,
        f"test calls from unicom to {NUMBER} fail",
    ),
    "both got through": (
        [call(20, "busy"), call(10), call(15, "busy", "unicom"), call(5, caller="unicom")],
        GOOD,
        f"test calls from telecom, unicom to {NUMBER} get through",
    ),
    "none was made": ([], UNKNOWN, f"no recent test call to {NUMBER} says whether it works"),
    "they say nothing": (
        [call(20, "unknown"), call(10, "busy", **FAULTY)],
        UNKNOWN,
        f"no recent test call to {NUMBER} says whether it works",
    ),
    "one fails, and the newest says nothing": (
        [call(20, "busy"), call(10, "unknown")],
        BAD,
        f"test calls from telecom to {NUMBER} fail",
    ),
}


@pytest.mark.parametrize(("calls", "finding", "reason"), CASES.values(), ids=CASES)
def test_the_newest_judged_call_of_every_line_decides(
    calls: list[ProbeCall], finding: Finding, reason: str
) -> None:
    assessment = assessed(board_of(*calls))
    assert (assessment.finding, assessment.reason) == (finding, reason)


def test_a_recovery_is_seen_when_its_call_has_ended() -> None:
    assert assessed(board_of(call(20, "busy"), call(10, duration=4.0))).seen_at == NOW - 6


def test_calls_that_grew_old_are_no_recovery() -> None:
    board = board_of(call(20, "busy"), call(10, "busy"))
    board.forget_before(NOW)
    found = assessed(board)
    reason = f"test calls from telecom to {NUMBER} failed, and none was made since"
    assert (found.finding, found.reason) == (UNKNOWN, reason)


def test_another_line_does_not_speak_for_one_that_failed_and_calls_no_more() -> None:
    board = board_of(call(30, "busy"), call(20, "busy", "unicom"))
    board.forget_before(NOW - 25)
    board.add([call(10, caller="unicom")])
    assert assessed(board).finding is UNKNOWN
    board.add([call(5)])
    assert assessed(board).finding is GOOD


def test_what_the_provider_says_is_no_evidence() -> None:
    """The calls decide though no poll succeeds, and though all of them do."""
    failing = PollStatus(60.0, NOW, NOW - 9999, PollFailure.TIMEOUT)
    silent = make_snapshot(number(NUMBER), polls=dict.fromkeys(LISTED.polls, failing))
    assert assessed(board_of(call(10)), snapshot=silent).finding is GOOD
    assert assessed(board_of(), snapshot=LISTED).finding is UNKNOWN


def test_a_number_that_is_gone_is_gone() -> None:
    assert assessed(board_of(), snapshot=make_snapshot(number("4006220009"))).finding is GONE


SYMPTOMS: dict[str, tuple[str, ProbeCall, Finding]] = {
    "an announcement after the answer": ("probe_prompt", call(10, prompt="suspended"), BAD),
    "a greeting": ("probe_prompt", call(10, prompt="welcome"), GOOD),
    "slow": ("probe_setup_slow", call(10, setup=7.5), BAD),
    "fast enough": ("probe_setup_slow", call(10, setup=7.0), GOOD),
    "busy and fast": ("probe_setup_slow", call(10, "busy", setup=1.0), GOOD),
    "not measured": ("probe_setup_slow", call(10, "busy"), UNKNOWN),
    "silent": ("probe_one_way", call(10, "silent"), BAD),
    "heard": ("probe_one_way", call(10), GOOD),
    "slow and heard": ("probe_one_way", call(10, setup=9.0), GOOD),
}


@pytest.mark.parametrize(("symptom", "newest", "finding"), SYMPTOMS.values(), ids=SYMPTOMS)
def test_each_symptom_is_over_by_its_own_measure(
    symptom: str, newest: ProbeCall, finding: Finding
) -> None:
    assert assessed(board_of(newest), symptom).finding is finding


def test_every_symptom_of_test_calls_has_its_rule() -> None:
    assert RULES.keys() == PROBES
    assert all(map(is_assessed, PROBES))
