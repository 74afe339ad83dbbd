"""The index of tickets: rows as tickets change, filters, order, and statements that stay fast."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, text

from agent.states import Grade, Severity, Stage
from agent.store.database import Database
from agent.store.schema import ticket_index
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, Actor
from agent.tickets.changes import Change
from agent.tickets.index import NEVER, counting, counting_by_stage, due_at, listing
from agent.tickets.index_filter import NOBODY, IndexFilter, TicketState
from agent.tickets.ledger import Ledger, record_all
from agent.tickets.lifecycle import ActorKind
from agent.tickets.manager import Tickets
from agent.tickets.policy import DEFAULTS
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import PauseReason
from agent.tickets.ticket import Severe, Ticket
from tests.web.facts import NOW, SETTINGS
from tests.web.ledger import ticket, write

MANY = 100_000


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path)
    yield opened
    await opened.close()


def timed(name: str, began: float, **more: object) -> Ticket:
    return ticket(name, clocks=clocks.start(Grade.AAA, DEFAULTS[Grade.AAA], began), **more)


async def ids(database: Database, **selection: object) -> list[str]:
    page = await Ledger(database).index.page(IndexFilter(**selection), NOW, 50)
    assert page.total == len(page.tickets)
    return [it.id for it in page.tickets]


async def test_open_tickets_come_by_their_first_running_clock_and_closed_ones_by_their_end(
    database: Database,
) -> None:
    late = timed("t-late", NOW - 90_000)
    paused = replace(
        timed("t-paused", NOW - 3000),
        clocks=clocks.pause(late.clocks, PauseReason.CUSTOMER_CAUSED, NOW - 89_999),
    )
    closed = [
        ticket(f"t-c{row}", stage=Stage.CLOSED, closed_at=NOW - row * 86_400) for row in range(3)
    ]
    await write(database, paused, ticket("t-none"), timed("t-soon", NOW - 60), late, *closed)
    assert (await ids(database))[:2] == ["t-late", "t-soon"]
    assert due_at(paused) == due_at(ticket()) == NEVER
    assert await ids(database, overdue=True) == ["t-late"]
    assert await ids(database, state=TicketState.CLOSED) == ["t-c0", "t-c1", "t-c2"]
    week = {"state": TicketState.CLOSED, "closed_since": NOW - 86_401}
    assert await ids(database, **week) == ["t-c0", "t-c1"]
    assert len(await ids(database, state=TicketState.ALL)) == 7
    assert await Ledger(database).index.stages(IndexFilter(state=TicketState.ALL), NOW) == {
        Stage.DIAGNOSING: 4,
        Stage.CLOSED: 3,
    }


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        ({"stage": "accepted"}, "t-2"),
        ({"severity": "warning"}, "t-2"),
        ({"grade": "A"}, "t-2"),
        ({"cause": "number_suspended_arrears"}, "t-1"),
        ({"party": "finance"}, "t-1"),
        ({"number": "4006220002"}, "t-1"),
        ({"company": "示例"}, "t-2"),
        ({"assignee": "Li Wei"}, "t-2"),
        ({"assignee": NOBODY}, "t-1"),
        ({"severe": True}, "t-2"),
        ({"text": "SUSPENDED for"}, "t-1"),
        ({"text": "sp-77"}, "t-2"),
        ({"text": "100%"}, "t-2"),
        ({"text": "_"}, None),
    ],
)
async def test_every_filter_finds_its_ticket_and_no_other(
    database: Database, selection: dict[str, object], found: str | None
) -> None:
    second = ticket("t-2", Severity.WARNING, stage=Stage.ACCEPTED, grade=Grade.A, diagnosis=None)
    subject = replace(second.subject, number="4006220003")
    second = replace(
        second,
        subject=subject,
        company="示例公司",
        assignee="Li Wei",
        severe=Severe(NOW, "x"),
        provider_ticket="SP-77",
        text=replace(second.text, title="100% of calls fail"),
    )
    await write(database, ticket(), second)
    assert await ids(database, **selection) == ([found] if found else [])


async def test_an_assignment_is_in_the_timeline_and_moves_the_ticket_in_the_index(
    database: Database,
) -> None:
    await write(database, ticket())
    manager = Tickets(database, SETTINGS, lambda *_: None, lambda *_: None)
    actor = Actor(ActorKind.PERSON, "Li Wei")
    take = ActionRequest(TicketAction.ASSIGN, actor, "on it", {"assignee": "Wang Fang"})
    change = await manager.act("t-1", take, NOW)
    assert change is not None
    assert change.after.timeline[-1].reason == "on it (assignee Wang Fang)"
    assert await ids(database, assignee="Wang Fang") == ["t-1"]
    assert await Ledger(database).index.assignees(10) == ["Wang Fang"]
    await manager.act("t-1", ActionRequest(TicketAction.UNASSIGN, actor, "shift ends"), NOW)
    assert await ids(database, assignee="Wang Fang") == []
    stored = await Ledger(database).get("t-1")
    assert stored is not None
    assert stored.assignee == ""


async def test_rows_that_are_missing_are_made_at_the_start(database: Database) -> None:
    await write(database, *(ticket(f"t-{row}") for row in range(3)))
    async with database.transaction() as connection:
        await connection.execute(delete(ticket_index).where(ticket_index.c.ticket_id != "t-1"))
    assert await ids(database) == ["t-1"]
    ledger = await Ledger.open(database)
    assert sorted(await ids(database)) == ["t-0", "t-1", "t-2"]
    assert await ledger.index.complete() == 0


async def test_the_newest_of_several_changes_in_one_transaction_is_in_the_index(
    database: Database,
) -> None:
    first = ticket()
    accepted = replace(first, stage=Stage.ACCEPTED, revision=2)
    closed = replace(accepted, stage=Stage.CLOSED, closed_at=NOW, revision=3)
    async with database.transaction() as connection:
        changes = [
            Change(None, first, ""),
            Change(first, accepted, ""),
            Change(accepted, closed, ""),
        ]
        await record_all(connection, changes)
    assert await ids(database) == []
    assert await ids(database, state=TicketState.CLOSED) == ["t-1"]


_FILL = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :many - 1)
INSERT INTO ticket_index
SELECT 'NW-' || i, i % 50 = 0, CASE WHEN i % 50 = 0 THEN 'accepted' ELSE 'closed' END, 'warning',
  'AAA', 'number', 'binding_off', 'holder', 'north', 'hq', '400' || (i % 5000), 'c' || (i % 900),
  CASE WHEN i % 100 = 0 THEN 'li' ELSE '' END, i % 700 = 0, i,
  CASE WHEN i % 50 = 0 THEN 0 ELSE i END,
  CASE WHEN i % 50 = 0 THEN i ELSE 1e12 END, 'number ' || i FROM n
"""


