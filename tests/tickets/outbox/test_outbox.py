"""The outbox as a queue: order, coalescing, dead letters."""

import pytest
from sqlalchemy import insert

from agent.store import StoreError
from agent.store.database import Database
from agent.store.schema import outbox as outbox_table
from agent.tickets.outbox.outbox import Outbox
from agent.tickets.outbox.rows import Queue, report_columns
from tests.sinks.change_writer import ChangeWriter
from tests.tickets.scene import START


async def drain(outbox: Outbox, now: float = START) -> list[tuple[str, int]]:
    delivered = []
    while row := await outbox.claim("desk", now):
        await outbox.delivered([row], now)
        delivered.append((row.type, row.revision))
    return delivered


async def test_a_later_row_never_overtakes_an_earlier_one(database: Database) -> None:
    writer, outbox = ChangeWriter(database, "desk"), Outbox(database)
    ticket = await writer.changed(await writer.opened(), "ticket.resolved")
    await writer.opened(2)
    first = await outbox.claim("desk", START)
    assert first is not None
    other = await outbox.claim("desk", START)
    assert other is not None
    assert other.ticket_id != ticket.id
    assert await outbox.claim("desk", START) is None
    await outbox.retry(first, "timeout", START + 60, START)
    assert await outbox.claim("desk", START + 59) is None
    assert await outbox.next_due("desk") == START + 60
    again = await outbox.claim("desk", START + 60)
    assert again is not None
    assert (again.id, again.attempts, again.failure) == (first.id, 2, "timeout")
    assert again.webhook_id == first.webhook_id
    assert again.payload == first.payload


async def test_waiting_updates_become_the_newest_and_steps_stay(database: Database) -> None:
    writer, outbox = ChangeWriter(database, "desk"), Outbox(database)
    ticket = await writer.opened()
    for kind in (
        "ticket.updated",
        "ticket.updated",
        "ticket.escalated",
        "ticket.updated",
        "ticket.updated",
        "ticket.resolved",
        "ticket.closed",
        "ticket.reopened",
        "ticket.updated",
    ):
        ticket = await writer.changed(ticket, kind)
    assert await drain(outbox) == [
        ("ticket.opened", 1),
        ("ticket.escalated", 4),
        ("ticket.resolved", 7),
        ("ticket.closed", 8),
        ("ticket.reopened", 9),
        ("ticket.updated", 10),
    ]


async def test_an_update_on_its_way_is_not_taken_back(database: Database) -> None:
    writer, outbox = ChangeWriter(database, "desk"), Outbox(database)
    ticket = await writer.opened()
    await drain(outbox)
    ticket = await writer.changed(ticket)
    under_way = await outbox.claim("desk", START)
    await writer.changed(ticket)
    assert under_way is not None
    assert await outbox.claim("desk", START) is None
    await outbox.delivered([under_way], START)
    assert await drain(outbox) == [("ticket.updated", 3)]


async def test_each_sink_has_its_own_queue(database: Database) -> None:
    writer, outbox = ChangeWriter(database, "desk", "mirror"), Outbox(database)
    await writer.opened()
    assert await drain(outbox) == [("ticket.opened", 1)]
    assert await outbox.queues() == {"mirror": Queue(pending=1, oldest=START)}


async def test_what_was_being_sent_when_the_agent_died_goes_again(database: Database) -> None:
    writer, outbox = ChangeWriter(database, "desk"), Outbox(database)
    await writer.opened()
    lost = await outbox.claim("desk", START)
    assert await outbox.claim("desk", START) is None
    assert await outbox.recover("desk", START) == 1
    again = await outbox.claim("desk", START)
    assert lost is not None
    assert again is not None
    assert (again.webhook_id, again.attempts) == (lost.webhook_id, 2)


async def test_dead_letters_are_listed_and_replayed_in_order(database: Database) -> None:
    writer, outbox = ChangeWriter(database, "desk"), Outbox(database)
    ticket = await writer.opened()
    await writer.changed(ticket, "ticket.resolved")
    dead_ids = []
    while row := await outbox.claim("desk", START):
        await outbox.bury(row, "gone", START)
        dead_ids.append(row.webhook_id)
    assert [row.webhook_id for row in await outbox.dead_letters()] == dead_ids
    assert (await outbox.queues())["desk"] == Queue(dead=2)
    assert await outbox.replay("NW-OTHER-1", START) == 0
    assert await outbox.replay(ticket.id, START) == 2
    assert await drain(outbox) == [("ticket.opened", 1), ("ticket.resolved", 2)]
    assert await outbox.dead_letters() == []


async def test_a_replay_never_puts_the_receiver_back(database: Database) -> None:
    writer, outbox = ChangeWriter(database, "desk"), Outbox(database)
    ticket = await writer.opened()
    await drain(outbox)
    ticket = await writer.changed(ticket)
    update = await outbox.claim("desk", START)
    assert update is not None
    await outbox.bury(update, "http_4xx", START)
    await writer.changed(ticket, "ticket.closed")
    await drain(outbox)
    assert await outbox.replay(None, START) == 0
    assert await outbox.dead_letters() == []


async def test_old_deliveries_are_pruned_and_nothing_else(database: Database) -> None:
    writer, outbox = ChangeWriter(database, "desk"), Outbox(database)
    ticket = await writer.opened()
    await drain(outbox)
    await writer.changed(ticket, "ticket.closed")
    assert await outbox.prune(START) == 0
    assert await outbox.prune(START + 1) == 1
    assert (await outbox.queues())["desk"].pending == 1


async def report(database: Database, id_: str = "report_1") -> None:
    async with database.transaction() as connection:
        await connection.execute(insert(outbox_table), [report_columns("desk", id_, b"{}", START)])


async def test_a_report_belongs_to_no_ticket_and_neither_waits_nor_holds_up(
    database: Database,
) -> None:
    writer, outbox = ChangeWriter(database, "desk"), Outbox(database)
    await report(database)
    await report(database, "report_2")
    ticket = await writer.opened()
    assert await outbox.waiting_tickets("desk") == {ticket.id}
    first = await outbox.claim("desk", START, early=True)
    assert first is not None
    assert (first.webhook_id, first.ticket_id) == ("report_1", "")
    await outbox.retry(first, "http_5xx", START + 60, START)
    other = await outbox.claim("desk", START, early=True, besides=first.ticket_id)
    assert other is not None
    assert other.ticket_id == ticket.id
    await outbox.retry(other, "http_5xx", START, START)
    again = await outbox.claim("desk", START, early=True, besides=ticket.id)
    assert again is not None
    assert again.webhook_id == "report_1"
    await outbox.bury(again, "http_4xx", START)
    assert await drain(outbox) == [("ticket.opened", 1), ("report.ready", 0)]
    assert [row.ticket_id for row in await outbox.dead_letters()] == [""]
    assert await outbox.replay(ticket.id, START) == 0
    assert await outbox.replay(None, START) == 1
    assert await drain(outbox) == [("report.ready", 0)]


async def test_a_chat_gets_a_report_alone(database: Database) -> None:
    writer, outbox = ChangeWriter(database, "desk"), Outbox(database)
    await writer.opened()
    await report(database)
    for number in range(2, 5):
        await writer.opened(number)
    sizes = []
    while rows := await outbox.claim_together("desk", START, 2, 50):
        await outbox.delivered(rows, START)
        sizes.append((len(rows), {row.type for row in rows}))
    assert sizes == [(4, {"ticket.opened"}), (1, {"report.ready"})]


async def test_the_same_report_is_queued_at_a_sink_once(database: Database) -> None:
    await report(database)
    with pytest.raises(StoreError):
        await report(database)
