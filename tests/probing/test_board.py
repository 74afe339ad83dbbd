"""The newest test calls in memory: who is in trouble, and which lines are known to work."""

from agent.probing.board import KEPT, ProbeBoard
from agent.probing.facts import Control, Purpose
from agent.testcalls.lines import LineSeries, is_working
from exporters.telemetry import Telemetry
from tests.account_facts import NOW
from tests.probe_calls import HQ, NUMBER, board_of, call

LATER = NOW + 1


def test_a_caller_in_trouble_is_remembered_when_its_calls_are_forgotten() -> None:
    board = board_of(call(20, "busy"), call(10, caller="unicom"))
    assert board.troubled(HQ) == {NUMBER: {"telecom"}}
    board.forget_before(LATER)
    assert board.of(HQ) == {}
    assert board.troubled(HQ) == {NUMBER: {"telecom"}}
    board.add(
        [call(5, caller="unicom"), call(4, "unknown"), call(3, "busy", control=Control.FAILED)]
    )
    assert board.troubled(HQ) == {NUMBER: {"telecom"}}, "calls that say nothing"
    board.add([call(2)])
    assert board.troubled(HQ) == {}


def test_it_is_remembered_when_calls_that_say_nothing_take_its_place() -> None:
    board = board_of(call(90, "busy"), *(call(50 - it, "unknown") for it in range(KEPT)))
    assert all(not it.is_judged for it in board.of(HQ)[NUMBER])
    assert board.troubled(HQ) == {NUMBER: {"telecom"}}


def test_trouble_is_more_than_a_call_that_failed() -> None:
    board = board_of(
        call(9, caller="slow", setup=7.5),
        call(8, caller="fast", setup=7.0),
        call(7, caller="announced", prompt="suspended"),
        call(6, caller="greeted", prompt="welcome"),
    )
    assert board.troubled(HQ) == {NUMBER: {"slow", "announced"}}


def test_the_subscriber_hears_of_new_calls_only() -> None:
    heard: list[tuple[str, str]] = []
    board = ProbeBoard()
    board.subscriber = heard.extend
    board.add([call(10, "busy")])
    before = board.of(HQ)
    board.add([call(10, "busy")])
    assert heard == [HQ]
    assert board.of(HQ) is before


def controlled(at: float, outcome: str, control: Control) -> dict[str, object]:
    return {"at": at, "outcome": outcome, "control": control, "purpose": Purpose.CONTROL}


def test_a_line_works_by_its_newest_proof() -> None:
    board = board_of(call(50))
    assert is_working(board.proofs()["telecom"]) is True
    board.add([call(**controlled(40, "congested", Control.FAILED))])
    assert is_working(board.proofs()["telecom"]) is False
    board.add([call(30, "busy", control=Control.FAILED), call(45)])
    assert is_working(board.proofs()["telecom"]) is False, "neither says that it works again"
    board.add([call(**controlled(20, "unknown", Control.UNKNOWN))])
    assert is_working(board.proofs()["telecom"]) is None
    board.add([call(10)])
    assert is_working(board.proofs()["telecom"]) is True
    board.forget_before(LATER)
    assert board.proofs() == {}


def test_lines_of_which_nothing_is_known_have_no_series() -> None:
    telemetry = Telemetry()
    series = LineSeries(telemetry)

    def shown() -> dict[str, float]:
        (metric,) = telemetry.probe_working.collect()
        return {it.labels["caller"]: it.value for it in metric.samples}

    board = board_of(
        call(**controlled(10, "congested", Control.FAILED)),
        call(10, caller="unicom"),
        call(caller="mobile", **controlled(10, "unknown", Control.UNKNOWN)),
    )
    series.show(board.proofs())
    assert shown() == {"telecom": 0, "unicom": 1}
    board.forget_before(LATER)
    series.show(board.proofs())
    assert shown() == {}
