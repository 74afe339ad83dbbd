"""A ledger of an earlier schema, and programs that are killed while they bring it up to date.

Negative control: without the one transaction around all steps, a kill between two of them leaves
a ledger that no program opens any more.
"""

import asyncio
import hashlib
import json
import multiprocessing
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from agent.store import StoreError
from agent.store.database import Database
from agent.store.migrate import scripts
from agent.store.sqlite import engine
from tests.integration.processes import ROOT, numwatch
from tests.proof_size import size
from tests.proofs.ledger_of_schema import TICKETS, make_ledger

KILLS = size(3, 20, "kills")
CONTROL_KILLS = 120
LIVES_MEASURED = 4
RELEASED = ROOT / "tests/store/ledgers/333ad53.sql"

pytestmark = pytest.mark.timeout(size(300, 3600, "kills"))


def open_once(folder: str) -> None:
    async def open_it() -> None:
        await (await Database.open(Path(folder))).close()

    asyncio.run(open_it())


def open_without_a_transaction(folder: str) -> None:
    """The control: every statement of a migration is committed by itself."""
    assert "_begin_immediately" in vars(engine)  # under another name the control would do nothing
    vars(engine)["_begin_immediately"] = lambda _connection: None
    open_once(folder)


class Kills:
    """Opens copies of a ledger in processes that are killed at any moment of it."""

    def __init__(self, ledger: Path, folder: Path, target: Callable[[str], None]) -> None:
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["tests.proofs.test_upgrade"])
        self._ledger = ledger
        self._folder = folder
        self._target = target
        self._chance = random.Random(20)
        # The first one also waits for the server that forks.
        self._longest = min(self._life(killed_after=None) for _ in range(LIVES_MEASURED))

    def once(self) -> Path:
        """Kill one while it opens a copy of the ledger; returns the copy's folder."""
        self._life(killed_after=self._chance.random() * self._longest)
        return self._folder

    def _life(self, killed_after: float | None) -> float:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700)
        shutil.copy(self._ledger, self._folder / "ledger.db")
        process = self._processes.Process(target=self._target, args=(str(self._folder),))
        begun = time.monotonic()
        process.start()
        process.join(killed_after)
        process.kill()
        process.join()
        return time.monotonic() - begun


def state_of(ledger: Path) -> tuple[str, str, dict[str, int]]:
    """The schema, the integrity and the number of rows of the tables that hold what happened."""
    with closing(sqlite3.connect(ledger)) as opened:
        (schema,) = opened.execute("SELECT version_num FROM alembic_version").fetchone()
        (integrity,) = opened.execute("PRAGMA integrity_check").fetchone()
        counts = {
            table: opened.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("tickets", "timeline", "outbox")
        }
        return schema, integrity, counts


def released(path: Path) -> Path:
    """The ledger of the release before."""
    with closing(sqlite3.connect(path)) as made:
        made.executescript(RELEASED.read_text(encoding="utf-8"))
    return path


@pytest.mark.parametrize("make", [make_ledger, released])
def test_kills_while_a_ledger_is_brought_up_to_date(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    ledger = make(tmp_path / "old.db")
    _schema, _ok, rows = state_of(ledger)
    kills = Kills(ledger, tmp_path / "data", open_once)
    for _ in range(KILLS):
        folder = kills.once()
        open_once(str(folder))
        assert state_of(folder / "ledger.db") == (scripts().get_current_head(), "ok", rows)


def test_without_a_transaction_a_kill_leaves_what_nobody_opens(tmp_path: Path) -> None:
    kills = Kills(make_ledger(tmp_path / "old.db"), tmp_path / "data", open_without_a_transaction)
    for _ in range(CONTROL_KILLS):
        folder = kills.once()
        try:
            open_once(str(folder))
        except StoreError:
            return
    pytest.fail("a migration in many transactions survived every kill")


def test_an_older_program_refuses_and_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    open_once(str(data))
    ledger = data / "ledger.db"
    with closing(sqlite3.connect(ledger)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    before = hashlib.sha256(ledger.read_bytes()).digest()
    config = tmp_path / "config.yaml"
    account = {"id": "hq", "credentials": {"key": "k-demo", "secret": "demo-secret-1"}}
    provider = {
        "name": "north",
        "profile": "generic",
        "base_url": "https://north.example",
        "accounts": [account],
    }
    config.write_text(json.dumps({"data_dir": str(data), "providers": [provider]}))
    done = subprocess.run(
        numwatch("run", "--config", str(config)),
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert "written by a newer numwatch (its schema is 9999" in done.stderr
    assert "Traceback" not in done.stderr
    assert hashlib.sha256(ledger.read_bytes()).digest() == before


def test_the_made_ledger_is_an_early_one(tmp_path: Path) -> None:
    schema, integrity, rows = state_of(make_ledger(tmp_path / "old.db"))
    assert (schema, integrity, rows["tickets"]) == ("0001", "ok", TICKETS)
