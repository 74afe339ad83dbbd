"""Backups while the agent writes, each put back: nothing is missing and nothing is told twice.

The real agent and the real commands. Negative control: the ledger's file alone, which is what a
plain copy takes, has less than the desk has been told.
"""

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.store.database import Database
from tests.forks import numwatch_done
from tests.integration.alerting_peers import Peers, peers, types
from tests.integration.processes import wait_until
from tests.proof_size import size
from tests.proofs.campaign import numbers_for
from tests.proofs.troubles import wait_for_rounds
from tests.sinks.change_writer import ChangeWriter

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(size(600, 7200))]

TIMES = size(1, 10)
BATCH = 6
"""Numbers that break before a backup."""
WAIT = 180.0


def back_up(scene: Peers, file: Path) -> None:
    done = numwatch_done("backup", str(file), "--config", str(scene.config))
    assert done.returncode == 0, done.stderr


def tickets_in(ledger: Path) -> set[str]:
    """The ids of the tickets in a ledger that is whole."""
    with closing(sqlite3.connect(f"{ledger.as_uri()}?immutable=1", uri=True)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {str(identity) for (identity,) in opened.execute("SELECT id FROM tickets")}


def put_back(scene: Peers, data: Path, file: Path) -> None:
    """Stop the agent at once and start it with the backup as its ledger."""
    scene.agent.kill()
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (data / name).unlink(missing_ok=True)
    shutil.copy(file, data / "ledger.db")
    scene.agent.start()


def test_backups_under_writes_are_put_back(tmp_path: Path) -> None:
    data = tmp_path / "data"
    numbers = numbers_for(BATCH * TIMES)

    def adapt(settings: dict[str, Any]) -> None:
        settings["data_dir"] = str(data)

    former: set[str] = set()
    with peers(tmp_path, external=False, numbers=numbers, adapt=adapt) as scene:
        for place in range(TIMES):
            batch = numbers[place * BATCH : (place + 1) * BATCH]
            file = tmp_path / f"backup-{place}.db"
            former = back_up_under_writes(scene, batch, file, former)
            put_back(scene, data, file)
            wait_for_rounds(scene)
            assert_told_once(scene, batch[:-1], former)
            for number in batch:
                scene.mend_number(number)
            wait_until(partial(all_closed, scene, former), WAIT, "what was saved is closed")


def back_up_under_writes(
    scene: Peers, batch: Sequence[str], file: Path, former: set[str]
) -> set[str]:
    """Back up while the last of ``batch`` gets its ticket; returns the tickets in the backup."""
    for number in batch[:-1]:
        scene.break_number(number)
    for number in batch[:-1]:
        scene.one_ticket(number)
    scene.break_number(batch[-1])
    back_up(scene, file)
    saved = tickets_in(file)
    assert {t["id"] for t in scene.tickets(*batch[:-1])} | former <= saved
    scene.one_ticket(batch[-1])
    return saved


def assert_told_once(scene: Peers, numbers: Sequence[str], saved: set[str]) -> None:
    """The restored agent has sent the desk nothing of the saved tickets under another id."""
    assert all(types(t).count("ticket.opened") == 1 for t in scene.desk() if t["id"] in saved)
    assert {len(scene.tickets(number)) for number in numbers} == {1}


def all_closed(scene: Peers, saved: set[str]) -> bool:
    return all(t["stage"] == "closed" for t in scene.desk() if t["id"] in saved)


async def test_a_plain_copy_is_no_backup(tmp_path: Path) -> None:
    """The control: the ledger's one file lacks what is in the write-ahead log beside it."""
    database = await Database.open(tmp_path / "data")
    writer = ChangeWriter(database)
    first = await writer.opened(1)
    shutil.copy(database.path, tmp_path / "plain.db")
    await database.close()
    assert tickets_in(database.path) == {first.id}
    try:
        assert tickets_in(tmp_path / "plain.db") == set()
    except sqlite3.DatabaseError as error:
        assert "no such table" in str(error)  # noqa: PT017 - empty or without tables
