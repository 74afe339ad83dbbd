"""A very large world for the benches of pages: numbers, tickets, history, queues and alerts."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml
from sqlalchemy import insert

from agent.complaints.complaint import Complaint
from agent.complaints.repository import ComplaintRepository, StoredComplaint
from agent.config.load import load_with_source
from agent.config.reloads import Reloads
from agent.fleet_diagnosis import FleetDiagnosis
from agent.health.fleet import FleetHealth
from agent.history.codes import CODES
from agent.history.database import HistoryDatabase
from agent.history.ledger_reader import LedgerHistory
from agent.model import Snapshot
from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.rules.queries.queries import Queries
from agent.sinks.delivery_status import DeliveryStatus
from agent.states import BindingState, CallResult, NumberState, Scope, Severity, Stage
from agent.store.audit import AuditLog
from agent.store.database import Database
from agent.store.schema import audit, complaints, outbox
from agent.tickets.changes import Change
from agent.tickets.ledger import Ledger, record_all
from agent.tickets.open_faults import OpenFaultsOf
from agent.tickets.outbox.overview import OutboxOverview
from agent.tickets.ticket import Entry, Member, Subject, Ticket
from agent.web.services import WebServices
from agent.webhooks.auth import TokenCheck
from exporters.exposition import Exposition
from exporters.telemetry import Telemetry
from tests.rules.series import block
from tests.web.facts import NOW, Facts, number, phone, snapshot
from tests.web.ledger import ticket

LARGE_ACCOUNTS = 10
COMPANIES = 20_000
HISTORY_DAYS = 30
PARENT = "NW-00000FFFFFFF-1"
RULES = """
groups:
  - name: numbers
    interval: 30s
    rules:
      - alert: NumberNotActive
        expr: up == 0
        labels: {severity: critical, scope: number, symptom: number_down}
        annotations:
          summary: "{{ $labels.number }} is down"
          summary_zh: "{{ $labels.number }} 中断"
