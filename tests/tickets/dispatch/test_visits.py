"""Visits by the actions of people: appointment, arrival, absence, departure, checklist, checks."""

from typing import Any

import pytest

from agent.states import Grade, Scope, Severity, Stage
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor
from agent.tickets.actions.specs import perform
from agent.tickets.dispatch.conduct import checks_of
from agent.tickets.document import document, stamp
from agent.tickets.lifecycle import ActorKind, IllegalTransitionError
from agent.tickets.policy import ticket_policy_of
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import readings
from agent.tickets.ticket import Subject, Ticket
from tests.tickets.scene import NUMBER, START, settings

POLICY = ticket_policy_of(settings())
LI = Actor(ActorKind.PERSON, "li")
HOUR = START + 6 * 3600
"""22:13 in Shanghai is quiet; START is 2026-09-21T22:13 there."""


def ticket(severity: Severity = Severity.CRITICAL) -> Ticket:
    return Ticket(
        id="NW-1",
        key="k",
        episode=1,
        subject=Subject(Scope.NUMBER, "number_down", "north", "hq", NUMBER),
        stage=Stage.ACCEPTED,
        severity=severity,
        grade=Grade.AAA,
        started_at=START,
        detected_at=START,
        clocks=clocks.start(Grade.AAA, POLICY.terms[Grade.AAA], START),
    )


def do(one: Ticket, action: TicketAction, now: float, **fields: Any) -> Ticket:
    return perform(one, ActionRequest(action, LI, "a reason", fields), POLICY, now).after


def appointed(one: Ticket, at: float = START + 60, hour: float = HOUR) -> Ticket:
    return do(one, TicketAction.APPOINT, at, time=stamp(hour))


def checks(one: Ticket, now: float = HOUR + 3600) -> dict[str, str]:
    conduct = POLICY.dispatch.conduct
    return {
        it.name: it.state.value
        for it in checks_of(one.visits[-1], one, conduct, "Asia/Shanghai", now)
    }


@pytest.mark.parametrize(
    ("early", "state"),
    [(601, "missed"), (600, "kept"), (300, "kept"), (299, "missed"), (-60, "missed")],
)
def test_staff_arrive_between_ten_and_five_minutes_before_the_hour(
    early: float, state: str
) -> None:
    one = do(appointed(ticket()), TicketAction.ARRIVE, HOUR - early, staff="Li", helpers="Wu")
    assert checks(one)["arrival"] == state
    assert (one.visits[-1].staff, one.visits[-1].helpers) == ("Li", "Wu")


def test_an_arrival_that_nobody_recorded_is_unknown_and_one_to_come_pending() -> None:
    one = appointed(ticket())
    assert checks(one, HOUR - 10)["arrival"] == "pending"
    assert checks(one, HOUR + 10)["arrival"] == "unknown"


@pytest.mark.parametrize(("ahead", "state"), [(7200, "kept"), (7199, "missed")])
def test_another_hour_is_agreed_two_hours_ahead(ahead: float, state: str) -> None:
    one = appointed(appointed(ticket()), HOUR - ahead, HOUR + 7200)
    assert len(one.visits) == 1
    assert checks(one)["reschedule"] == state


@pytest.mark.parametrize(("waited", "state"), [("15m", "kept"), ("14m", "missed")])
def test_staff_wait_for_an_absent_customer_whose_time_it_is_then(waited: str, state: str) -> None:
    one = do(appointed(ticket()), TicketAction.ABSENT, HOUR + 900, waited=waited)
    assert checks(one)["wait"] == state
    assert one.stage is Stage.DISPATCHED
    paused = {it.name: it.paused for it in readings(one.clocks, HOUR + 1000)}
    assert "customer_caused" in {reason.value for reason in paused["restore"]}
    again = appointed(one, HOUR + 1800, HOUR + 86_400)
    assert len(again.visits) == 2
    reasons = [it.paused for it in readings(again.clocks, HOUR + 2000)]
    assert {reason.value for it in reasons for reason in it} == {"appointment"}


def test_nobody_waits_who_was_not_sent() -> None:
    with pytest.raises(IllegalTransitionError, match="from accepted to on_site"):
        do(ticket(), TicketAction.ABSENT, START + 60, waited="20m")


def test_what_is_urgent_is_visited_at_any_hour_and_other_faults_outside_of_quiet_hours() -> None:
    night = START + 60  # 22:14
    mild = do(ticket(Severity.WARNING), TicketAction.APPOINT, START, time=stamp(night))
    assert checks(mild)["quiet_hours"] == "missed"
    day = do(ticket(Severity.WARNING), TicketAction.APPOINT, START, time=stamp(START + 12 * 3600))
    assert checks(day)["quiet_hours"] == "kept"
    assert "quiet_hours" not in checks(appointed(ticket(), START, night))


def test_the_checklist_says_what_nobody_has_said_and_the_document_has_the_visit() -> None:
    one = do(appointed(ticket()), TicketAction.ARRIVE, HOUR - 400, staff="Li")
    one = do(one, TicketAction.CONDUCT, HOUR, registered="yes", tested="no")
    one = do(one, TicketAction.DEPART, HOUR + 1800)
    states = checks(one)
    assert (states["registered"], states["tested"], states["repaired"]) == (
        *("kept", "missed"),
        "unknown",
    )
    (visit,) = document(one, HOUR)["visits"]
    assert (visit["hour"], visit["left_at"]) == (stamp(HOUR), stamp(HOUR + 1800))
    assert visit["conduct"] == {"registered": "yes", "tested": "no"}


def test_nobody_leaves_before_the_arrival() -> None:
    one = do(appointed(ticket()), TicketAction.ARRIVE, HOUR)
    with pytest.raises(ActionRequestError, match="before the arrival"):
        do(one, TicketAction.DEPART, HOUR + 60, at=stamp(HOUR - 60))


def test_a_ticket_is_handed_over_with_a_note_and_only_by_whoever_has_one() -> None:
    with pytest.raises(ActionRequestError, match="makes no sense"):
        do(ticket(), TicketAction.HAND_OVER, START, assignee="Wang")
    mine = do(ticket(), TicketAction.ASSIGN, START, assignee="Li")
    handed = do(mine, TicketAction.HAND_OVER, START + 60, assignee="Wang")
    assert handed.assignee == "Wang"
    entry = handed.timeline[-1]
    assert (entry.actor, entry.event, entry.reason) == (
        *("li", "hand_over"),
        "a reason (assignee Wang)",
    )
