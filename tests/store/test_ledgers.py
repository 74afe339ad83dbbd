"""A ledger written by an earlier version opens and goes on."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.baselines.baseline import BaselineBook
from agent.baselines.repository import BaselineRepository
from agent.complaints.repository import ComplaintRepository
from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.runtime_state import RuntimeState
from agent.states import NumberState, Stage
from agent.store.database import Database
from agent.tickets.ledger import Filter, Ledger
from agent.tickets.outbox.outbox import Outbox
from agent.webhooks.alertmanager.repository import ExternalAlertRepository
from tests.rules.series import up
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, START, Scene

LEDGER = Path(__file__).parent / "ledgers" / "333ad53.sql"
SECOND = "4006220002"
OPEN, CLOSED = "NW-939040A9B02D-1", "NW-77EC1A867EA9-1"
KEY = "939040a9b02d9a1d4fab9bb706aaad23"
STOPPED = START + 90.0
"""When the earlier version was stopped."""


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Database]:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    connection = sqlite3.connect(folder / "ledger.db")
    connection.executescript(LEDGER.read_text(encoding="utf-8"))
    connection.close()
    opened = await Database.open(folder)
    yield opened
    await opened.close()


async def test_its_tickets_are_read_with_all_they_had(ledger: Database) -> None:
    page = await Ledger(ledger).list(Filter())
    assert {ticket.id for ticket in page.tickets} == {OPEN, CLOSED}
    (ticket,) = await Ledger(ledger).open_tickets()
    assert (ticket.id, ticket.key, ticket.stage, ticket.revision) == (OPEN, KEY, Stage.ACCEPTED, 3)
    assert ticket.provider_ticket == "P-17"
    assert ticket.company == "示例公司"
    assert ticket.diagnosis is not None
    assert ticket.diagnosis.contact == "finance desk"
    assert [complaint.id for complaint in ticket.complaints] == ["complaint-1"]
    assert [(entry.actor, entry.event) for entry in ticket.timeline] == [
        ("numwatch", "opened"),
        ("numwatch", "diagnosed"),
        ("Li Wei", "accept"),
        ("numwatch", "complaint_heard"),
    ]
    closed = await Ledger(ledger).get(CLOSED)
    assert closed is not None
    assert (closed.stage, closed.resolution, closed.closed_by) == (
        Stage.CLOSED,
        "restored",
        "Li Wei",
    )


async def test_its_open_ticket_is_closed_on_recovery(ledger: Database) -> None:
    scene = Scene(states={NUMBER: NumberState.ACTIVE, SECOND: NumberState.ACTIVE})
    run = Run(ledger, scene)
    run.now = STOPPED
    changes = await run.until_closed()
    assert {change.after.id for change in changes} == {OPEN}
    ended = await run.ledger.get(OPEN)
    assert ended is not None
    assert (ended.stage, ended.outcome) == (Stage.CLOSED, "restored")
    assert ended.timeline[-1].event == "closed"


async def test_its_deliveries_go_on_under_their_ids(ledger: Database) -> None:
    outbox = Outbox(ledger)
    assert await outbox.recover("desk", STOPPED) == 1
    delivered = []
    while row := await outbox.claim("desk", STOPPED):
        await outbox.delivered([row], STOPPED)
        delivered.append((row.type, row.webhook_id, row.attempts))
    assert delivered == [
        # It was being sent when the earlier version was stopped.
        ("ticket.opened", f"msg_{KEY}_1_1", 2),
        # The update before it waited and was superseded.
        ("ticket.updated", f"msg_{KEY}_1_3", 1),
    ]


async def test_the_next_change_continues_the_revisions_and_ids(ledger: Database) -> None:
    run = Run(ledger, Scene(states={NUMBER: NumberState.ACTIVE}))
    run.now = STOPPED
    await run.until_closed()
    await Outbox(ledger).recover("desk", STOPPED)
    outbox = Outbox(ledger)
    ids = []
    while row := await outbox.claim("desk", run.now):
        await outbox.delivered([row], run.now)
        ids.append(row.webhook_id)
    assert ids[0] == f"msg_{KEY}_1_1"
    ended = await run.ledger.get(OPEN)
    assert ended is not None
    assert ids[-1] == f"msg_{KEY}_1_{ended.revision}"


async def test_its_complaints_wait_for_their_tickets(ledger: Database) -> None:
    waiting = (await ComplaintRepository.open(ledger)).waiting
    assert list(waiting) == ["complaint-1", "complaint-2"]
    attached, late = waiting.values()
    assert attached.ticket_id == OPEN
    assert attached.complaint.prompt == "您拨打的电话已停机"
    assert attached.complaint.caller == "138****0001"
    assert late.ticket_id == ""
    assert late.repaired_subject is not None
    assert late.repaired_subject.number == SECOND


async def test_its_external_alerts_fire(ledger: Database) -> None:
    external = await ExternalAlertRepository.open(ledger, "alertmanager")
    assert external.count_firing() == 1
    (stored,) = external.alerts.values()
    assert stored.labels["alertname"] == "LineDown"
    assert stored.started_at == START


async def test_its_baselines_and_alert_states_are_restored(
    ledger: Database, tmp_path: Path
) -> None:
    book = BaselineBook()
    state = RuntimeState(ledger, BaselineRepository(ledger, book))
    await state.restore_baselines()
    baseline = book.get("north", "hq", NUMBER)
    assert baseline is not None
    assert (baseline.approved_by, baseline.note, baseline.version) == ("Li Wei", "as ordered", 1)
    assert baseline.bindings is not None
    assert [phone.id for phone in baseline.bindings] == ["b1", "b2"]
    rules = tmp_path / "rules.yml"
    rules.write_text(
        "groups:\n  - name: numbers\n    rules:\n      - alert: Down\n        expr: up == 0\n"
        "        for: 1m\n        labels: {severity: critical}\n",
        encoding="utf-8",
    )
    engine = RuleEngine(load_rules([rules]))
    await state.restore_alerts(engine)
    (alert,) = engine.evaluate([up(a=0)], STOPPED)
    assert (alert.state, alert.active_at, alert.fired_at) == ("firing", START, START + 61)


async def test_its_complaints_are_found_by_their_callers(ledger: Database) -> None:
    repository = await ComplaintRepository.open(ledger)
    newest = await repository.newest(10)
    assert len(newest) == 2
    for stored in newest:
        assert await repository.newest(10, who=stored.complaint.who) == [stored]
    assert await repository.newest(10, who="somebody else") == []
