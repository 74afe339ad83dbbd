"""Lines that make none of the calls that plans ask of them."""

import pytest

from agent.probing.book import Refusal
from agent.testcalls.idle import IdleLines

LINE, OTHER = "telecom", "unicom"
BOTH = frozenset({LINE, OTHER})


def test_a_line_is_idle_from_the_first_refusal_until_it_calls() -> None:
    idle = IdleLines()
    idle.refused(LINE, 100.0, Refusal.BUDGET)
    idle.refused(LINE, 160.0, Refusal.HOURS_UNKNOWN)
    idle.refused(OTHER, 170.0, None)
    assert idle.lasting(BOTH, 200.0) == {LINE: 100.0, OTHER: 30.0}
    idle.placed(LINE)
    assert idle.lasting(BOTH, 210.0) == {OTHER: 40.0}


@pytest.mark.parametrize(
    "refusal",
    [Refusal.CALLER_HOURS, Refusal.NUMBER_HOURS, Refusal.CONCURRENCY, Refusal.PHONE_BUSY],
)
def test_nobody_is_idle_who_waits_as_is_configured(refusal: Refusal) -> None:
    idle = IdleLines()
    idle.refused(LINE, 100.0, refusal)
    assert idle.lasting(BOTH, 200.0) == {}


def test_a_night_does_not_count_and_a_closed_number_changes_nothing() -> None:
    idle = IdleLines()
    idle.refused(LINE, 100.0, Refusal.BUDGET)
    idle.refused(LINE, 150.0, Refusal.NUMBER_HOURS)
    assert idle.lasting(BOTH, 200.0) == {LINE: 100.0}
    idle.refused(LINE, 300.0, Refusal.CALLER_HOURS)
    assert idle.lasting(BOTH, 40_000.0) == {}


def test_a_line_that_no_plan_names_is_forgotten() -> None:
    idle = IdleLines()
    idle.refused(LINE, 100.0, None)
    assert idle.lasting(frozenset({OTHER}), 200.0) == {}
    assert idle.lasting(BOTH, 200.0) == {}
