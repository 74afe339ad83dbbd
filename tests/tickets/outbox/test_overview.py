"""The outbox as pages show it: equal to a plain count over its rows, on each database."""

import random
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert

from agent.store.database import Database
from agent.store.schema import outbox
from agent.tickets.outbox.overview import DeadLetter, OutboxOverview, SinkQueue
from agent.tickets.outbox.rows import RowState
from tests.sinks.change_writer import ChangeWriter
from tests.tickets.scene import START

SINKS = ("desk", "chat", "pager")


async def fill(database: Database, count: int) -> list[dict[str, Any]]:
    """Rows in every state, some never tried, some that failed."""
    ticket = await ChangeWriter(database).opened()
    chance, rows = random.Random(7), []
    states = list(RowState)
    for place in range(count):
        state, attempts = chance.choice(states), chance.choice((0, 0, 3))
        rows.append(
            {
                "id": 100 + place,
                "sink": chance.choice(SINKS[:2]) if state != RowState.DELIVERED else "pager",
                "ticket_id": ticket.id,
                "revision": 1,
                "type": "ticket.updated",
                "webhook_id": f"w{place}",
                "payload": b"x" * 2000,
                "state": state,
                "created_at": START - chance.randrange(10_000),
                "next_attempt_at": START,
                "attempts": attempts,
                "first_attempt_at": None,
                "last_attempt_at": START - place if attempts else None,
                "settled_at": START - chance.randrange(100),
                "failure": f"HTTP 50{place}" if attempts and place % 3 else "",
            }
        )
    async with database.transaction() as connection:
        await connection.execute(insert(outbox), rows)
    return rows


def plain(rows: Sequence[dict[str, Any]], sink: str) -> SinkQueue:
    """The queue of ``sink``, row by row."""
    mine = [it for it in rows if it["sink"] == sink]
    live = [it for it in mine if it["state"] in ("waiting", "sending", "dead")]
    failed = [it for it in live if it["failure"]]
    newest = max(failed, key=lambda it: it["last_attempt_at"], default={})
    delivered = [it for it in mine if it["state"] == "delivered"]

    def count(state: str) -> int:
        return sum(it["state"] == state for it in live)

    return SinkQueue(
        waiting=count("waiting"),
        sending=count("sending"),
        dead=count("dead"),
        oldest=min((it["created_at"] for it in live if it["state"] != "dead"), default=None),
        delivered_at=max(delivered, key=lambda it: it["id"])["settled_at"] if delivered else None,
        failure=newest.get("failure", ""),
        failed_at=newest.get("last_attempt_at"),
    )


async def test_queues_and_dead_letters_are_those_of_a_plain_count(database: Database) -> None:
    view = OutboxOverview(database)
    assert (await view.queues(), await view.dead_letters(5, 0)) == ({}, (0, []))
    rows = await fill(database, 200)
    assert await view.queues() == {sink: plain(rows, sink) for sink in SINKS}
    dead = [it for it in reversed(rows) if it["state"] == "dead"]
    letters = [DeadLetter(*(it[name] for name in DeadLetter.__struct_fields__)) for it in dead]
    for limit, offset in ((5, 0), (7, 3), (1000, 0), (5, len(dead))):
        assert await view.dead_letters(limit, offset) == (
            len(dead),
            letters[offset : offset + limit],
        )
