"""Series of test calls: what counts, what is left out, what is built again."""

from typing import Any

import pytest

from agent.probing.board import ProbeBoard
from agent.probing.facts import Control, ProbeCall
from tests.account_facts import NOW, make_snapshot, number
from tests.probe_calls import NUMBER, board_of, call, found_in
from tests.series.page import Page, samples

PREFIX = "numwatch_probe_"
TELECOM, UNICOM = (NUMBER, "telecom"), (NUMBER, "unicom")
FAULTY = {"control": Control.FAILED}


def shown(board: ProbeBoard, page: Page | None = None) -> dict[str, Any]:
    """The samples of the board's calls, by the name of the family."""
    blocks = (page or Page()).show(make_snapshot(number(NUMBER)), **found_in(board))
    return {
        name.removeprefix(PREFIX): samples(block)
        for name, block in blocks.items()
        if name.startswith(PREFIX)
    }


def test_failures_in_a_row_are_counted_for_each_line() -> None:
    found = shown(
        board_of(
            call(40, "busy"),
            call(30),
            call(20, "busy"),
            call(10, "congested"),
            call(5, caller="unicom"),
        )
    )
    assert found["failures"] == {TELECOM: 2, UNICOM: 0}
    assert found["outcome"] == {(*TELECOM, "congested"): 1, (*UNICOM, "answered"): 1}
    assert found["last_call_timestamp_seconds"] == {TELECOM: NOW - 10, UNICOM: NOW - 5}


def test_calls_that_say_nothing_are_no_failures() -> None:
    """Neither a line at fault, nor one that could not be checked, nor an unknown outcome."""
    unchecked = {"control": Control.UNKNOWN}
    found = shown(
        board_of(call(30, "busy", **FAULTY), call(20, "busy", **unchecked), call(10, "unknown"))
    )
    assert found == {"last_call_timestamp_seconds": {TELECOM: NOW - 10}}


def test_calls_that_say_nothing_do_not_end_a_row_of_failures() -> None:
    found = shown(
        board_of(
            call(40, "busy"), call(30, "unknown"), call(20, "busy"), call(10, "busy", **FAULTY)
        )
    )
    assert found["failures"] == {TELECOM: 2}
    assert found["outcome"] == {(*TELECOM, "busy"): 1}
    assert found["last_call_timestamp_seconds"] == {TELECOM: NOW - 10}


SUSPENDED = {"prompt": "suspended", "prompt_confidence": 0.9}
PROMPTS: dict[str, tuple[list[ProbeCall], dict[tuple[str, ...], float]]] = {
    "the same twice": (
        [call(20, "announcement", **SUSPENDED), call(10, "announcement", **SUSPENDED)],
        {(*TELECOM, "suspended"): 2},
    ),
    "another before": (
        [call(20, "announcement", prompt="off"), call(10, "announcement", **SUSPENDED)],
        {(*TELECOM, "suspended"): 1},
    ),
    "none the last time": ([call(20, "announcement", **SUSPENDED), call(10)], {}),
    "a greeting after the answer": ([call(20, prompt="welcome"), call(10, prompt="welcome")], {}),
    "what only a network says, after the answer": (
        [call(20, **SUSPENDED), call(10, **SUSPENDED)],
        {(*TELECOM, "suspended"): 2},
    ),
    "from a line at fault": (
        [call(20, "announcement", **SUSPENDED | FAULTY), call(10, "answered", prompt="")],
        {},
    ),
}


@pytest.mark.parametrize(("calls", "expected"), PROMPTS.values(), ids=PROMPTS)
def test_announcements_are_counted_that_callers_should_not_hear(
    calls: list[ProbeCall], expected: dict[tuple[str, ...], float]
) -> None:
    assert shown(board_of(*calls)).get("prompt_repeats", {}) == expected


def test_the_shorter_of_two_setup_times_needs_two() -> None:
    slow = [call(30, setup=2.0), call(20, setup=9.0), call(10, setup=8.0)]
    one = call(10, caller="unicom", setup=30.0)
    found = shown(board_of(*slow, one, call(5, "busy", setup=1.0, **FAULTY)))
    assert found["last_setup_seconds"] == {TELECOM: 8.0, UNICOM: 30.0}
    assert found["shorter_setup_seconds"] == {TELECOM: 8.0}


def test_answered_calls_without_sound_are_counted_beside_failures() -> None:
    found = shown(board_of(call(30, "silent"), call(20, "one_way"), call(10, "busy", "unicom")))
    assert found["unheard_calls"] == {TELECOM: 2, UNICOM: 0}
    assert found["failures"] == {TELECOM: 2, UNICOM: 1}


def test_the_score_is_that_of_the_newest_call_that_was_heard() -> None:
    found = shown(board_of(call(30, mos=3.5), call(20, mos=4.2), call(10, "busy")))
    assert found["mos"] == {TELECOM: 4.2}


def test_blocks_are_the_same_until_there_is_a_new_call() -> None:
    page, board = Page(), board_of(call(20, "busy"))

    def blocks(revision: int) -> dict[str, Any]:
        snapshot = make_snapshot(number(NUMBER), revision=revision)
        found = page.show(snapshot, NOW + revision, **found_in(board))
        return {name: block for name, block in found.items() if name.startswith(PREFIX)}

    first, again = blocks(1), blocks(2)
    assert len(first) == 4
    assert all(again[name] is block for name, block in first.items())
    board.add([call(20, "busy")])
    assert all(blocks(3)[name] is block for name, block in first.items()), "read again"
    board.add([call(10, "busy")])
    assert blocks(4)[f"{PREFIX}failures"] is not first[f"{PREFIX}failures"]


def test_calls_that_are_too_old_have_no_series() -> None:
    board = board_of(call(100, "busy"), call(50, "busy"), call(10, caller="unicom"))
    board.forget_before(NOW - 40)
    assert shown(board)["failures"] == {UNICOM: 0}
    board.forget_before(NOW)
    assert shown(board) == {}


def test_numbers_that_are_called_are_shown_though_they_are_well() -> None:
    assert shown(board_of(call(10)), Page("abnormal"))["failures"] == {TELECOM: 0}