async def test_with_100000_tickets_every_list_walks_an_index_in_its_order(
    database: Database,
) -> None:
    selections = [
        IndexFilter(),
        IndexFilter(stage="accepted"),
        IndexFilter(severity="warning", grade="AAA", cause="binding_off", party="holder"),
        IndexFilter(overdue=True),
        IndexFilter(severe=True),
        IndexFilter(text="99"),
        IndexFilter(assignee="li"),
        IndexFilter(state=TicketState.CLOSED, closed_since=90_000.0),
        IndexFilter(state=TicketState.CLOSED, account="hq"),
        IndexFilter(state=TicketState.ALL),
        IndexFilter(state=TicketState.ALL, number="4004321"),
    ]
    async with database.transaction() as connection:
        await connection.execute(text(_FILL), {"many": MANY})
        for selection in selections:
            plans = [
                await _plan(connection, statement)
                for statement in (
                    listing(selection, NOW, 50, 0),
                    counting(selection, NOW),
                    counting_by_stage(selection, NOW),
                )
            ]
            for plan in plans:
                assert "INDEX" in plan, (selection, plan)
            # Few rows of one number may be sorted; a walk over many must come in order.
            assert selection.number or "ORDER BY" not in plans[0], (selection, plans[0])
        bare = await _plan(connection, text("SELECT words FROM ticket_index WHERE words = 'x'"))
        assert "INDEX" not in bare, "the negative control: a list that reads the whole table"


async def _plan(connection, statement) -> str:
    dialect = connection.dialect
    compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    rows = await connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}".replace(":", r"\:")))
    return " ".join(str(row[-1]) for row in rows)
