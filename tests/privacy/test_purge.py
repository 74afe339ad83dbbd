"""What is older than it is kept for is purged, and nothing else; and what is left is counted."""

import asyncio
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st
from sqlalchemy import update

from agent.config.settings import Settings
from agent.masking import mask_phone
from agent.privacy import purge as purging
from agent.privacy.kinds import KINDS
from agent.privacy.personal import ticket_without_people
from agent.privacy.purge import purge
from agent.privacy.remains import named_after_all
from agent.store import schema
from agent.store.database import Database
from agent.tickets.ledger import Ledger
from agent.tickets.ticket import Ticket
from exporters.formats import Format
from exporters.telemetry import Telemetry
from tests.privacy.planted_person import (
    DAY,
    NAME,
    NOW,
    NUMBER,
    PHONE,
    SETTINGS,
    SPELLINGS,
    PlantedLedger,
    closed,
    service,
)
from tests.proof_size import size
from tests.web.ledger import ticket

KEEP = {kind.name: kind.keep(SETTINGS) for kind in KINDS}
LONG_AGO = NOW - 2000 * DAY


@pytest.fixture
async def ledger(database: Database) -> PlantedLedger:
    return await PlantedLedger.open(database)


def everything_in(folder: Path) -> bytes:
    """The bytes of every file of the ledger, as they are on the disk."""
    return b"".join(it.read_bytes() for it in sorted(folder.iterdir()) if it.is_file())


async def test_after_its_time_nobody_is_in_any_table_or_file(
    ledger: PlantedLedger, database: Database
) -> None:
    await ledger.everything(LONG_AGO)
    await ledger.push(LONG_AGO)
    await ledger.push(LONG_AGO, calls=True)
    await ledger.audit(LONG_AGO)
    for table in ("test_calls", "test_call_files"):
        await ledger.test_call("c-1", table, LONG_AGO)
    folder = database.path.parent
    if not everything_in(folder).count(PHONE.encode()):
        assert "postgresql" in database.name
    counts = await service(database).purge()
    assert counts == {
        "callers": 1,
        "complaints": 1,
        "tickets": 1,
        "deliveries": 1,
        "notifications": 1,
        "notices": 1,
        "call_records": 1,
        "pushed_states": 1,
        "evidence": 1,
        "test_calls": 1,
        "test_call_files": 1,
        "audit": 1,
    }
    rows = await ledger.rows()
    text = repr(rows)
    for evidence in rows["evidence"]:
        text += repr(zlib.decompress(evidence["content"]))
    for word in (*SPELLINGS, NAME, mask_phone(PHONE), "Li Wei", "22 Example Road"):
        assert word not in text, word
        assert repr(word.encode())[2:-1] not in text, word
        assert word.encode() not in everything_in(folder), word
    # What happened stays.
    ticket = await Ledger(database).get("t-1")
    assert ticket is not None
    assert (ticket.stage, ticket.closed_at, ticket.text.title) == (
        "closed",
        LONG_AGO,
        f"{NUMBER} is down",
    )
    assert [(it.actor, it.event, it.reason) for it in ticket.timeline] == [
        ("numwatch", "opened", "complaint of [erased]"),
        ("somebody", "comment", ""),
    ]
    assert ticket.confirmation is not None
    assert (ticket.confirmation.cause, ticket.confirmation.findings) == ("customer_lan", "")
    (complaint,) = ticket.complaints
    assert (complaint.number, complaint.at) == (NUMBER, LONG_AGO - DAY)
    # It is recorded what was purged, and nothing is left to do.
    dead = {"deliveries": 2}
    states = {it.kind: (it.left, it.purged) for it in await service(database).states()}
    assert states == {kind: (0, count) for kind, count in (counts | dead).items()}
    assert await named_after_all(database) == {"complaints": 0, "tickets": 0}
    assert await service(database).purge() == {}


