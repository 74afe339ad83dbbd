"""A ledger in which one person is everywhere that a person can be, beside another who is not."""

import zlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import insert, update

from agent.complaints.complaint import Channel, Complaint, ComplaintReport
from agent.complaints.repository import ComplaintRepository, Obligations
from agent.config.settings import Settings
from agent.masking import mask_phone
from agent.privacy.requests import PersonFacts
from agent.privacy.service import PrivacyService
from agent.probing.facts import ProbeCall
from agent.probing.outcome import CallOutcome
from agent.providers.pushed import PushedFact, PushedPhone
from agent.states import BindingState, Stage
from agent.store import schema
from agent.store.database import Database
from agent.tickets.forms import Confirmation, FaultCause, Outcome, Waiver
from agent.tickets.ticket import Entry, Text, Ticket
from exporters.telemetry import Telemetry
from tests.web.ledger import ticket, write

DAY = 86_400.0
NOW = 1_790_000_000.0
NUMBER = "4006220002"
PHONE, OTHER = "13912345678", "13987654321"
NAME = "王小明"
SPELLINGS = (
    PHONE,
    "139 1234 5678",
    "+86-139-1234-5678",
    "0086 13912345678",
    "１３９１２３４５６７８",
)
WORDS = "please call {} back, asks " + NAME
SETTINGS = Settings.model_validate(
    {"providers": [{"name": "north", "profile": "generic", "accounts": [{"id": "hq"}]}]}
)


def report(
    caller: str, at: float, content: str, *, callers: tuple[str, ...] = ()
) -> ComplaintReport:
    return ComplaintReport(
        number=NUMBER,
        caller=caller,
        at=at,
        has_time=True,
        channel=Channel.HOTLINE,
        callers=callers,
        prompt="busy",
        content=content,
        reference="CC-1",
        handler="Li Wei",
        contact=f"{NAME} {caller}",
        company="示例公司",
    )


def confirmation(at: float) -> Confirmation:
    return Confirmation(
        at=at,
        recorded_by="Li Wei",
        customer=NAME,
        cause=FaultCause.CUSTOMER_LAN,
        outcome=Outcome.RESTORED,
        phone=PHONE,
        address="22 Example Road",
        staff="Zhang San",
        opinion="quick",
        findings=f"the phone {SPELLINGS[1]} was unplugged",
    )


