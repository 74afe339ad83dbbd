"""``numwatch store``: copies a ledger whole or not at all, and says what is wrong with a store."""

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from agent.cli.backup import backup
from agent.cli.store import check, copy, migrate
from agent.config.store import Store
from agent.states import NumberState, Stage
from agent.store.database import Database
from agent.store.schema import timeline
from agent.tickets.ledger import Filter, Ledger
from tests.postgresql_server import PostgresqlServer
from tests.proof_size import size
from tests.store.test_ledgers import LEDGER, OPEN, SECOND, STOPPED
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, Scene

MORE_TICKETS = size(1500, 100_000)
_MORE_TICKETS = """
WITH RECURSIVE copies(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < :count)
INSERT INTO tickets SELECT 'NW-' || n || '-1', 'copy-' || n, 1, 0, stage, severity, scope, symptom,
  provider, account, number, detected_at, changed_at, closed_at - 1e6, revision,
  CAST(json_set(CAST(document AS TEXT), '$.id', 'NW-' || n || '-1', '$.key', 'copy-' || n) AS BLOB),
  0
FROM copies, (SELECT * FROM tickets WHERE NOT open LIMIT 1)
"""
"""Copies of the closed ticket, under ids of their own."""


@pytest.fixture
def moving(config: Path, empty_store: Store) -> Path:
    """A configuration with a SQLite ledger of an earlier version, and a PostgreSQL to go to."""
    folder = config.parent / "data"
    folder.mkdir(mode=0o700, exist_ok=True)
    ledger = sqlite3.connect(folder / "ledger.db")
    ledger.executescript(LEDGER.read_text(encoding="utf-8"))
    ledger.execute("INSERT INTO keep VALUES ('nul' || char(0), x'00ff')")
    ledger.execute(_MORE_TICKETS, {"count": MORE_TICKETS})
    ledger.commit()
    ledger.close()
    settings = yaml.safe_load(config.read_text())
    assert empty_store.url is not None
    (config.parent / "url").write_text(empty_store.url.reveal())
    settings["store"] = {"url_file": "url"}
    config.write_text(yaml.safe_dump(settings))
    return config


def in_sqlite(config: Path, query: str) -> int:
    ledger = sqlite3.connect(config.parent / "data" / "ledger.db")
    (count,) = ledger.execute(query).fetchone()
    ledger.close()
    return int(count)


def test_a_copied_ledger_is_equal_and_the_agent_goes_on(
    moving: Path, empty_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert copy(moving, as_json=True) == 0
    copied = json.loads(capsys.readouterr().out)["rows"]
    assert copied["tickets"] == in_sqlite(moving, "SELECT count(*) FROM tickets")
    assert copied["tickets"] == 2 + MORE_TICKETS
    assert copied["keep"] == in_sqlite(moving, "SELECT count(*) FROM keep") > 1
    assert "leases" not in copied
    newest = in_sqlite(moving, "SELECT max(id) FROM timeline")
    asyncio.run(_goes_on(moving.parent / "data", empty_store, newest))
    assert check(moving) == 0
    assert "no agent works on it" in capsys.readouterr().out
    assert copy(moving) == 1
    assert "not empty (the table" in capsys.readouterr().err


async def _goes_on(data: Path, store: Store, newest: int) -> None:
    database = await Database.open(data, store)
    assert await database.get("nul\ufffd") == b"\x00\xff"
    scene = Scene(states={NUMBER: NumberState.ACTIVE, SECOND: NumberState.ACTIVE})
    run = Run(database, scene)
    run.now = STOPPED
    assert {ticket.id for ticket in (await Ledger(database).list(Filter(open=True))).tickets} == {
        OPEN
    }
    await run.until_closed()
    ended = await run.ledger.get(OPEN)
    assert ended is not None
    assert ended.stage is Stage.CLOSED
    async with database.reading() as connection:
        ids = list((await connection.execute(select(timeline.c.id))).scalars())
    assert len(ids) == len(set(ids))
    assert max(ids) > newest
    await database.close()


def test_a_copy_that_differs_is_not_kept(
    moving: Path,
    empty_store: Store,
    postgresql: PostgresqlServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A trigger of somebody else's changes what is written."""
    assert migrate(moving) == 0
    postgresql.execute_in(
        empty_store,
        "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.reason := 'other'; RETURN NEW; END $$;"
        " CREATE TRIGGER other BEFORE INSERT ON timeline FOR EACH ROW EXECUTE FUNCTION other()",
    )
    assert copy(moving) == 1
    assert "the table timeline is not what was copied" in capsys.readouterr().err
    counted = "SELECT (SELECT count(*) FROM tickets) + (SELECT count(*) FROM keep)"
    assert postgresql.execute_in(empty_store, counted) == ["0"]


def test_what_is_wrong_is_said(
    moving: Path, postgresql: PostgresqlServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(moving) == 0
    assert "there is no ledger yet" in capsys.readouterr().out
    assert backup(moving.parent / "file", moving) == 1
    assert "the ledger is in PostgreSQL; use its own programs" in capsys.readouterr().err
    (moving.parent / "url").write_text(postgresql.url("nowhere"))
    assert check(moving, as_json=True) == 1
    report = json.loads(capsys.readouterr().out)
    (database,) = [it for it in report["checks"] if it["check"] == "database"]
    assert database["status"] == "broken"
    assert "not at this database" in database["text"]
