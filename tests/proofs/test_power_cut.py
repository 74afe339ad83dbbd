"""A power cut at any moment: what was acknowledged is in the ledger, and the ledger is whole.

The real manager and outbox run in a process whose writes, truncations and syncs are recorded
(``disk_recorder.c``); for every cut the disk is made as it could be then (``power_cut.py``) and
the agent's own store opens it. This is simulated below the process and above the device: what a
drive does that lies about syncs is not shown.
"""

import asyncio
import json
import os
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from agent.store import StoreError
from agent.store.database import Database
from agent.store.schema import outbox, tickets
from tests.integration.processes import ROOT
from tests.integrity import integrity_of
from tests.proof_size import size
from tests.proofs.power_cut import ACKNOWLEDGED, Disk, Record, read_log, recording
from tests.proofs.preload import compiled
from tests.sinks.receiver import Receiver

pytestmark = [pytest.mark.slow, pytest.mark.timeout(size(600, 7200))]

CUTS = size(8, 300)
CONTROL_CUTS = 60
LIVES = (0.6, 0.3)
"""Seconds that one agent works after the other."""

BACK_UP = """
import pathlib, sys
from agent.store.backup import back_up
back_up(*map(pathlib.Path, sys.argv[1:]))
"""
"""What ``numwatch backup`` does, without the configuration."""

Acknowledged = tuple[str, str, int, str]
"""Ids of the ticket and of the message, revision and kind."""


async def record_lives(folder: Path, url: str, synchronous: str) -> list[Record]:
    """The record of agents that work on the same ledger, one after the other."""
    data, log = folder / "data", folder / "log"
    data.mkdir(mode=0o700)
    variables = recording(compiled("disk_recorder", folder), log, data)
    for seconds in LIVES:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.proofs.recorded_agent"),
            *(str(data), url, str(seconds), synchronous),
            env={**os.environ, **variables},
            cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _out, err = await process.communicate()
        assert process.returncode == 0, err.decode()[-2000:]
    return list(read_log(log))


class Cuts:
    """Cuts the power at moments drawn from a record."""

    def __init__(self, records: list[Record], folder: Path) -> None:
        self._records = records
        self._folder = folder
        self._chance = random.Random(5)
        self.lost: list[Acknowledged] = []
        self.damaged: list[str] = []

    async def run(self, count: int, *, until_lost: bool = False) -> None:
        """Cut so many times; notes what was lost and what was damaged."""
        moments = sorted(self._chance.choices(range(len(self._records)), k=count))
        for place, (disk, acknowledged) in enumerate(self._states(moments)):
            folder = self._folder / f"cut-{place}"
            folder.mkdir(mode=0o700)
            disk.cut(folder, self._chance)
            (folder / ACKNOWLEDGED).unlink(missing_ok=True)
            # It is rebuilt from the write-ahead log, so anything may be in it.
            (folder / "ledger.db-shm").write_bytes(self._chance.randbytes(32768))
            await self._check(folder, acknowledged)
            shutil.rmtree(folder)
            if until_lost and self.lost:
                return

    def _states(self, moments: list[int]) -> Iterator[tuple[Disk, list[Acknowledged]]]:
        """The disk just before each of ``moments``, and what had been acknowledged."""
        disk, applied, acknowledged = Disk(), 0, list[Acknowledged]()
        answers = ""
        for moment in moments:
            for record in self._records[applied:moment]:
                if record.name == "make" and record.words[1].endswith(ACKNOWLEDGED):
                    answers = record.words[0]
                if record.name == "write" and record.words[0] == answers:
                    acknowledged += [json.loads(line) for line in record.content.splitlines()]
                disk.apply(record)
            applied = moment
            yield disk, acknowledged

    async def _check(self, folder: Path, acknowledged: list[Acknowledged]) -> None:
        try:
            database = await Database.open(folder)
        except StoreError as error:
            self.damaged.append(str(error))
            return
        if (found := await integrity_of(database)) != "ok":
            self.damaged.append(found)
        async with database.transaction() as connection:
            rows = await connection.execute(select(tickets.c.id, tickets.c.revision))
            revisions = {str(row.id): int(row.revision) for row in rows}
            messages = set((await connection.execute(select(outbox.c.webhook_id))).scalars())
        await database.close()
        self.lost += [
            it for it in acknowledged if revisions.get(it[0], 0) < it[2] or it[1] not in messages
        ]


async def test_what_was_acknowledged_outlives_a_power_cut(
    tmp_path: Path, receiver: Receiver
) -> None:
    records = await record_lives(tmp_path, await receiver.start(), "FULL")
    cuts = Cuts(records, tmp_path)
    await cuts.run(CUTS)
    print(f"{CUTS} cuts in {len(records)} calls")  # noqa: T201 - the figure is what the full run is for
    assert cuts.damaged == []
    assert cuts.lost == []


async def test_a_backup_that_was_made_outlives_a_power_cut(tmp_path: Path) -> None:
    await (await Database.open(tmp_path / "data")).close()
    backups, log = tmp_path / "backups", tmp_path / "log"
    backups.mkdir()
    library = compiled("disk_recorder", tmp_path)
    file = backups / "backup.db"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BACK_UP, str(tmp_path / "data/ledger.db"), str(file)),
        env={**os.environ, **recording(library, log, backups)},
        cwd=ROOT,
    )
    assert await process.wait() == 0
    disk = Disk()
    for record in read_log(log):
        disk.apply(record)
    assert disk.sure()[str(file)] == file.read_bytes()


async def test_a_ledger_that_is_not_synced_loses(tmp_path: Path, receiver: Receiver) -> None:
    cuts = Cuts(await record_lives(tmp_path, await receiver.start(), "NORMAL"), tmp_path)
    await cuts.run(CONTROL_CUTS, until_lost=True)
    assert cuts.lost, "commits that were not synced outlived every power cut"
