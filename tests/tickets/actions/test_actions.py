"""People's acts on tickets: no illegal move, every move with its reason, whatever is asked."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import settings as rigour
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.states import ClockName, Grade, Scope, Severity, Stage
from agent.tickets.actions.action import ACTION_DESCRIPTIONS, TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor
from agent.tickets.actions.specs import ACTION_SPECS, offered, perform
from agent.tickets.changes import CLOSED, ESCALATED, REOPENED, UPDATED, Change
from agent.tickets.lifecycle import TRANSITIONS, ActorKind, IllegalTransitionError
from agent.tickets.policy import ticket_policy_of
from agent.tickets.refusal import RefusalError
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import PauseReason, readings
from agent.tickets.ticket import Subject, Ticket
from tests.proof_size import size
from tests.tickets.scene import NUMBER, START, settings

POLICY = replace(
    ticket_policy_of(settings(confirmation={"grades": ["AAA", "AA"]})),
    joint_test_callers=("telecom",),
)
LI = Actor(ActorKind.PERSON, "li.wei")
LATER = "2036-01-01T09:00:00Z"
FORM = {"customer": "王女士", "cause": "transmission_line", "outcome": "restored"}
FIELDS = {
    TicketAction.PROVIDER_TICKET: {"provider_ticket": "CU-17"},
    TicketAction.REJECT: {"rejection": "misrouted"},
    TicketAction.APPOINT: {"time": LATER},
    TicketAction.TEST: {"result": "passed"},
    TicketAction.QUALITY_CHECK: {"result": "passed"},
    TicketAction.CONFIRM: FORM,
    TicketAction.CLOSE: {"resolution": "fixed"},
    TicketAction.MUTE: {"for": "2h"},
    TicketAction.PAUSE: {"why": "customer_caused"},
    TicketAction.RESUME: {"why": "customer_caused"},
    TicketAction.GRADE: {"grade": "AA"},
    TicketAction.ATTRIBUTE: {"responsible": "provider"},
    TicketAction.ASSIGN: {"assignee": "Wang Fang"},
    TicketAction.HAND_OVER: {"assignee": "Wang Fang"},
    TicketAction.ABSENT: {"waited": "20m"},
    TicketAction.ANSWER: {"question": "control_call", "answer": "works"},
}


def ticket(stage: Stage = Stage.DIAGNOSING, grade: Grade = Grade.AAA) -> Ticket:
    return Ticket(
        id="NW-1",
        key="k",
        episode=1,
        subject=Subject(Scope.NUMBER, "number_down", "north", "hq", NUMBER),
        stage=stage,
        severity=Severity.CRITICAL,
        grade=grade,
        started_at=START,
        detected_at=START,
        clocks=clocks.start(grade, POLICY.terms[grade], START),
    )


def do(one: Ticket, act: TicketAction, now: float, actor: Actor = LI, **fields: str) -> Change:
    request = ActionRequest(act, actor, "because", {**FIELDS.get(act, {}), **fields})
    return perform(one, request, POLICY, now)


def stops(one: Ticket) -> dict[str, float | None]:
    return {it.name.value: it.stopped_at for it in readings(one.clocks, START + 9000)}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(TicketAction),
            st.sampled_from([ActorKind.PERSON, ActorKind.TICKET_SYSTEM, ActorKind.PROVIDER]),
            st.sampled_from([0.0, 60.0, 4000.0, -3600.0]),
        ),
        max_size=12,
    ),
    st.sampled_from(Grade),
)
@rigour(max_examples=size(50, 500), deadline=None)
def test_whatever_is_asked_every_move_is_in_the_table_and_has_its_reason(
    attempts: list[tuple[TicketAction, ActorKind, float]], grade: Grade
) -> None:
    one, now = ticket(grade=grade), START
    for act, kind, seconds in attempts:
        now += seconds
        try:
            change = do(one, act, now, Actor(kind, "x"))
        except (IllegalTransitionError, ActionRequestError):
            continue
        after = change.after
        assert after.revision == one.revision + 1
        assert [entry.event for entry in change.entries] == [act.value]
        assert all(entry.reason and entry.actor for entry in change.entries)
        if after.stage is not one.stage:
            direct = after.stage in TRANSITIONS[one.stage]
            through = any(after.stage in TRANSITIONS[it] for it in TRANSITIONS[one.stage])
            assert direct or (act in (TicketAction.ARRIVE, TicketAction.REPAIR) and through)
        if after.stage is Stage.CLOSED:
            requires_confirmation = grade in POLICY.confirmation
            assert not requires_confirmation or after.waiver or one.stage is Stage.CONFIRMED
            assert after.closed_by
            assert after.resolution
            assert all(it.stopped_at is not None for it in readings(after.clocks, now + 1))
        one = after


@pytest.mark.parametrize("act", TicketAction)
def test_every_act_is_described_and_refuses_to_be_without_reason(act: TicketAction) -> None:
    assert ACTION_DESCRIPTIONS[act]
    request = ActionRequest(act, LI, " \x07 ", FIELDS.get(act, {}))
    with pytest.raises(ActionRequestError, match="reason: is missing"):
        perform(ticket(), request, POLICY, START)


@pytest.mark.parametrize("stage", Stage)
def test_what_is_offered_can_be_done_and_what_is_not_cannot(stage: Stage) -> None:
    one = ticket(stage, Grade.STANDARD)
    for act in set(TicketAction) - {TicketAction.RESUME}:
        done = None
        with suppress(IllegalTransitionError, ActionRequestError):
            done = do(one, act, START + 60)
        assert (done is not None) is (act in offered(one)), act


def test_from_report_to_confirmation() -> None:
    one = ticket()
    steps = [
        (TicketAction.REPORT, 60, {}, Stage.REPORTED),
        (TicketAction.PROVIDER_TICKET, 300, {}, Stage.ACCEPTED),
        (TicketAction.ESCALATE, 400, {}, Stage.CARRIER_ESCALATED),
        (TicketAction.DISPATCH, 500, {}, Stage.DISPATCHED),
        (TicketAction.ARRIVE, 3000, {}, Stage.ON_SITE),
        (TicketAction.RESTORE, 5000, {}, Stage.RESTORED),
        (TicketAction.REPAIR, 5100, {}, Stage.REPAIRED),
        (TicketAction.TEST, 5200, {}, Stage.TESTING),
        (TicketAction.CONFIRM, 5300, {"phone": "13800000001"}, Stage.CONFIRMED),
        (TicketAction.CLOSE, 5400, {}, Stage.CLOSED),
    ]
    for act, seconds, fields, stage in steps:
        one = do(one, act, START + seconds, **fields).after
        assert one.stage is stage
    assert one.provider_ticket == "CU-17"
    assert one.confirmation is not None
    assert (one.confirmation.phone, one.confirmation.recorded_by) == ("13800000001", "li.wei")
    assert stops(one) == {"contact": START + 300, "on_site": START + 3000, "restore": START + 5000}
    assert (one.resolution, one.outcome, one.closed_by) == ("restored", "restored", "li.wei")
    assert "13800000001" not in repr(one.timeline)


def test_aaa_is_closed_only_confirmed_or_waived_and_standard_without() -> None:
    restored = do(ticket(), TicketAction.RESTORE, START + 60).after
    with pytest.raises(IllegalTransitionError, match="confirmed_or_waived"):
        do(restored, TicketAction.CLOSE, START + 70)
    waived = do(restored, TicketAction.WAIVE, START + 70).after
    assert waived.waiver is not None
    assert do(waived, TicketAction.CLOSE, START + 80).kind == CLOSED
    in_one_go = do(
        restored, TicketAction.CLOSE, START + 80, waiver="nobody answers the phone"
    ).after
    assert in_one_go.waiver is not None
    assert (
        do(ticket(grade=Grade.STANDARD), TicketAction.CLOSE, START + 70).after.stage is Stage.CLOSED
    )


def test_a_form_that_says_not_fixed_sends_it_back_and_the_clock_ran_all_along() -> None:
    restored = do(ticket(), TicketAction.RESTORE, START + 60).after
    back = do(restored, TicketAction.CONFIRM, START + 600, outcome="not_fixed").after
    assert back.stage is Stage.DIAGNOSING
    assert back.confirmation is not None
    assert back.restored_at is None
    (restore,) = (it for it in readings(back.clocks, START + 600) if it.name is ClockName.RESTORE)
    assert (restore.stopped_at, restore.elapsed) == (None, 600.0)


def test_an_appointment_stops_the_clocks_until_its_hour() -> None:
    one = do(ticket(), TicketAction.APPOINT, START + 600, time="2026-09-22T00:00:00Z").after
    assert one.appointment is not None
    on_site = readings(one.clocks, START + 1200)[1]
    assert on_site.paused == (PauseReason.APPOINTMENT,)
    assert on_site.elapsed == 600.0
    assert on_site.deadline == one.appointment + 3000.0


def test_rejecting_needs_one_of_two_reasons_and_an_accepted_ticket() -> None:
    with pytest.raises(IllegalTransitionError, match="cannot go from diagnosing to rejected"):
        do(ticket(), TicketAction.REJECT, START)
    accepted = do(ticket(), TicketAction.ACCEPT, START).after
    with pytest.raises(ActionRequestError, match="expected one of misrouted, incomplete_fields"):
        do(accepted, TicketAction.REJECT, START, rejection="no time")
    rejected = do(accepted, TicketAction.REJECT, START).after
    assert (rejected.stage, rejected.resolution) == (Stage.REJECTED, "misrouted")
    taken = do(rejected, TicketAction.REOPEN, START + 60)
    assert (taken.after.stage, taken.kind) == (Stage.ACCEPTED, REOPENED)


def test_a_closed_ticket_is_reopened_unless_another_stands() -> None:
    closed = do(ticket(grade=Grade.STANDARD), TicketAction.CLOSE, START + 60).after
    request = ActionRequest(TicketAction.REOPEN, LI, "it is not over")
    assert perform(closed, request, POLICY, START + 9999).after.stage is Stage.REOPENED
    with pytest.raises(IllegalTransitionError, match="none_other_open"):
        perform(closed, request, POLICY, START + 9999, is_only_open=False)


def test_a_muted_ticket_tells_the_sinks_of_its_end_alone() -> None:
    muted = do(ticket(), TicketAction.MUTE, START)
    assert muted.kind == UPDATED
    one = muted.after
    assert do(one, TicketAction.COMMENT, START + 60).kind == ""
    assert do(one, TicketAction.ESCALATE, START + 60).kind == ""
    assert do(one, TicketAction.ESCALATE, START + 7201).kind == ESCALATED
    assert do(one, TicketAction.CLOSE, START + 60, waiver="none").kind == CLOSED


def test_whoever_saw_an_older_revision_is_told_so() -> None:
    request = ActionRequest(TicketAction.COMMENT, LI, "seen", revision=7)
    with pytest.raises(ActionRequestError, match="changed since"):
        perform(ticket(), request, POLICY, START)


@pytest.mark.parametrize(
    ("act", "fields", "complaint"),
    [
        (TicketAction.APPOINT, {"time": "2001-01-01T00:00Z"}, "fields.time: has passed"),
        (TicketAction.APPOINT, {"time": "soon"}, "fields.time: is 'soon', expected a time"),
        (TicketAction.RESTORE, {"at": LATER}, "fields.at: is still to come"),
        (TicketAction.MUTE, {"for": "0"}, "fields.for: is no time at all"),
        (
            TicketAction.CLOSE,
            {"resolution": "whatever"},
            "fields.resolution: is 'whatever', expected",
        ),
        (TicketAction.CLOSE, {"resolution": ""}, "fields.resolution: is missing"),
        (TicketAction.COMMENT, {"colour": "red"}, "fields.colour: is not known, expected none"),
        (TicketAction.COMMENT, {"a\x1b[31m": "red"}, "fields.a"),
    ],
)
def test_a_field_that_cannot_be_read_says_what_is_expected(
    act: TicketAction, fields: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ActionRequestError) as error:
        do(ticket(), act, START, **fields)
    assert complaint in str(error.value)
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        (TicketAction.APPOINT, {"time": "soon"}),
        (TicketAction.RESTORE, {"at": LATER}),
        (TicketAction.MUTE, {"for": "0"}),
        (TicketAction.CLOSE, {"resolution": ""}),
        (TicketAction.CONFIRM, {"customer": ""}),
        (TicketAction.COMMENT, {"colour": "red"}),
        (TicketAction.ANSWER, {"question": "voice", "answer": "loud"}),
        (TicketAction.RESUME, {"why": "appointment"}),
        (TicketAction.REOPEN, {}),
        (TicketAction.CONFIRM, FORM),
    ],
)
def test_a_refusal_is_in_the_readers_language(act: TicketAction, fields: dict[str, str]) -> None:
    with pytest.raises(RefusalError) as error:
        do(ticket(), act, START, **fields)
    problem = error.value.problem("zh-CN")
    assert re.search(r"[\u4e00-\u9fff]", problem)
    assert re.findall(r"[a-z]{2,} [a-z]{2,}", problem) == []


def test_every_act_has_a_deed() -> None:
    assert set(ACTION_SPECS) == set(TicketAction) == set(ACTION_DESCRIPTIONS)