async def test_what_an_open_ticket_needs_is_held(ledger: PlantedLedger, database: Database) -> None:
    await ledger.everything(LONG_AGO, is_open=True)
    counts = await service(database).purge()
    # Only what was sent is history by itself.
    assert counts == {"deliveries": 1, "notifications": 1}
    rows = await ledger.rows()
    assert PHONE in rows["complaints"][0]["caller"]
    assert len(rows["evidence"]) == 1
    assert len(rows["outbox"]) == 1, "a delivery that is still due"
    assert {it.left for it in await service(database).states()} == {0}


async def test_a_muted_ticket_is_held(ledger: PlantedLedger, database: Database) -> None:
    await ledger.everything(LONG_AGO)
    async with database.transaction() as connection:
        await connection.execute(update(schema.tickets).values(muted=True))
    assert "tickets" not in await service(database).purge()


ages = st.dictionaries(
    st.sampled_from([kind.name for kind in KINDS]),
    st.lists(st.floats(-0.9, 0.9).filter(lambda it: abs(it) > 0.01), max_size=4),
)


class Driver:
    """Plants one row of a kind that is ``age`` seconds old, and counts what is left of each."""

    def __init__(self, ledger: PlantedLedger) -> None:
        self.ledger = ledger
        self.count = 0

    async def plant(self, kind: str, age: float) -> None:
        self.count += 1
        name, at = f"t-{self.count}", NOW - age
        ledger = self.ledger
        if kind in ("callers", "complaints"):
            complaint = await ledger.complain(PHONE, at, f"row {self.count}")
            await ledger.answer(complaint, at)
        elif kind in ("call_records", "pushed_states"):
            await ledger.push(at + self.count / 1000, calls=kind == "call_records")
        elif kind == "audit":
            await ledger.audit(at)
        elif kind in ("test_calls", "test_call_files"):
            await ledger.test_call(name, kind, at)
        else:
            complaint = await ledger.complain(PHONE, NOW, "young")
            await ledger.put(closed(name, at if kind == "tickets" else NOW, complaint))
            if kind != "tickets":
                await {
                    "deliveries": ledger.send,
                    "notifications": ledger.notify,
                    "notices": ledger.tell,
                    "evidence": ledger.collect,
                }[kind](name, at)

    async def left(self) -> dict[str, int]:
        rows = await self.ledger.rows()
        complaints = rows["complaints"]
        pushes = rows["provider_pushes"]
        answered = [it for it in complaints if it["answered_at"] is not None]
        return {
            "callers": sum(bool(it["caller"]) for it in answered),
            "complaints": sum(b"row" in it["document"] for it in answered),
            "tickets": sum(NAME.encode() in it["document"] for it in rows["tickets"]),
            "deliveries": len(rows["outbox"]),
            "notifications": len(rows["notifications"]),
            "notices": len(rows["ticket_notices"]),
            "call_records": sum(it["calls_only"] for it in pushes),
            "pushed_states": sum(not it["calls_only"] for it in pushes),
            "evidence": len(rows["evidence"]),
            "audit": len(rows["audit"]),
            "test_calls": len(rows["test_calls"]),
            "test_call_files": len(rows["test_call_files"]),
        }


