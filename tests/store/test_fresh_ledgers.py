"""What tests repeat in place of the migrations is what the migrations make."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from agent.history.database import HistoryDatabase
from agent.store.database import Database
from tests import fresh_ledgers
from tests.fresh_ledgers import repeat_schemas

SCHEMA = text("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
REVISION = text("SELECT version_num FROM alembic_version")


async def made(folder: Path) -> list[Sequence[object]]:
    """Everything there is in a new ledger and in a new history."""
    ledger = await Database.open(folder)
    history = await HistoryDatabase.open(folder)
    found: list[Sequence[object]] = []
    for database in (ledger, history):
        async with database.transaction() as connection:
            for query in (SCHEMA, REVISION):
                found += (await connection.execute(query)).all()
        await database.close()
    return found


async def test_a_repeated_schema_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_migrations = await made(tmp_path / "first")
    repeat_schemas(monkeypatch)
    await made(tmp_path / "second")
    assert len(fresh_ledgers._made) == 2
    assert await made(tmp_path / "third") == by_migrations


async def test_what_is_missing_of_it_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_migrations = await made(tmp_path / "first")
    repeat_schemas(monkeypatch)
    await made(tmp_path / "second")
    less = {it: [*all_but(known)] for it, known in fresh_ledgers._made.items()}
    monkeypatch.setattr(fresh_ledgers, "_made", less)
    assert await made(tmp_path / "third") != by_migrations


def all_but(statements: Sequence[str]) -> Sequence[str]:
    """The statements without the first index."""
    first = next((it for it in statements if "INDEX" in it), None)
    return [it for it in statements if it != first]
