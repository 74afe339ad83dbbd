"""``numwatch doctor``: what it finds, and what it saves of a ledger that is really damaged."""

import json
import os
import socket
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agent.cli.doctor import doctor as command
from agent.cli.installation import inspect_installation
from agent.config.load import load
from agent.states import NumberState
from agent.store.database import Database
from agent.store.finding import Status
from agent.tickets.ledger import Filter, Ledger
from tests.forks import numwatch_ended
from tests.tickets.driver import Run
from tests.tickets.scene import Scene, alert

TICKETS = 120
PAGE = 4096
OUT_OF_REACH = 10_000_000_000.0


@pytest.fixture
async def ledger(tmp_path: Path) -> Path:
    """A stopped agent's ledger with many open tickets and their deliveries."""
    numbers = [f"40062{index:05}" for index in range(TICKETS)]
    database = await Database.open(tmp_path / "data")
    scene = Scene(states=dict.fromkeys(numbers, NumberState.SUSPENDED_VIOLATION))
    run = Run(database, scene, common_cause_numbers=1000)
    await run.step(*(alert(number=number) for number in numbers))
    assert len(run.tickets.open) == TICKETS
    await database.put("rules/alerts", b"{}")
    await database.close()
    return tmp_path / "data" / "ledger.db"


class Doctor:
    """Runs the command in this process and reads what it printed."""

    def __init__(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._config = config
        self._capsys = capsys

    def __call__(self, *, repair: bool = False) -> tuple[int, dict[str, Any], str]:
        self._capsys.readouterr()
        # The command has an event loop of its own, and so has this test.
        with ThreadPoolExecutor(1) as pool:
            run = partial(command, self._config, is_repair=repair, is_offline=True, as_json=True)
            status = pool.submit(run).result()
        out, err = self._capsys.readouterr()
        return status, json.loads(out or "{}"), err


@pytest.fixture
def doctor(config: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    return Doctor(config, capsys)


def not_ok(report: dict[str, Any]) -> set[str]:
    return {it["check"] for it in report["checks"] if it["status"] != "ok"}


def page_of(ledger: Path, name: str, *, leaf: bool = True) -> int:
    """A page in the middle of a table or an index, as SQLite numbers them."""
    with closing(sqlite3.connect(ledger)) as connection:
        query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? ORDER BY pageno"
        try:
            rows = connection.execute(query, (name, "leaf" if leaf else "internal")).fetchall()
        except sqlite3.OperationalError:
            query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
            return int(connection.execute(query, (name,)).fetchone()[0])
    return int(rows[len(rows) // 2][0])


def overwrite(ledger: Path, offset: int, count: int) -> None:
    with ledger.open("r+b") as file:
        file.seek(offset)
        file.write(os.urandom(count))


def a_page_of_tickets(ledger: Path) -> None:
    overwrite(ledger, (page_of(ledger, "tickets") - 1) * PAGE, PAGE)


def a_page_in_the_middle(ledger: Path) -> None:
    overwrite(ledger, ledger.stat().st_size // 2 // PAGE * PAGE, 3 * PAGE)


def an_index(ledger: Path) -> None:
    overwrite(ledger, (page_of(ledger, "tickets_one_open") - 1) * PAGE, PAGE)


def the_header(ledger: Path) -> None:
    overwrite(ledger, 0, 100)


def the_words_of_the_schema(ledger: Path) -> None:
    """What SQLite says about it quotes bytes that are no UTF-8."""
    content = ledger.read_bytes()
    place = content.index(b"CREATE TABLE complaints")
    ledger.write_bytes(content[:place] + b"CREATE \xff\xfe\xfd" + content[place + 10 :])


def the_end(ledger: Path) -> None:
    os.truncate(ledger, ledger.stat().st_size * 2 // 3 // PAGE * PAGE)


DAMAGES = [a_page_of_tickets, a_page_in_the_middle, an_index, the_header, the_end]


async def tickets_in(folder: Path) -> int:
    """The tickets that an agent reads from the ledger, all of them open."""
    database = await Database.open(folder)
    try:
        page = await Ledger(database).list(Filter(open=True), limit=1000)
        assert len(page.tickets) == page.total
        return page.total
    finally:
        await database.close()


async def test_a_sound_folder_is_ok(doctor: Doctor, ledger: Path) -> None:
    before = ledger.read_bytes()
    status, report, errors = doctor()
    assert (status, not_ok(report), errors) == (0, set(), "")
    assert report["repair"] is None
    checks = {it["check"] for it in report["checks"]}
    assert checks >= {"modes", "lock", "disk", "sqlite", "integrity", "schema", "clock", "alerts"}
    assert ledger.read_bytes() == before


def test_no_folder_is_said_and_not_made(doctor: Doctor, tmp_path: Path) -> None:
    status, report, _ = doctor()
    assert (status, not_ok(report)) == (1, {"folder"})
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda it: it.__name__)
async def test_what_is_damaged_is_found_and_saved(
    doctor: Doctor, ledger: Path, damage: Callable[[Path], None]
) -> None:
    damage(ledger)
    damaged = ledger.read_bytes()
    status, report, _ = doctor()
    assert status == 1
    assert "integrity" in not_ok(report)
    assert ledger.read_bytes() == damaged, "the inspection changes nothing"
    status, report, errors = doctor(repair=True)
    assert "integrity" not in not_ok(report), errors
    done = report["repair"]["salvage"]
    aside = Path(done["aside"])
    assert aside.read_bytes() == damaged, "the damaged file is kept as it was"
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o600
    saved = done["saved"]["tickets"]
    assert saved == await tickets_in(ledger.parent)
    # A lost page costs the rows on it; a header and an index cost none.
    whole = damage in (an_index, the_header)
    assert saved == TICKETS if whole else saved >= TICKETS // 3
    named = set(done["lost_tickets"])
    assert named or saved == TICKETS or done["lost"] or damage is the_end


async def test_words_about_the_damage_that_are_no_text(doctor: Doctor, ledger: Path) -> None:
    the_words_of_the_schema(ledger)
    damaged = ledger.read_bytes()
    status, report, errors = doctor()
    assert (status, "integrity" in not_ok(report)) == (1, True), errors
    status, report, errors = doctor(repair=True)
    assert (status, report) == (1, {})
    assert "nothing in it can be read" in errors
    assert ledger.read_bytes() == damaged


async def test_a_row_that_is_no_text_any_more_costs_itself(doctor: Doctor, ledger: Path) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        query = "UPDATE tickets SET provider = CAST(x'ff41' AS TEXT) WHERE rowid = 1"
        assert connection.execute(query).rowcount == 1
        connection.commit()
    an_index(ledger)
    _, report, errors = doctor(repair=True)
    assert not errors
    assert report["repair"]["salvage"]["saved"]["tickets"] == TICKETS - 1


async def test_the_other_pages_of_the_table_are_all_saved(doctor: Doctor, ledger: Path) -> None:
    a_page_of_tickets(ledger)
    _, report, _ = doctor(repair=True)
    done = report["repair"]["salvage"]
    # Deliveries and timelines name the tickets whose row was on the page.
    assert done["saved"]["tickets"] + len(done["lost_tickets"]) == TICKETS
    assert done["saved"]["outbox"] == TICKETS


async def test_nothing_readable_is_left_where_it_is(doctor: Doctor, ledger: Path) -> None:
    overwrite(ledger, 0, ledger.stat().st_size)
    damaged = ledger.read_bytes()
    status, _, errors = doctor(repair=True)
    assert status == 1
    assert "nothing in it can be read" in errors
    assert "numwatch restore" in errors
    assert ledger.read_bytes() == damaged
    assert sorted(it.name for it in ledger.parent.iterdir()) == ["agent.lock", "ledger.db"]


async def test_a_lost_log_loses_only_what_was_in_it(doctor: Doctor, tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "data")
    run = Run(database, Scene())
    await run.step(alert())
    log = database.path.with_name("ledger.db-wal")
    copy, without = database.path.read_bytes(), tmp_path / "copy.db"
    assert log.stat().st_size > 0
    await database.close()
    without.write_bytes(copy)
    without.replace(database.path)
    status, report, _ = doctor()
    # Nothing of it was moved into the ledger yet: an empty one, which is whole.
    assert "integrity" not in not_ok(report)
    assert status in (0, 1)


async def test_modes_and_a_foreign_lock_are_repaired(doctor: Doctor, ledger: Path) -> None:
    ledger.chmod(0o644)
    ledger.parent.chmod(0o755)
    lock = ledger.with_name("agent.lock")
    lock.unlink(missing_ok=True)
    precious = ledger.parent.parent / "precious"
    precious.write_text("mine")
    lock.symlink_to(precious)
    status, report, _ = doctor()
    assert (status, not_ok(report)) == (1, {"modes", "links", "lock"})
    status, report, _ = doctor(repair=True)
    assert (status, not_ok(report)) == (0, set())
    assert precious.read_text() == "mine"
    assert len(report["repair"]["steps"]) >= 3
    assert [it.is_symlink() for it in ledger.parent.glob("agent.lock.aside-*")] == [True]


async def test_no_repair_while_an_agent_runs(doctor: Doctor, ledger: Path) -> None:
    database = await Database.open(ledger.parent)
    try:
        status, report, _ = doctor()
        (lock,) = [it for it in report["checks"] if it["check"] == "lock"]
        assert (status, lock["text"]) == (0, f"an agent runs (process {os.getpid()})")
        status, _, errors = doctor(repair=True)
        assert status == 1
        assert "in use by another numwatch agent" in errors
    finally:
        await database.close()


async def test_rows_that_nobody_takes_care_of(doctor: Doctor, ledger: Path) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("UPDATE outbox SET state = 'dead' WHERE id % 2")
        connection.execute("UPDATE outbox SET state = 'sending', last_attempt_at = 1 WHERE id = 2")
        connection.execute("DELETE FROM keep WHERE name LIKE 'rules/%'")
        connection.execute("INSERT INTO timeline SELECT NULL, 'NW-X-1', 1, 1, '', '', '' FROM keep")
        connection.execute("UPDATE tickets SET changed_at = ?", (OUT_OF_REACH,))
        connection.commit()
    status, report, _ = doctor()
    assert (status, not_ok(report)) == (1, {"deliveries", "alerts", "orphans", "clock"})
    texts = " ".join(it["text"] for it in report["checks"])
    assert f"{TICKETS // 2} were given up" in texts


async def test_a_newer_ledger_is_not_touched(doctor: Doctor, ledger: Path) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    status, report, _ = doctor(repair=True)
    assert (status, not_ok(report)) == (1, {"schema"})


async def test_it_speaks_a_line_a_check(config: Path, ledger: Path) -> None:
    _, out, _ = await numwatch_ended("doctor", "--offline", "--config", str(config))
    lines = out.splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert all(line.startswith(("ok · ", "/")) for line in heads)
    assert "integrity:" in out
    assert str(ledger) in out


async def test_it_says_what_of_the_installation_is_wrong(
    config: Path, ledger: Path, unused_tcp_port: int
) -> None:
    settings = json.loads(config.read_text())
    settings["listen"] = [f"127.0.0.1:{unused_tcp_port}"]
    settings["providers"][0] |= {
        "base_url": f"http://127.0.0.1:{unused_tcp_port}",
        "egress_allow": ["127.0.0.0/8"],
    }
    config.write_text(json.dumps(settings))
    checked = await inspect_installation(config, load(config))
    found = {it.check: it for it in checked}
    assert {"python", "configuration", "token", "port", "holidays", "terminal"} <= found.keys()
    assert found["egress"].status is Status.BROKEN
    assert found["port"].status is Status.OK
    _text, action = found["egress"].words("zh-CN")
    assert "防火墙" in action
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", unused_tcp_port))
        taken.listen()
        checked = await inspect_installation(config, load(config), is_offline=True)
    found = {it.check: it for it in checked}
    assert "egress" not in found
    assert found["port"].status is Status.BROKEN


async def test_a_providers_clock_is_compared_with_ours(config: Path) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(headers={"Date": "Tue, 01 Jan 2030 00:00:00 GMT"})

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app) as server:
        settings = json.loads(config.read_text())
        settings["providers"][0] |= {
            "base_url": str(server.make_url("")),
            "egress_allow": ["127.0.0.0/8"],
        }
        config.write_text(json.dumps(settings))
        checked = await inspect_installation(config, load(config))
    clocks = [it for it in checked if it.check == "clock"]
    assert [it.status for it in clocks] == [Status.WARNING]
    assert [it.status for it in checked if it.check == "egress"] == [Status.OK]