def expected(planted: dict[str, list[float]]) -> dict[str, int]:
    """What stays: rows that are younger than their kind is kept for.

    A complaint that lost its text for age is older than its caller's number may be, too.
    """
    young = {
        kind: sum(KEEP[kind] * (1 + off) < KEEP[kind] for off in planted.get(kind, ()))
        for kind in KEEP
    }
    both = [
        KEEP[kind] * (1 + off)
        for kind in ("callers", "complaints")
        for off in planted.get(kind, ())
    ]
    tickets = ("deliveries", "notifications", "notices", "evidence")
    return young | {
        "callers": sum(age < KEEP["callers"] for age in both),
        "complaints": sum(age < KEEP["complaints"] for age in both),
        "tickets": young["tickets"] + sum(len(planted.get(kind, ())) for kind in tickets),
    }


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def opened(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One ledger for all examples, since making one takes longer than an example."""
    database = runner.run(Database.open(tmp_path_factory.mktemp("ledger")))
    yield database
    runner.run(database.close())


async def empty(database: Database) -> None:
    async with database.transaction() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            await connection.execute(table.delete())


@given(ages)
@of_hypothesis(max_examples=size(12, 200))
def test_every_kind_is_kept_for_its_time_and_no_longer(
    runner: asyncio.Runner, opened: Database, planted: dict[str, list[float]]
) -> None:
    async def play() -> None:
        await empty(opened)
        driver = Driver(await PlantedLedger.open(opened))
        for kind, offs in planted.items():
            for off in offs:
                await driver.plant(kind, KEEP[kind] * (1 + off))
        await service(opened).purge()
        assert await driver.left() == expected(planted)

    runner.run(play())


async def test_a_purge_that_is_ended_anywhere_is_finished_by_the_next(
    ledger: PlantedLedger, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for count in range(5):
        complaint = await ledger.complain(PHONE, LONG_AGO, f"row {count}")
        await ledger.answer(complaint, LONG_AGO)
    (kind,) = [it for it in KINDS if it.name == "complaints"]
    original, calls = purging.complaint_values, []

    def fail_at_the_third(document: bytes) -> dict[str, object]:
        calls.append(document)
        if len(calls) == 3:
            raise RuntimeError("killed here")
        return original(document)

    monkeypatch.setattr(purging, "complaint_values", fail_at_the_third)
    with pytest.raises(RuntimeError, match="killed here"):
        await purge(database, kind, NOW, NOW, step=2)
    recorded = await service(database).records(10)
    assert [it.rows for it in recorded] == [2], "one step was done and recorded, the next was not"
    assert await purge(database, kind, NOW, NOW, step=2) == 3
    assert sum(it.rows for it in await service(database).records(10)) == 5


async def test_two_that_purge_at_once_count_each_row_once(
    ledger: PlantedLedger, database: Database
) -> None:
    for count in range(6):
        await ledger.push(LONG_AGO + count)
    (kind,) = [it for it in KINDS if it.name == "pushed_states"]
    both = (purge(database, kind, NOW, NOW, step=1), purge(database, kind, NOW, NOW, step=1))
    assert sum(await asyncio.gather(*both)) == 6
    assert sum(it.rows for it in await service(database).records(20)) == 6


async def test_what_is_left_is_counted(ledger: PlantedLedger, database: Database) -> None:
    """The control: data that nobody purged is found by the check."""
    await ledger.everything(LONG_AGO)
    left = {it.kind: it.left for it in await service(database).states()}
    assert {kind for kind, count in left.items() if count} == {
        *("callers", "complaints", "tickets", "deliveries", "notifications", "evidence"),
        "notices",
    }
    # A mark without the deed is found as well.
    await ledger.change("complaints", erased_at=NOW)
    await ledger.change("tickets", erased_at=NOW)
    assert await named_after_all(database) == {"complaints": 1, "tickets": 1}


async def test_metrics_say_what_was_purged_and_what_is_left(
    ledger: PlantedLedger, database: Database
) -> None:
    await ledger.everything(LONG_AGO)
    telemetry = Telemetry()
    await service(database, telemetry=telemetry).purge()
    page = telemetry.render(Format.TEXT).decode()
    assert 'numwatch_privacy_purged_rows_total{kind="complaints"} 1.0' in page
    assert 'numwatch_privacy_rows_left{kind="tickets"} 0.0' in page
    assert "numwatch_privacy_purge_timestamp_seconds 1.79e+09" in page


async def test_periods_of_the_configuration_count(
    ledger: PlantedLedger, database: Database
) -> None:
    short = Settings.model_validate(
        {**SETTINGS.model_dump(), "privacy": {"callers": DAY, "tickets": 3660 * DAY}}
    )
    await ledger.everything(NOW - 2 * DAY)
    counts = await service(database, settings=short).purge()
    assert counts == {"callers": 1}


def test_an_erased_ticket_is_a_ticket() -> None:
    document = msgspec.json.encode(ticket())
    erased = msgspec.json.decode(ticket_without_people(document), type=Ticket)
    assert erased.id == "t-1"
