"""What a change of the schema may do while replicas of the former version are at work.

A migration that waits for a table gives up before it holds them up for long, and tries again
(:func:`test_a_migration_does_not_hold_up_those_who_wait_behind_it`). It takes nothing away that
they use and adds nothing that they would have to fill, or the changelog says that versions do not
work side by side. Negative control: :func:`test_what_the_former_version_cannot_work_with_is_found`.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from agent.config.store import Store
from agent.store import UnavailableError
from agent.store.database import Database
from agent.store.migrate import known_revisions
from agent.store.postgresql import backend
from tests.postgresql_server import PostgresqlServer
from tests.proofs.ledger_of_schema import migrate_to
from tests.replicas.newer_agent import NEWER, use, write_newer_migrations

FIRST_OF_REPLICAS = "0019"
"""The schema with which replicas began: none of an earlier one is ever at work beside another."""
NOT_SIDE_BY_SIDE: dict[str, str] = {}
"""Schemas that replicas of the former version do not work with; the changelog says so of each."""

Columns = dict[str, dict[str, bool]]
"""The columns of each table, with whether whoever adds a row may leave one out."""


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_newer_migrations(tmp_path / "newer")
    use(tmp_path / "newer", monkeypatch.setattr)


async def test_a_migration_does_not_hold_up_those_who_wait_behind_it(
    tmp_path: Path,
    empty_store: Store,
    postgresql: PostgresqlServer,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setattr(backend, "LONGEST_LOCK", 0.3)
    shared = empty_store.model_copy(update={"replicas": True})
    former = await Database.open(tmp_path / "former", shared)
    request.getfixturevalue("newer")
    async with former.reading() as reading:
        await reading.execute(text("SELECT count(*) FROM tickets"))
        with pytest.raises(UnavailableError) as refused:
            async with asyncio.timeout(60):
                await Database.open(tmp_path / "next", shared)
        assert refused.value.passes, "the start tries again"
        assert postgresql.execute_in(shared, "SELECT version_num FROM alembic_version") != [NEWER]
        async with asyncio.timeout(60), former.transaction() as writing:
            await writing.execute(text("UPDATE tickets SET open = open"))
    following = await Database.open(tmp_path / "next", shared)
    assert postgresql.execute_in(shared, "SELECT version_num FROM alembic_version") == [NEWER]
    await former.put("a page", b"of the former version")
    assert await following.get("a page") == b"of the former version"
    await following.close()
    await former.close()


def columns(connection: Connection) -> Columns:
    """The tables as they are now."""
    found = inspect(connection)
    return {
        table: {
            column["name"]: bool(column["nullable"] or column["default"] is not None)
            for column in found.get_columns(table)
        }
        for table in found.get_table_names()
    }


def obstacles(former: Mapping[str, Mapping[str, bool]], newer: Columns) -> list[str]:
    """What programs of the schema ``former`` cannot work with in ``newer``."""
    found = []
    for table, known in former.items():
        there = newer.get(table, {})
        found += [f"{table}.{name} is gone" for name in known if name not in there]
        found += [
            f"{table}.{name} must be filled"
            for name, may_be_left_out in there.items()
            if name not in known and not may_be_left_out
        ]
        found += [
            f"{table}.{name} must be filled now"
            for name, may_be_left_out in there.items()
            if known.get(name) and not may_be_left_out
        ]
    return found


def test_each_schema_since_there_are_replicas_lets_the_former_version_work() -> None:
    engine = create_engine("sqlite://")
    revisions = known_revisions()[::-1]
    with engine.begin() as connection:
        before: Columns = {}
        for revision in revisions:
            migrate_to(connection, revision)
            after = columns(connection)
            if revision > FIRST_OF_REPLICAS and revision not in NOT_SIDE_BY_SIDE:
                assert obstacles(before, after) == [], revision
            before = after
    assert NOT_SIDE_BY_SIDE.keys() <= set(revisions)


def test_what_the_former_version_cannot_work_with_is_found() -> None:
    former = {"tickets": {"id": False, "note": True, "old": True}}
    assert obstacles(former, {"tickets": {**former["tickets"], "new": True}, "more": {}}) == []
    assert obstacles(former, {"tickets": {"id": False, "note": False, "new": False}}) == [
        "tickets.old is gone",
        "tickets.new must be filled",
        "tickets.note must be filled now",
    ]
