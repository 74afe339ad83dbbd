"""What the page of the sinks asks is answered from indexes: no payload is read for it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text

from agent.store.database import Database
from agent.store.schema import outbox
from agent.tickets.outbox.overview import (
    counting,
    counting_dead_letters,
    newest_dead_letters,
    newest_failures,
    newest_success,
    sinks_with_rows,
)


async def plan(connection: Any, statement: Any) -> list[str]:
    """What SQLite does for ``statement``, step by step."""
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    explained = text(f"EXPLAIN QUERY PLAN {compiled}".replace(":", r"\:"))
    return [str(row[-1]) for row in await connection.execute(explained)]


def reads_all(steps: Sequence[str]) -> bool:
    """Whether rows are gone through that are not shown, or sorted."""
    return any(it.startswith("SCAN outbox") or "TEMP B-TREE" in it for it in steps)


async def test_no_statement_goes_through_the_rows(database: Database) -> None:
    newest = (newest_success("desk"), newest_failures("desk"))
    counted = (sinks_with_rows(), counting("desk"), counting_dead_letters())
    async with database.reading() as connection:
        for statement in (*newest, *counted):
            steps = await plan(connection, statement)
            assert not reads_all(steps), steps
        # Those of one page alone are sorted once more.
        letters = await plan(connection, newest_dead_letters(100, 15000))
        assert not reads_all(letters[:-1]), letters
        for statement in counted:
            steps = [it for it in await plan(connection, statement) if " outbox" in it]
            assert all("COVERING INDEX" in it for it in steps), steps
        control = select(outbox.c.failure).order_by(outbox.c.last_attempt_at.desc())
        assert reads_all(await plan(connection, control)), "the negative control"
