"""What time does by itself: warnings, the ladder, severe faults, waivers, grades."""

import json

import msgspec
import pytest
from msgspec.structs import replace

from agent.complaints.complaint import Complaint
from agent.states import Cause, Grade, NumberState, Party, Scope, Severity, Stage
from agent.store.database import Database
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, Actor
from agent.tickets.actions.specs import perform
from agent.tickets.changes import ESCALATED, UPDATED
from agent.tickets.ledger import Filter
from agent.tickets.lifecycle import ActorKind
from agent.tickets.outbox.outbox import Outbox
from agent.tickets.policy import TicketPolicy, ticket_policy_of
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import PauseReason, readings
from agent.tickets.sla.time_policies import apply_time_policies
from agent.tickets.ticket import Subject, Ticket
from agent.verdict import Verdict
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, START, Scene, alert, settings

LI = Actor(ActorKind.PERSON, "li")
LADDER = [
    {"percent": 80, "grades": ["AAA"], "sinks": ["leaders"], "contacts": ["admin"]},
    {"percent": 100, "sinks": ["leaders", "desk"]},
]


def handling(**sla: object) -> TicketPolicy:
    return ticket_policy_of(settings(sla=sla, confirmation={"grades": ["AAA", "AA"]}))


def ticket(grade: Grade = Grade.AAA, scope: Scope = Scope.NUMBER, **more: object) -> Ticket:
    fields = {
        "subject": Subject(scope, "number_down", "north", "hq", NUMBER),
        "stage": Stage.DIAGNOSING,
        "severity": Severity.WARNING,
        "clocks": clocks.start(grade, handling().terms[grade], START),
    }
    recorded = {**fields, **more}
    return Ticket(
        id="NW-1", key="k", episode=1, grade=grade, started_at=START, detected_at=START, **recorded
    )


def pass_time(one: Ticket, by: TicketPolicy, *seconds: float) -> list[tuple[str, str, str]]:
    """What is told at each of these times, each once."""
    recorded = []
    for at in seconds:
        change = apply_time_policies(one, by, START + at)
        if change is not None:
            one = change.after
            recorded += [(entry.event, entry.reason, change.kind) for entry in change.entries]
    return recorded


def test_a_clock_warns_at_50_80_and_100_percent_and_each_once() -> None:
    only_contact = ticket(clocks=clocks.start(Grade.AAA, clocks.Terms(contact=900.0), START))
    calm = handling(severe={"after": "30d"})
    recorded = pass_time(only_contact, calm, 449, 450, 460, 720, 899, 900, 5000, 450, 5001)
    assert [(event, kind) for event, _reason, kind in recorded] == [
        ("sla_warning", UPDATED),
        ("sla_warning", UPDATED),
        ("sla_breached", ESCALATED),
    ]
    assert "contact (AAA): 50 % of 15m used, 7m30s left" in recorded[0][1]
    assert "contact (AAA, 15m) was due" in recorded[2][1]


def test_a_paused_or_stopped_clock_does_not_warn() -> None:
    one = ticket()
    paused = clocks.pause(one.clocks, PauseReason.CUSTOMER_CAUSED, START + 60)
    calm = handling(severe={"after": "30d"})
    assert pass_time(replace(one, clocks=paused), calm, 50_000) == []
    stopped = clocks.stop(one.clocks, START + 60)
    assert pass_time(replace(one, clocks=stopped), calm, 50_000) == []


def test_the_ladder_says_who_hears_it() -> None:
    by = ticket_policy_of(
        settings(sla={"ladder": LADDER, "severe": {"after": "30d"}}).model_copy(
            update={"contacts": {}}
        )
    )
    one = ticket(clocks=clocks.start(Grade.AAA, clocks.Terms(contact=900.0), START))
    at_80 = apply_time_policies(one, by, START + 720)
    assert at_80 is not None
    assert (at_80.kind, at_80.escalated_to) == (ESCALATED, frozenset({"leaders"}))
    assert "notify admin" in at_80.entries[0].reason
    at_100 = apply_time_policies(at_80.after, by, START + 901)
    assert at_100 is not None
    assert at_100.escalated_to == {"leaders", "desk"}
    other = replace(one, grade=Grade.AA)
    other = replace(other, clocks=clocks.start(Grade.AA, clocks.Terms(contact=900.0), START))
    quiet = apply_time_policies(other, by, START + 720)
    assert quiet is not None
    assert quiet.kind == UPDATED


