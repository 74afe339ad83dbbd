"""Pages are read once while they stay as they are, and never too seldom.

Negative control: SQLite's ledger has no moments, and gives every page each time.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from agent.baselines.baseline import PAGE_PREFIX, Baseline, BaselineBook
from agent.baselines.repository import BaselineRepository
from agent.config.store import Store
from agent.store import schema
from agent.store.changed_pages import ChangedPages
from agent.store.database import Database
from tests.account_facts import B1, B2, ROUTING

ONE, OTHER = "kept/one", "kept/other"


@pytest.fixture
async def pair(empty_store: Store, tmp_path: Path) -> AsyncIterator[tuple[Database, Database]]:
    shared = empty_store.model_copy(update={"replicas": True})
    opened = [await Database.open(tmp_path / name, shared) for name in ("one", "two")]
    yield opened[0], opened[1]
    for database in opened:
        await database.close()


async def test_what_was_read_is_not_read_again(pair: tuple[Database, Database]) -> None:
    writer, reader = pair
    pages = ChangedPages(reader, "kept/")
    await writer.replace({ONE: b"1", OTHER: b"1", "else": b"1"}, ())
    assert dict(await pages.read()) == {ONE: b"1", OTHER: b"1"}
    assert list(await pages.read()) == []
    await writer.put(OTHER, b"2")
    assert dict(await pages.read()) == {OTHER: b"2"}
    await writer.replace({ONE: b"3"}, ())
    assert dict(await pages.read()) == {ONE: b"3"}


async def test_what_is_committed_late_is_read_then(pair: tuple[Database, Database]) -> None:
    """By its time it was written before what was read meanwhile."""
    writer, reader = pair
    pages = ChangedPages(reader, "kept/")
    await writer.replace({ONE: b"1", OTHER: b"1"}, ())
    await pages.read()
    of_one = update(schema.pages).where(schema.pages.c.name == ONE)
    async with writer.transaction() as connection:
        await connection.execute(of_one.values(value=b"late"))
        await reader.put(OTHER, b"2")
        assert dict(await pages.read()) == {OTHER: b"2"}
    assert dict(await pages.read())[ONE] == b"late"
    await pages.read()
    assert list(await pages.read()) == []


async def test_a_ledger_of_one_process_gives_every_page(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "data")
    pages = ChangedPages(database, "kept/")
    await database.put(ONE, b"1")
    for _ in range(2):
        assert dict(await pages.read()) == {ONE: b"1"}
    await database.close()


async def test_baselines_that_another_approves_are_followed(
    pair: tuple[Database, Database],
) -> None:
    numbers = ["4006220001", "4007770001"]
    writing = BaselineRepository(pair[0], BaselineBook())
    following = BaselineRepository(pair[1], BaselineBook())
    for number in numbers:
        writing.book.put("north", "hq", number, Baseline(ROUTING, (B1,), taken_at=5.0))
    await writing.write_changes()
    await following.restore()
    known = [following.book.get("north", "hq", number) for number in numbers]
    writing.book.put("north", "hq", numbers[0], Baseline(ROUTING, (B2,), taken_at=6.0))
    await writing.write_changes()
    await following.restore()
    changed, same = (following.book.get("north", "hq", number) for number in numbers)
    assert changed == Baseline(ROUTING, (B2,), taken_at=6.0)
    assert same is known[1], "what did not change is the same object"


async def test_a_damaged_page_is_said_each_time(pair: tuple[Database, Database]) -> None:
    following = BaselineRepository(pair[1], BaselineBook())
    await pair[0].put(f"{PAGE_PREFIX}north/hq/4006220", b"\xc1")
    for _ in range(2):
        with pytest.raises(ValueError, match="4006220"):
            await following.restore()
