"""Ids after a ledger was lost or restored: none is given twice."""

from pathlib import Path

from agent.states import NumberState
from agent.store.database import Database
from agent.tickets.ledger import Ledger
from agent.tickets.outbox.outbox import Outbox
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, Scene, alert


async def ids(database: Database) -> set[str]:
    """The ids of a ticket that is opened and closed with ``database``, and of its messages."""
    run = Run(database, Scene(states={NUMBER: NumberState.ACTIVE}), reopen_window=1)
    await run.step(alert())
    found = {run.tickets.open[0].id}
    await run.until_closed()
    outbox = Outbox(database)
    while row := await outbox.claim("desk", run.now):
        await outbox.delivered([row], run.now)
        found.add(row.webhook_id)
    return found


async def test_a_lost_ledger_repeats_no_id(tmp_path: Path) -> None:
    given: set[str] = set()
    for attempt in range(3):
        database = await Database.open(tmp_path / str(attempt))
        news = await ids(database)
        await database.close()
        assert len(news) == 4
        assert not any("." in identity for identity in news)
        assert given.isdisjoint(news)
        given |= news


async def test_the_mark_is_the_ledgers_for_good(database: Database) -> None:
    first = await Ledger(database).mark()
    assert await Ledger(database).mark() == first
    assert all(first in identity for identity in await ids(database))


async def test_a_restored_ledger_takes_another_mark(database: Database) -> None:
    first = await Ledger(database).mark()
    assert await Ledger(database).renew_mark() != first
    assert not any(first in identity for identity in await ids(database))