async def test_only_the_sinks_of_a_step_hear_an_escalation(database: Database) -> None:
    scene = Scene(grade=Grade.AAA)
    ladder = [{"percent": 50, "sinks": ["leaders"]}]
    sla = {"ladder": ladder, "warnings": [], "severe": {"after": "30d"}}
    run = Run(database, scene, sla=sla)
    leaders = run.settings.sinks[0].model_copy(update={"name": "leaders"})
    run.settings = run.settings.model_copy(update={"sinks": [*run.settings.sinks, leaders]})
    run.restart()
    scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    await run.step(alert(), seconds=600)
    recorded = {}
    for sink in ("desk", "leaders"):
        row = None
        while claimed := await Outbox(database).claim(sink, run.now):
            await Outbox(database).delivered([claimed], run.now)
            row = claimed
        assert row is not None
        recorded[sink] = (row.type, json.loads(row.payload)["type"])
    assert recorded == {"desk": (UPDATED, UPDATED), "leaders": (ESCALATED, ESCALATED)}


@pytest.mark.parametrize(("seconds", "severe"), [(1800, False), (1801, True)])
def test_a_number_down_for_more_than_half_an_hour_is_a_severe_fault(
    seconds: float, severe: bool
) -> None:
    change = apply_time_policies(ticket(Grade.STANDARD), handling(), START + seconds)
    assert (change is not None) is severe
    if change is not None:
        assert (change.kind, change.after.severity) == (ESCALATED, Severity.CRITICAL)
        assert [entry.event for entry in change.entries] == ["severe_fault"]
        assert apply_time_policies(change.after, handling(), START + 9999) is None


def test_a_severe_fault_names_whom_to_notify_and_its_sinks() -> None:
    told = handling(severe={"contacts": ["admin", "finance"], "sinks": ["leaders"]})
    change = apply_time_policies(ticket(Grade.STANDARD), told, START + 1801)
    assert change is not None
    reason = "a severe fault: unusable for more than 30m"
    assert change.entries[0].reason == f"{reason}; notify admin, finance"
    assert change.escalated_to == {"leaders"}
    plain = apply_time_policies(ticket(Grade.STANDARD), handling(), START + 1801)
    assert plain is not None
    assert plain.entries[0].reason == reason
    assert plain.escalated_to is None


def test_a_suppressed_ticket_takes_its_grade_and_nobody_hears_it() -> None:
    suppressed = ticket(Grade.STANDARD, stage=Stage.SUPPRESSED)
    assert apply_time_policies(suppressed, handling(), START + 9999) is None
    change = apply_time_policies(suppressed, handling(), START + 9999, Grade.AA)
    assert change is not None
    assert (change.kind, change.escalated_to) == ("", None)
    (entry,) = change.entries
    assert entry.event == "grade_changed"
    assert entry.reason == "the number is now of grade AA, it was standard"


def test_complaints_alone_make_one_half_an_hour_after_the_third() -> None:
    recorded = tuple(
        Complaint(id=f"c{n}", number=NUMBER, at=START + n * 600, received_at=START, who=f"w{n}")
        for n in range(3)
    )
    subject = Subject(Scope.NUMBER, "answer_rate", "north", "hq", NUMBER)
    one = ticket(Grade.STANDARD, subject=subject, complaints=recorded)
    assert apply_time_policies(one, handling(), START + 1200 + 1799) is None
    change = apply_time_policies(one, handling(), START + 1200 + 1800)
    assert change is not None
    assert "3 callers complained" in change.entries[0].reason


