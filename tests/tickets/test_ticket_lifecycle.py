"""The table of transitions."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.states import Grade, Scope, Severity, Stage
from agent.tickets.lifecycle import (
    RECOVERED,
    TRANSITIONS,
    ActorKind,
    Guard,
    IllegalTransitionError,
    advance,
    require,
)
from agent.tickets.ticket import ENDED, Subject, Ticket

ALL = frozenset(Guard)
STAGES, KINDS = st.sampled_from(Stage), st.sampled_from(ActorKind)


def test_every_stage_is_in_the_table_and_reachable() -> None:
    assert set(TRANSITIONS) == set(Stage)
    reachable = {Stage.DETECTED, Stage.REPORTED}
    while more := {after for stage in reachable for after in TRANSITIONS[stage]} - reachable:
        reachable |= more
    assert reachable == set(Stage)


def test_the_agent_closes_through_recovery_and_an_answer_alone() -> None:
    for before, steps in TRANSITIONS.items():
        ways = steps.get(Stage.CLOSED, {})
        if before not in RECOVERED:
            # A number that is gone, or a cause that is none: nothing is left to be closed for.
            assert ways.get(ActorKind.AGENT) in (None, {Guard.NOTHING_LEFT})
        elif ActorKind.AGENT in ways:
            assert ways[ActorKind.AGENT] == {Guard.RECOVERY_HELD, Guard.ANSWERED}
        restored = steps.get(Stage.RESTORED, {})
        assert restored.get(ActorKind.AGENT) in (None, {Guard.RECOVERY_HELD})


def test_nobody_closes_without_an_answer_and_no_provider_closes_at_all() -> None:
    ways = [steps[Stage.CLOSED] for steps in TRANSITIONS.values() if Stage.CLOSED in steps]
    for way in ways:
        for who, guards in way.items():
            assert Guard.ANSWERED in guards or (
                who is ActorKind.AGENT and guards == {Guard.NOTHING_LEFT}
            )
    assert all(ActorKind.PROVIDER not in way for way in ways)


def test_a_ticket_is_rejected_only_from_where_it_was_reported_or_accepted() -> None:
    before = {stage for stage, steps in TRANSITIONS.items() if Stage.REJECTED in steps}
    assert before == {Stage.REPORTED, Stage.ACCEPTED}
    for stage in before:
        for guards in TRANSITIONS[stage][Stage.REJECTED].values():
            assert guards == {Guard.REASON_GIVEN, Guard.REJECTION_GIVEN}


@given(STAGES, STAGES, KINDS, st.sets(st.sampled_from(Guard)).map(frozenset))
def test_a_step_is_taken_exactly_where_the_table_has_it_and_its_guards_hold(
    before: Stage, after: Stage, who: ActorKind, holds: frozenset[Guard]
) -> None:
    guards = TRANSITIONS[before].get(after, {}).get(who)
    if guards is not None and guards <= holds:
        assert require(before, after, holds, who) is after
    else:
        with pytest.raises(IllegalTransitionError, match=f"from {before} to {after}"):
            require(before, after, holds, who)


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [
        (Stage.DIAGNOSING, Stage.RESTORED, Guard.RECOVERY_HELD),
        (Stage.DIAGNOSING, Stage.OBSERVING, Guard.RECOVERY_VERIFIED),
        (Stage.RESTORED, Stage.CLOSED, Guard.RECOVERY_HELD),
        (Stage.RESTORED, Stage.CLOSED, Guard.ANSWERED),
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
    with pytest.raises(IllegalTransitionError, match="cannot go from detected to confirmed"):
        require(Stage.DETECTED, Stage.CONFIRMED, ALL)


def ticket(stage: Stage) -> Ticket:
    subject = Subject(Scope.NUMBER, "number_down", "north", "hq", "4006220001")
    return Ticket("NW-1", "key", 1, subject, stage, Severity.CRITICAL, Grade.AAA, 0.0, 0.0)


@given(STAGES, STAGES, KINDS)
def test_advance_moves_a_ticket_exactly_where_the_table_has_the_step(
    before: Stage, after: Stage, who: ActorKind
) -> None:
    if who in TRANSITIONS[before].get(after, {}):
        moved = advance(ticket(before), after, ALL, 60.0, who)
        assert moved.stage is after
        assert (moved.closed_at == 60.0) is (after in ENDED)
    else:
        with pytest.raises(IllegalTransitionError, match=f"from {before} to {after}"):
            advance(ticket(before), after, ALL, 60.0, who)


def test_nothing_but_the_lifecycle_sets_the_stage_of_a_ticket() -> None:
    setters = {
        (path.name, ast.unparse(value))
        for path in Path("agent/tickets").rglob("*.py")
        for value in stages_set(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert setters == {
        ("lifecycle.py", "require(ticket.stage, target, holds, actor)"),
        ("transitions.py", "INITIAL_STAGE"),
    }


def stages_set(module: ast.Module) -> Iterator[ast.expr]:
    """What ``stage=`` is given wherever a ticket is made or replaced."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("replace", "Ticket")):
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "stage")
