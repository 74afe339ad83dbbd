"""Assignees are reminded, and who commands a severe fault is told: once a step, over restarts."""

from typing import Any

from msgspec.structs import replace

from agent.states import Stage
from agent.tickets.policy import ticket_policy_of
from agent.tickets.sla.time_policies import apply_time_policies
from agent.tickets.ticket import Entry, Severe, Ticket
from tests.notices.conftest import ROOM, Desk, member, parent, settings
from tests.tickets.scene import START

LI, ON_CALL = "13900000001", "13900000002"
PEOPLE = [
    {"name": "li", "phone": LI},
    {"name": "chen", "phone": ON_CALL},
    {"name": "room", "phone": ROOM},
]
ROTA = {"people": ["chen"], "begins": "2020-01-06T09:00"}
QUIET = {"customers": {"sinks": []}}


def configure(desk: Desk, **keys: Any) -> None:
    sink = desk.sink
    sink["aliyun_sms"]["receivers"] = PEOPLE
    desk.configured = settings(sink, **QUIET, **keys)


async def passes(desk: Desk, ticket: Ticket, seconds: float) -> Ticket:
    """Time goes by for ``ticket`` as it does in a round; returns the ticket then."""
    desk.harness.clock.now += seconds
    policy = ticket_policy_of(desk.configured)
    change = apply_time_policies(ticket, policy, desk.harness.clock.now)
    after = ticket if change is None else change.after
    desk.open[:] = [after]
    return after


async def test_when_nothing_moves_the_assignee_is_reminded_then_who_is_on_call(
    desk: Desk,
) -> None:
    on_call = {"rota": ROTA, "ladder": [{"after": 0, "sinks": ["desk"]}]}
    dispatch = {"sinks": ["desk"], "stalled_after_by_grade": {"AAA": "1h"}, "again": "30m"}
    configure(desk, dispatch={**dispatch, "steps": 2}, on_call=on_call)
    await desk.restart()
    ticket = parent(assignee="li", clocks=(), stage=Stage.ACCEPTED)
    await desk.write(ticket)
    ticket = await passes(desk, ticket, 3500)
    assert await desk.follow() == 0
    ticket = await passes(desk, ticket, 200)
    assert (await desk.follow(), desk.phones()) == (1, [LI])
    await desk.restart()
    ticket = await passes(desk, ticket, 60)
    assert await desk.follow() == 0
    ticket = await passes(desk, ticket, 1800)
    assert (await desk.follow(), desk.phones()) == (1, [LI, ON_CALL])
    assert [it[1][0] for it in desk.sent()] == ["工单无进展", "工单无进展"]
    ticket = await passes(desk, ticket, 86_000)
    assert [it.event for it in ticket.timeline].count("nudged") == 2
    moved = Entry(desk.harness.clock.now, "li", "comment", "the carrier calls back")
    ticket = replace(ticket, timeline=(*ticket.timeline, moved))
    ticket = await passes(desk, ticket, 3500)
    assert [it.event for it in ticket.timeline].count("nudged") == 2
    ticket = await passes(desk, ticket, 200)
    assert [it.event for it in ticket.timeline].count("nudged") == 3


async def test_a_ticket_that_waits_for_an_agreed_visit_is_not_nudged_but_its_visit_is_announced(
    desk: Desk,
) -> None:
    configure(desk, dispatch={"sinks": ["desk"], "reminders": ["2h", "30m"]})
    await desk.restart()
    agreed = Entry(START, "li", "appoint", "agreed")
    ticket = parent(
        assignee="li", stage=Stage.DISPATCHED, appointment=START + 6 * 3600, timeline=(agreed,)
    )
    await desk.write(ticket)
    ticket = await passes(desk, ticket, 3 * 3600)
    assert await desk.follow() == 0
    ticket = await passes(desk, ticket, 3700)
    assert await desk.follow() == 1
    ticket = await passes(desk, ticket, 60)
    assert await desk.follow() == 0
    ticket = await passes(desk, ticket, 1.6 * 3600)
    assert await desk.follow() == 1
    assert [it[1][0] for it in desk.sent()] == ["预约将到", "预约将到"]
    assert "nudged" not in {it.event for it in ticket.timeline}


async def test_who_gets_a_ticket_is_told(desk: Desk) -> None:
    configure(desk, dispatch={"sinks": ["desk"]})
    await desk.restart()
    given = Entry(START, "wang", "hand_over", "the carrier has it (assignee li)")
    await desk.write(parent(assignee="li", timeline=(given,)))
    assert await desk.follow(1) == 1
    assert desk.sent()[0][1][0] == "已派给您"


COMMAND = {
    "sinks": ["desk"],
    "province": ["room"],
    "cities": {"广州": ["li"]},
    "leaders": {"AAA": ["chen"]},
}


async def test_a_severe_fault_is_commanded_by_the_province_and_watched_by_its_cities(
    desk: Desk,
) -> None:
    configure(desk, command=COMMAND)
    await desk.restart()
    await desk.write(parent(severe=Severe(START + 1800, "a severe fault")))
    assert await desk.follow(1) == 3
    assert {phone: texts[0] for phone, texts in desk.sent()} == {
        ROOM: "重大故障，请指挥处理",
        LI: "本市故障",
        ON_CALL: "重要客户的重大故障",
    }
    await desk.restart()
    assert await desk.follow(60) == 0


async def test_a_citys_fault_is_watched_before_it_is_severe_and_leaders_hear_nothing(
    desk: Desk,
) -> None:
    configure(desk, command=COMMAND)
    await desk.restart()
    await desk.write(parent())
    assert await desk.follow(1) == 1
    assert desk.phones() == [LI]


async def test_leaders_are_told_of_important_customers_alone_by_the_best_grade(desk: Desk) -> None:
    configure(desk, command={**COMMAND, "province": [], "cities": {}})
    await desk.restart()
    ordinary = parent(member("4006220003"), severe=Severe(START, "a severe fault"))
    await desk.write(ordinary)
    assert await desk.follow(1) == 0


async def test_a_fault_that_is_the_customers_own_is_nobodys_to_command(desk: Desk) -> None:
    configure(desk, command=COMMAND)
    await desk.restart()
    excluded = Severe(START, "a severe fault", "the responsibility is recorded as the customer's")
    await desk.write(parent(member("4006220003"), severe=excluded))
    assert await desk.follow(1) == 0


def test_reminders_go_on_by_the_clock_that_was_set() -> None:
    """A machine's clock that is set by a day reminds nobody: no time has passed."""
    policy = ticket_policy_of(settings(sink_stub()))
    ticket = parent(assignee="li")
    set_forward = replace(policy, clock_settings=((86_400.0, START + 86_410.0),))
    assert apply_time_policies(ticket, set_forward, START + 86_420.0) is None
    assert apply_time_policies(ticket, policy, START + 86_420.0) is not None


def sink_stub() -> dict[str, Any]:
    return {"name": "desk", "kind": "webhook", "url": "https://desk.example.com"}