def test_what_is_the_customers_own_is_not_scored() -> None:
    party = Verdict(NUMBER, Cause.NUMBER_SUSPENDED_ARREARS, Party.FINANCE, "", 0.9, START)
    arrears = ticket(Grade.STANDARD, diagnosis=party)
    assert apply_time_policies(arrears, handling(), START + 1801) is None, "clear from the start"
    unclear = apply_time_policies(ticket(Grade.STANDARD), handling(), START + 1801)
    assert unclear is not None
    later = apply_time_policies(replace(unclear.after, diagnosis=party), handling(), START + 1900)
    assert later is not None
    assert later.after.severe is not None
    assert "number_suspended_arrears" in later.after.severe.excluded
    assert [entry.event for entry in later.entries] == ["severe_excluded"]
    request = ActionRequest(
        TicketAction.ATTRIBUTE, LI, "the bill was paid", {"responsible": "provider"}
    )
    settled = perform(later.after, request, handling(), START + 2000).after
    assert settled.severe is not None
    assert settled.severe.excluded == ""


def test_a_number_that_changes_its_grade_keeps_its_time_unless_a_person_set_it() -> None:
    change = apply_time_policies(ticket(Grade.AA), handling(), START + 600, Grade.AAA)
    assert change is not None
    contact = readings(change.after.clocks, START + 600)[0]
    assert (change.after.grade, contact.allowed, contact.elapsed) == (Grade.AAA, 900.0, 600.0)
    request = ActionRequest(TicketAction.GRADE, LI, "contract", {"grade": "AA"})
    by_hand = perform(ticket(), request, handling(), START).after
    assert apply_time_policies(by_hand, handling(), START + 60, Grade.AAA) is None


async def test_an_aaa_ticket_waits_for_an_answer_and_is_closed_by_it(
    database: Database, scene: Scene
) -> None:
    confirmation = {"grades": ["AAA", "AA"]}
    run = Run(database, scene, confirmation=confirmation)
    scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    scene.states[NUMBER] = NumberState.ACTIVE
    for _ in range(8):
        await run.step()
    (one,) = run.tickets.open
    assert one.stage is Stage.RESTORED
    request = ActionRequest(
        TicketAction.CONFIRM,
        LI,
        "called",
        {"customer": "Ms Wang", "cause": "other", "outcome": "restored"},
    )
    await run.tickets.act(one.id, request, run.now)
    await run.step()
    assert run.tickets.open == ()
    closed = await run.ledger.get(one.id)
    assert closed is not None
    assert [entry.event for entry in closed.timeline][-3:] == ["restored", "confirm", "closed"]


async def test_a_restored_aaa_ticket_that_breaks_again_is_open_again(
    database: Database, scene: Scene
) -> None:
    run = Run(database, scene, confirmation={"grades": ["AAA"]})
    scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    scene.states[NUMBER] = NumberState.ACTIVE
    for _ in range(8):
        await run.step()
    scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    (one,) = run.tickets.open
    assert (one.stage, one.restored_at, one.episode) == (Stage.DIAGNOSING, None, 1)


async def test_a_claimed_restoration_is_believed_for_as_long_as_it_is_held(
    database: Database, scene: Scene
) -> None:
    run = Run(database, scene)
    scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    (one,) = run.tickets.open
    await run.tickets.act(one.id, ActionRequest(TicketAction.RESTORE, LI, "paid"), run.now)
    await run.step(alert())
    assert run.tickets.open[0].stage is Stage.RESTORED
    for _ in range(2):
        await run.step(alert())
    (back,) = run.tickets.open
    assert back.stage is Stage.DIAGNOSING
    assert "said to be restored" in back.timeline[-1].reason


async def test_nobody_objecting_the_agent_waives(database: Database, scene: Scene) -> None:
    run = Run(database, scene, confirmation={"grades": ["AAA"], "waive_after": "1h"})
    scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    scene.states[NUMBER] = NumberState.ACTIVE
    await run.until_closed(80)
    closed = (await run.ledger.list(Filter())).tickets[0]
    assert closed.waiver is not None
    assert closed.waiver.recorded_by == "numwatch"


def test_old_ledgers_are_still_read() -> None:
    recorded = msgspec.to_builtins(ticket())
    recorded["clocks"] = []
    assert msgspec.convert(recorded, Ticket).clocks == ()
