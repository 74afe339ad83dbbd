"""The table of transitions."""

import pytest

from agent.states import Stage
from agent.tickets.lifecycle import TRANSITIONS, Guard, IllegalTransitionError, require

ALL = frozenset(Guard)


def test_every_stage_is_in_the_table_and_reachable() -> None:
    assert set(TRANSITIONS) == set(Stage)
    reachable = {Stage.DETECTED, Stage.REPORTED}
    while more := {after for stage in reachable for after in TRANSITIONS[stage]} - reachable:
        reachable |= more
    assert reachable == set(Stage)


def test_closed_is_reached_through_recovery_alone() -> None:
    before = {stage for stage, steps in TRANSITIONS.items() if Stage.CLOSED in steps}
    assert before == {Stage.RESTORED, Stage.CONFIRMED}
    for stage in TRANSITIONS:
        guard = TRANSITIONS[stage].get(Stage.RESTORED)
        assert guard in (None, Guard.RECOVERY_HELD)


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [
        (Stage.DIAGNOSING, Stage.RESTORED, Guard.RECOVERY_HELD),
        (Stage.DIAGNOSING, Stage.OBSERVING, Guard.RECOVERY_VERIFIED),
        (Stage.RESTORED, Stage.CLOSED, Guard.RECOVERY_HELD),
        (Stage.CLOSED, Stage.REOPENED, Guard.WITHIN_REOPEN_WINDOW),
        (Stage.DETECTED, Stage.SUPPRESSED, Guard.PARENT_OPEN),
    ],
)
def test_a_guard_that_does_not_hold_stops_the_step(
    before: Stage, after: Stage, missing: Guard
) -> None:
    assert require(before, after, ALL) is after
    with pytest.raises(IllegalTransitionError, match=f"needs {missing}"):
        require(before, after, ALL - {missing})


def test_what_is_not_in_the_table_is_not_allowed() -> None:
    with pytest.raises(IllegalTransitionError, match="cannot go from detected to closed"):
        require(Stage.DETECTED, Stage.CLOSED, ALL)