"""


@dataclass(frozen=True)
class Sizes:
    """How large the world is."""

    numbers: int = 1_000_000
    small_accounts: int = 2_000
    tickets: int = 20_000
    """Open ones; as many are closed."""
    members: int = 50_000
    rows: int = 20_000
    """Complaints, dead letters, waiting deliveries, firing alerts and entries of the audit log."""


def name_of(row: int) -> str:
    """The number in a row of the whole fleet."""
    return str(4_000_000_000 + row)


def account(which: int, count: int) -> Snapshot:
    """One account of ``count`` numbers, some of them in trouble."""
    fine = (phone("b1"), phone("b2"))
    bad = (phone("b1", BindingState.OFF), phone("b2", BindingState.ARREARS))
    names = [name_of(which * count + row) for row in range(count)]
    listed = [
        number(
            name,
            NumberState.FROZEN if row % 90 == 0 else NumberState.ACTIVE,
            company=f"Company {row % COMPANIES}",
        )
        for row, name in enumerate(names)
    ]
    bindings = {name: bad if row % 50 == 3 else fine for row, name in enumerate(names)}
    made = snapshot(listed, bindings, account=f"a{which}")
    totals = {(name, CallResult.ANSWERED): 9 for name in names[::10]}
    return msgspec.structs.replace(made, call_totals=totals)


def configuration(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """The configuration, as its file has it."""
    ids = [f"a{which}" for which in range(LARGE_ACCOUNTS)]
    ids += [f"s{which}" for which in range(sizes.small_accounts)]
    accounts = [{"id": it, "credentials": {"token": "t"}} for it in ids]
    sinks = [
        {"name": f"desk{place}", "kind": "webhook", "url": f"https://desk{place}.example.com/in"}
        for place in range(3)
    ]
    return {
        "data_dir": str(folder),
        "providers": [{"name": "north", "profile": "generic", "accounts": accounts}],
        "sinks": sinks,
    }


def facts_of(sizes: Sizes, reloads: Reloads, folder: Path) -> Facts:
    """Everything polled and checked."""
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(configuration(sizes, folder)), encoding="utf-8")
    loaded = load_with_source(file, {}, ("generic",))
    reloads.applied(*loaded)
    facts = Facts()
    facts.settings = loaded[0]
    each = sizes.numbers // LARGE_ACCOUNTS
    facts.show(*(account(which, each) for which in range(LARGE_ACCOUNTS)))
    small = (
        snapshot([number(name_of(sizes.numbers + it))], {}, account=f"s{it}")
        for it in range(sizes.small_accounts)
    )
    facts.show(*small)
    return facts


def tickets_of(sizes: Sizes) -> Iterator[Ticket]:
    """The parent of very many members, open tickets of numbers, and closed ones."""
    each = sizes.numbers // LARGE_ACCOUNTS
    members = tuple(
        Member(
            f"key-m{it}",
            Subject(Scope.NUMBER, "number_down", "north", "a1", name_of(each + it)),
            NOW,
        )
        for it in range(min(sizes.members, each))
    )
    entries = tuple(Entry(NOW - it, "numwatch", "members", f"{it} joined") for it in range(2000))
    yield ticket(
        PARENT,
        subject=Subject(Scope.ACCOUNT, "account_down", "north", "a1", ""),
        members=members,
        timeline=entries,
    )
    severities, stages = tuple(Severity), (Stage.DIAGNOSING, Stage.REPORTED, Stage.ACCEPTED)
    for it in range(sizes.tickets):
        at = Subject(Scope.NUMBER, "number_down", "north", "a0", name_of(it % each))
        timeline = tuple(Entry(NOW - 60 + step, "numwatch", "detected", "x") for step in range(5))
        fields = {"subject": at, "company": f"Company {it}", "timeline": timeline}
        name = f"NW-{it:012X}"
        yield ticket(f"{name}-2", severities[it % 3], stage=stages[it % 3], **fields)
        yield ticket(
            f"{name}-1", severities[it % 3], stage=Stage.CLOSED, closed_at=NOW - it, **fields
        )


async def write_tickets(database: Database, stored: list[Ticket]) -> None:
    """Write them as the manager does, some thousand in a transaction."""
    for start in range(0, len(stored), 2000):
        part = stored[start : start + 2000]
        async with database.transaction() as connection:
            await record_all(connection, [Change(None, it, "ticket.opened") for it in part])


async def write_rows(database: Database, rows: int) -> None:
    """Complaints, deliveries and entries of the audit log."""
    complaint = StoredComplaint(
        Complaint(id="", number=name_of(5), at=NOW, received_at=NOW, who="w", content="busy " * 9),
        f"NW-{5:012X}-2",
    )
    made = []
    for it in range(rows):
        one = msgspec.structs.replace(complaint.complaint, id=f"c{it}", number=name_of(it % 500))
        document = msgspec.json.encode(msgspec.structs.replace(complaint, complaint=one))
        made.append(
            {
                "id": one.id,
                "number": one.number,
                "caller": "",
                "received_at": NOW - it,
                "ticket_id": complaint.ticket_id,
                "document": document,
            }
        )
    deliveries = [
        {
            "sink": f"desk{it % 3}",
            "ticket_id": f"NW-{it % 500:012X}-2",
            "revision": 1,
            "type": "ticket.opened",
            "webhook_id": f"w{it}",
            "payload": b"x" * 1500,
            "state": "dead" if it % 2 else "waiting",
            "created_at": NOW - it,
            "next_attempt_at": NOW,
            "attempts": 3,
            "last_attempt_at": NOW - it,
            "failure": "HTTP 503 of the desk",
        }
        for it in range(2 * rows)
    ]
    entry = {"role": "operator", "subject": "4000000005 b1 (north/a0)", "address": "127.0.0.1"}
    log = [
        {**entry, "at": NOW - it, "actor": "somebody", "what": "phone_revealed", "reason": "asked"}
        for it in range(rows)
    ]
    async with database.transaction() as connection:
        for table, values in ((complaints, made), (outbox, deliveries), (audit, log)):
            await connection.execute(insert(table), values)


async def write_history(folder: Path, sizes: Sizes) -> HistoryDatabase:
    """A month of every account, and a week of one number's calls and phones."""
    opened = await HistoryDatabase.open(folder)
    first, last = int(NOW // 3600) - HISTORY_DAYS * 24, int(NOW // 3600)
    ids = [f"a{it}" for it in range(LARGE_ACCOUNTS)]
    ids += [f"s{it}" for it in range(sizes.small_accounts)]
    money = (
        ("north", it, hour, "CNY", left, left - 1, left - 1, left, 3600.0, 3600.0)
        for it in ids
        for hour in range(first, last)
        for left in (9000.0 - hour % 1000,)
    )
    week = range(last - 168, last)
    answered = CODES[CallResult.ANSWERED]
    with closing(sqlite3.connect(folder / "history.db")) as history:
        history.execute(
            "INSERT INTO history_subjects VALUES (1, 'north', 'a0', ?, 2, 2)", (name_of(5),)
        )
        history.executemany("INSERT INTO history_accounts VALUES (?,?,?,?,?,?,?,?,?,?)", money)
        history.executemany(
            "INSERT INTO history_numbers VALUES (1, ?, 1, 2, 2, 2)", ((hour,) for hour in week)
        )
        history.executemany(
            "INSERT INTO history_calls VALUES (1, ?, ?, 7)", ((hour, answered) for hour in week)
        )
        history.commit()
    return opened


def firing(folder: Path, count: int) -> Queries:
    """A rule engine with ``count`` firing alerts."""
    file = folder / "own.yml"
    file.write_text(RULES, encoding="utf-8")
    engine = RuleEngine(load_rules([file]), retention=120)
    labels = ("provider", "account", "number")
    up = {("north", "a0", name_of(it)): 0.0 for it in range(count)}
    blocks = (block("up", labels, up),)
    engine.evaluate(blocks, NOW - 60)
    engine.evaluate(blocks, NOW)
    return Queries(lambda: engine, lambda: blocks, lambda: NOW, lambda: 15.0)


class _Deliveries(OutboxOverview):
    def statuses(self) -> list[DeliveryStatus]:
        return [DeliveryStatus(sink=f"desk{it}", is_held=True, failure="auth") for it in range(3)]


@dataclass(frozen=True)
class _OpenTickets:
    open: tuple[Ticket, ...]


@dataclass(frozen=True)
class _Complaints:
    repository: ComplaintRepository


@asynccontextmanager
async def large_world(sizes: Sizes, folder: Path) -> AsyncIterator[WebServices]:
    """The services of a web application over the whole of it."""
    reloads = Reloads(lambda _at, **_outcome: None, lambda: NOW)
    facts = facts_of(sizes, reloads, folder)
    stored = list(tickets_of(sizes))
    is_open = tuple(it for it in stored if it.open)
    database = await Database.open(folder)
    await write_tickets(database, stored)
    await write_rows(database, sizes.rows)
    history = await write_history(folder, sizes)
    reader, telemetry = LedgerHistory(history), Telemetry("1")

    async def retention() -> float:
        return NOW

    diagnosis = FleetDiagnosis(
        lambda: facts.results,
        lambda: _OpenTickets(is_open),  # type: ignore[arg-type,return-value] # nothing else is read
        lambda: facts.settings,
        lambda: NOW,
    )
    queries = firing(folder, sizes.rows)
    try:
        yield WebServices(
            fleet=facts.fleet,
            exposition=Exposition(telemetry.render),
            tickets=Ledger(database),
            settings=lambda: facts.settings,
            check_result=lambda provider, name: facts.results.get((provider, name)),
            diagnose=diagnosis.diagnose,
            reload=facts.reload,
            ready=lambda: None,
            replay=lambda _ticket: _never(),
            version="1",
            started_at=NOW - 7200,
            clock=lambda: NOW,
            tokens=TokenCheck(lambda: facts.settings.web.token, telemetry),
            queries=lambda: queries,
            reloads=reloads,
            deliveries=_Deliveries(database),
            audit=AuditLog(database, retention, lambda: facts.settings),
            history=lambda: reader,
            complaints=_Complaints(await ComplaintRepository.open(database)),  # type: ignore[arg-type] # the pages read nothing else
            fleet_health=FleetHealth(OpenFaultsOf(lambda: is_open)),
            tickets_in_memory=lambda: is_open,
        )
    finally:
        await history.close()
        await database.close()


async def _never() -> int:
    return 0
