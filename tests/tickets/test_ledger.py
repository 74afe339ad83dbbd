"""The ledger: one open ticket a key, filters, pages, history."""

import pytest
from msgspec.structs import replace

from agent.states import Severity
from agent.store import StoreError
from agent.store.database import Database
from agent.tickets.changes import Change
from agent.tickets.ledger import Filter, Ledger, record_all
from agent.tickets.series import tickets_summary
from tests.sinks.change_writer import ChangeWriter
from tests.tickets.scene import START


async def write(database: Database, change: Change) -> None:
    async with database.transaction() as connection:
        await record_all(connection, [change])


async def test_a_second_open_ticket_of_a_key_is_refused_by_the_database(
    database: Database,
) -> None:
    ticket = await ChangeWriter(database).opened()
    second = replace(ticket, id="NW-OTHER-2", episode=2)
    with pytest.raises(
        StoreError, match=r"UNIQUE constraint failed: tickets\.key|tickets_one_open"
    ):
        await write(database, Change(None, second, ""))


async def test_a_change_from_another_revision_is_refused(database: Database) -> None:
    writer = ChangeWriter(database)
    ticket = await writer.opened()
    await writer.changed(ticket)
    with pytest.raises(StoreError, match="changed by someone else"):
        await writer.changed(ticket)
    assert (await Ledger(database).open_tickets())[0].revision == 2


async def test_what_is_written_is_read_back_whole(database: Database) -> None:
    writer = ChangeWriter(database)
    ticket = await writer.changed(await writer.opened())
    ledger = Ledger(database)
    assert await ledger.get(ticket.id) == ticket
    assert await ledger.get(ticket.key) == ticket
    assert await ledger.newest({ticket.key, "other"}) == {ticket.key: ticket}
    assert await ledger.get("NW-NOBODY-1") is None


async def test_filters_and_pages(database: Database) -> None:
    writer = ChangeWriter(database)
    for number in range(7):
        writer.now = START + number
        ticket = await writer.opened(number)
        if number % 2:
            await writer.changed(ticket, "ticket.closed")
    ledger = Ledger(database)
    page = await ledger.list(Filter(), limit=3, offset=2)
    assert page.total == 7
    assert [it.subject.number for it in page.tickets] == [f"40062200{n:02}" for n in (4, 3, 2)]
    assert (await ledger.list(Filter(open=True))).total == 4
    assert (await ledger.list(Filter(open=False))).total == 3
    assert (await ledger.list(Filter(stage="closed", severity="critical"))).total == 3
    assert (await ledger.list(Filter(number="4006220001"))).total == 1
    assert (await ledger.list(Filter(provider="south"))).total == 0


async def test_open_tickets_and_deadlines_are_series(database: Database) -> None:
    ticket = await ChangeWriter(database).opened()
    blocks = {block.family.name: block for block in tickets_summary([ticket], START)}
    counts = blocks["numwatch_tickets"]
    rows = dict(zip(zip(*counts.frame.columns, strict=True), counts.values, strict=True))
    assert rows["detected", Severity.CRITICAL.value] == 1
    deadlines = blocks["numwatch_ticket_sla_deadline_timestamp_seconds"]
    assert sorted(deadlines.values) == [START + 900, START + 3600, START + 7200]
    assert set(deadlines.frame.columns[0]) == {ticket.id}
