"""``numwatch backup`` and ``restore`` take the history with the ledger, with the same care."""

import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.cli.main import app
from agent.store.database import Database
from tests.history.scene import KEY, START, Run, Scene

HOURS = (START, START + 3600)


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """The folder of a stopped agent with a ledger and one hour of history."""
    database = await Database.open(tmp_path / "data")
    await database.close()
    run = await Run.start(tmp_path / "data", Scene())
    await run.spend(1800)
    await run.stop()
    return tmp_path / "data"


@pytest.fixture
def command(tmp_path: Path, data: Path) -> Callable[..., tuple[int, str, str]]:
    config = tmp_path / "config.yaml"
    config.write_text(
        f"data_dir: {data}\nproviders:\n"
        "  - {name: north, profile: generic, accounts: [{id: hq, credentials: {token: t}}]}\n"
    )

    def run(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, [*arguments, "--config", str(config)])
        return result.exit_code, result.stdout, " ".join(result.stderr.split())

    return run


async def last_balance(data: Path) -> float | None:
    run = await Run.start(data, Scene())
    try:
        (hour,) = await run.reader.balance(KEY, *HOURS)
        return hour.last
    finally:
        await run.kill()


def break_history(data: Path) -> None:
    for suffix in ("-wal", "-shm"):
        (data / f"history.db{suffix}").unlink(missing_ok=True)
    file = data / "history.db"
    content = bytearray(file.read_bytes())
    content[8192:16384] = b"\xa5" * 8192
    file.write_bytes(content)


async def test_a_running_history_is_copied_with_what_was_written_last(
    tmp_path: Path, data: Path, command
) -> None:
    run = await Run.start(data, Scene(now=START + 1800, balance=70.0))
    await run.spend(60)
    await run.recorder.write()
    assert (data / "history.db-wal").stat().st_size, "the newest hour is in the write-ahead log"
    code, out, err = command("backup", str(tmp_path / "b.db"), "--json")
    assert (code, err) == (0, "")
    copy = tmp_path / "b.db.history"
    assert json.loads(out)["history"] == {"file": str(copy), "bytes": copy.stat().st_size}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    # The control: the file alone is no backup.
    shutil.copy(data / "history.db", tmp_path / "plain.db")
    last = "SELECT last FROM history_accounts"
    with (
        closing(sqlite3.connect(copy)) as whole,
        closing(sqlite3.connect(tmp_path / "plain.db")) as plain,
    ):
        assert whole.execute(last).fetchall() == [(70.0,)]
        assert plain.execute(last).fetchall() != [(70.0,)]
    await run.kill()


async def test_it_is_put_back_with_the_ledger_and_the_former_one_kept(
    tmp_path: Path, data: Path, command
) -> None:
    assert command("backup", str(tmp_path / "b.db"))[0] == 0
    run = await Run.start(data, Scene(now=START + 1900, balance=7.0))
    await run.spend(60)
    await run.stop()
    assert await last_balance(data) == 7.0
    code, out, _ = command("restore", str(tmp_path / "b.db"), "--json")
    assert code == 0
    assert await last_balance(data) == 100.0
    aside = Path(json.loads(out)["history"]["aside"])
    assert stat.S_IMODE(aside.stat().st_mode) == stat.S_IMODE((data / "history.db").stat().st_mode)
    shutil.copy(aside, tmp_path / "history.db")
    assert await last_balance(tmp_path) == 7.0
    assert not list(data.glob("*.restored")), "nothing half made stays"


async def test_without_it_only_the_ledger_is_copied_and_put_back(
    tmp_path: Path, data: Path, command
) -> None:
    assert command("backup", str(tmp_path / "b.db"), "--no-history")[0] == 0
    assert not (tmp_path / "b.db.history").exists()
    before = (data / "history.db").read_bytes()
    code, out, _ = command("restore", str(tmp_path / "b.db"))
    assert code == 0
    assert "the history is as it was" in " ".join(out.split())
    assert (data / "history.db").read_bytes() == before


async def test_a_damaged_history_does_not_take_the_ledgers_backup_away(
    tmp_path: Path, data: Path, command
) -> None:
    break_history(data)
    code, _, err = command("backup", str(tmp_path / "b.db"))
    assert code == 1
    assert "history.db: " in err
    assert "damaged" in err or "malformed" in err
    assert "the ledger's backup is whole" in err
    assert (tmp_path / "b.db").is_file()
    assert not (tmp_path / "b.db.history").exists()
    assert not list(tmp_path.glob("*.part"))


async def test_nothing_is_written_over(tmp_path: Path, data: Path, command) -> None:
    (tmp_path / "b.db.history").write_text("mine")
    code, _, err = command("backup", str(tmp_path / "b.db"))
    assert code == 1
    assert "b.db.history: exists already" in err
    assert (tmp_path / "b.db.history").read_text() == "mine"
    assert not (tmp_path / "b.db").exists(), "refused before anything was copied"


def cut(file: Path) -> None:
    os.truncate(file, 4096 * 3)


def trigger(file: Path) -> None:
    with closing(sqlite3.connect(file)) as copy:
        copy.execute(
            "CREATE TRIGGER x AFTER INSERT ON history_calls BEGIN DELETE FROM history_calls; END"
        )


def newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as copy:
        copy.execute("UPDATE alembic_version SET version_num = '9999'")
        copy.commit()


def ledger(file: Path) -> None:
    shutil.copy(file.with_suffix(""), file)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (cut, "damaged|malformed|no backup"),
        (trigger, "what numwatch never makes"),
        (newer, "made by a newer numwatch"),
        (ledger, "made by a newer numwatch|is no backup of a history"),
    ],
)
async def test_what_is_no_whole_history_changes_nothing(
    tmp_path: Path, data: Path, command, spoil, reason: str
) -> None:
    assert command("backup", str(tmp_path / "b.db"))[0] == 0
    spoil(tmp_path / "b.db.history")
    before = {it.name: it.read_bytes() for it in data.iterdir()}
    code, _, err = command("restore", str(tmp_path / "b.db"))
    assert code == 1
    assert any(part in err for part in reason.split("|")), err
    assert "--no-history puts the ledger back alone" in err
    assert {it.name: it.read_bytes() for it in data.iterdir()} == before
    assert command("restore", str(tmp_path / "b.db"), "--no-history")[0] == 0