class PlantedLedger:
    """Writes into a real ledger what the agent writes."""

    def __init__(self, database: Database, complaints: ComplaintRepository) -> None:
        self.database = database
        self.complaints = complaints

    @classmethod
    async def open(cls, database: Database) -> "PlantedLedger":
        return cls(database, await ComplaintRepository.open(database))

    async def complain(self, caller: str, at: float, content: str, **more: Any) -> Complaint:
        made = await self.complaints.add(
            None, report(caller, at, content, **more), Obligations(), 1000, at
        )
        assert made is not None
        return made

    async def answer(self, complaint: Complaint, at: float) -> None:
        await self.complaints.update({}, [complaint.id], at)

    async def attach(self, complaint: Complaint, ticket_id: str) -> None:
        stored = self.complaints.waiting[complaint.id]
        changed = msgspec.structs.replace(stored, ticket_id=ticket_id)
        await self.complaints.update({complaint.id: changed}, (), complaint.received_at)

    async def put(self, stored: Ticket) -> Ticket:
        await write(self.database, stored)
        return stored

    async def insert(self, table: str, **values: object) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(insert(schema.metadata.tables[table]).values(**values))

    async def send(self, ticket_id: str, at: float, *, state: str = "delivered") -> None:
        await self.insert(
            "outbox",
            sink="desk",
            ticket_id=ticket_id,
            revision=1,
            type="ticket.opened",
            webhook_id=f"{ticket_id}-{at}-{state}",
            payload=msgspec.json.encode({"caller": mask_phone(PHONE), "text": WORDS.format(PHONE)}),
            state=state,
            created_at=at,
            next_attempt_at=at,
            attempts=1,
            settled_at=at if state == "delivered" else None,
            failure="",
        )

    async def notify(self, ticket_id: str, at: float) -> None:
        await self.insert(
            "notifications",
            sink="sms",
            delivery=f"{ticket_id}-{at}",
            receiver=NAME,
            ticket_id=ticket_id,
            event="opened",
            state="delivered",
            reference="r",
            attempted_at=at,
            checks=0,
            detail=f"sent to {mask_phone(PHONE)}",
        )

    async def collect(self, ticket_id: str, at: float, name: str = "onset/answers.json") -> None:
        content = msgspec.json.encode({"answers": [{"body": f'{{"caller":"{SPELLINGS[2]}"}}'}]})
        await self.insert(
            "evidence",
            ticket_id=ticket_id,
            name=name,
            taken_at=at,
            sha256=sha256(content).hexdigest(),
            content=zlib.compress(content),
        )

    async def tell(self, ticket_id: str, at: float) -> None:
        await self.insert(
            "ticket_notices",
            id=f"{ticket_id}-{at}",
            ticket_id=ticket_id,
            delivery="d",
            sink="sms",
            event="opened",
            receiver=NAME,
            name=NAME,
            company="示例公司",
            about=NUMBER,
            locale="en",
            actor="Li Wei",
            turn=0,
            at=at,
        )

    async def push(self, at: float, *, calls: bool = False, phone: str = PHONE) -> None:
        facts: list[PushedFact] = [PushedPhone(NUMBER, BindingState.BUSY, phone=phone)]
        await self.insert(
            "provider_pushes",
            provider="north",
            account="hq",
            id=f"{at}-{calls}",
            calls_only=calls,
            received_at=at,
            facts=msgspec.msgpack.encode(facts),
        )

    async def audit(self, at: float) -> None:
        await self.insert(
            "audit",
            at=at,
            actor="anna",
            role="operator",
            what="phone_revealed",
            subject=f"{NUMBER} {mask_phone(PHONE)}",
            reason="asked",
            address="::1",
        )

    async def test_call(self, name: str, table: str, at: float) -> None:
        """A row of one of the two tables of test calls; the trace names the person."""
        if table == "test_calls":
            call = ProbeCall(name, at, NUMBER, "line", CallOutcome.BUSY)
            await self.insert(
                table,
                call=name,
                at=at,
                provider="north",
                account="hq",
                number=NUMBER,
                caller="line",
                purpose=call.purpose.value,
                reference="",
                outcome=call.outcome.value,
                document=msgspec.json.encode(call),
            )
            return
        trace = [{"at": 0.1, "sent": False, "message": f"Diversion: <sip:{PHONE}@192.0.2.1>\r\n"}]
        content = msgspec.json.encode(trace)
        await self.insert(
            table,
            call=name,
            name="trace.json",
            taken_at=at,
            sha256=sha256(content).hexdigest(),
            content=zlib.compress(content),
        )

    async def everything(self, at: float, name: str = "t-1", *, is_open: bool = False) -> None:
        """All that can be about the person, of one ticket that closed at ``at``."""
        complaint = await self.complain(
            PHONE, at - DAY, WORDS.format(SPELLINGS[1]), callers=(OTHER,)
        )
        await self.put(closed(name, at, complaint, is_open=is_open))
        await self.attach(complaint, name)
        await self.send(name, at)
        await self.send(name, at, state="dead")
        await self.notify(name, at)
        await self.tell(name, at)
        await self.collect(name, at)
        if not is_open:
            await self.answer(complaint, at)

    async def rows(self) -> dict[str, list[Mapping[str, Any]]]:
        async with self.database.reading() as connection:
            return {
                table.name: [
                    dict(it) for it in (await connection.execute(table.select())).mappings()
                ]
                for table in schema.metadata.sorted_tables
            }

    async def change(self, table: str, **values: object) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(update(schema.metadata.tables[table]).values(**values))


def closed(name: str, at: float, complaint: Complaint, *, is_open: bool = False) -> Ticket:
    return ticket(
        name,
        stage=Stage.DIAGNOSING if is_open else Stage.CLOSED,
        closed_at=None if is_open else at,
        text=Text(f"{NUMBER} is down", f"complaint of {mask_phone(PHONE)}: {SPELLINGS[3]}"),
        complaints=(complaint,),
        confirmation=confirmation(at),
        waiver=Waiver(at, NAME, f"{NAME} at {PHONE} agreed"),
        assignee="Li Wei",
        closed_by=NAME,
        answers={"who": f"{NAME} {SPELLINGS[4]}"},
        timeline=(
            Entry(at - DAY, "numwatch", "opened", f"complaint of {mask_phone(PHONE)}"),
            Entry(at, NAME, "comment", f"I called {PHONE}"),
        ),
    )


def service(
    database: Database,
    now: float = NOW,
    settings: Settings = SETTINGS,
    *,
    is_bound: bool = False,
    configuration: tuple[Path, ...] = (),
    telemetry: Telemetry | None = None,
) -> PrivacyService:
    async def retention() -> float:
        return now

    facts = PersonFacts(lambda _: is_bound, lambda: configuration)
    return PrivacyService(
        database, lambda: settings, retention, lambda: now, telemetry, facts=facts
    )
