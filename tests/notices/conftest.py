"""A ticket with members of three companies, told by a real SMS service in simulated time."""

import dataclasses
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.model import Listing, Number, Snapshot
from agent.notices.service import NoticeService
from agent.sinks.registry import SinkContext
from agent.states import Grade, NumberState, Scope, Severity, Stage
from agent.store.database import Database
from agent.tickets.changes import Change
from agent.tickets.customers.directory import CustomerBook
from agent.tickets.ledger import record_all
from agent.tickets.ticket import Entry, Member, Subject, Text, Ticket
from exporters.telemetry import Telemetry
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.systems.sms import AliyunSmsServer
from tests.tickets.scene import START

WANG, SMITH, ROOM = "13900000011", "13900000012", "13900000019"
ALPHA, BETA, GAMMA = "甲公司", "Beta Ltd", "丙公司"
HOTLINES = {
    "4006220001": (ALPHA, Grade.AAA, "广州"),
    "4006220002": (ALPHA, Grade.AAA, "广州"),
    "4006220003": (BETA, Grade.STANDARD, "深圳"),
    "4006220004": (GAMMA, Grade.A, "广州"),
}
CONTACTS = {
    "4006220001": [{"name": "王经理", "phone": WANG}],
    "4006220003": [{"name": "Smith", "phone": SMITH, "locale": "en"}],
}


def numbers() -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "company": company,
            "province": "广东",
            "city": city,
            "important": company == ALPHA,
            "contacts": CONTACTS.get(number, []),
        }
        for number, (company, _grade, city) in HOTLINES.items()
    ]


def settings(sink: dict[str, Any], **keys: Any) -> Settings:
    account = {"id": "hq", "inventory": {"numbers": numbers()}}
    return Settings.model_validate(
        {
            "locale": "zh-CN",
            "providers": [{"name": "north", "profile": "generic", "accounts": [account]}],
            "sinks": [sink],
            "customers": {"sinks": ["desk"], "automatic": True, "after": 0},
            **keys,
        }
    )


def fleet() -> Fleet:
    made = Fleet()
    listed = [
        Number(number, NumberState.ACTIVE, company=company, grade=grade)
        for number, (company, grade, _city) in HOTLINES.items()
    ]
    made.swap(Snapshot("north", "hq", 1, polls={}, stale_after={}, listing=Listing(tuple(listed))))
    return made


def member(number: str, *, left_for: str = "") -> Member:
    subject = Subject(Scope.NUMBER, "number_down", "north", "hq", number)
    return Member(f"k-{number}", subject, START, START + 60 if left_for else None, left_for)


def parent(*members: Member, **more: Any) -> Ticket:
    fields: dict[str, Any] = {
        "stage": Stage.DIAGNOSING,
        "severity": Severity.CRITICAL,
        "grade": Grade.AAA,
        "timeline": (Entry(START, "numwatch", "detected", "an alert fired"),),
        **more,
    }
    return Ticket(
        id="NW-0123456789AB-1",
        key="parent",
        episode=1,
        subject=Subject(Scope.PROVIDER, "provider_outage", "north"),
        started_at=START,
        detected_at=START,
        text=Text("north is down", ""),
        members=members or tuple(map(member, HOTLINES)),
        **fields,
    )


class Desk:
    """The service of notices, its sinks, and the tickets as they are in memory."""

    def __init__(self, harness: DispatcherHarness, server: AliyunSmsServer) -> None:
        self.harness = harness
        self.server = server
        self.configured = settings(self.sink)
        self.open: list[Ticket] = []
        self.book = CustomerBook(lambda: self.configured)
        self.make()

    @property
    def sink(self) -> dict[str, Any]:
        section = self.server.section()["aliyun_sms"]
        people = [{"name": "li", "phone": "13900000001"}, {"name": "room", "phone": ROOM}]
        parameters = {name: name for name in ("change", "subject", "company", "ticket")}
        own = {"on_call_only": True, "receivers": people, "parameters": parameters}
        keys = self.harness.sections[0].model_dump(exclude_unset=True)
        return {**keys, "aliyun_sms": {**section, **own}}

    def make(self) -> None:
        """A service as a start of the agent makes it: it remembers nothing."""
        self.service = NoticeService(
            self.harness.database,
            fleet(),
            self.book,
            SimpleNamespace(open=self.open),
            self.harness.clock,
            self.harness.running.wake if self.harness.dispatcher else lambda: None,
        )

    async def start(self) -> None:
        self.harness.sections = list(self.configured.sinks)
        await self.harness.start()
        self.make()

    async def restart(self) -> None:
        await self.harness.stop()
        await self.start()

    async def write(self, ticket: Ticket) -> None:
        async with self.harness.database.transaction() as connection:
            revision = ticket.revision - 1
            before = replace(ticket, revision=revision) if revision else None
            await record_all(connection, [Change(before, ticket, "ticket.opened")])
        self.open[:] = [ticket] if ticket.open else []

    async def follow(self, seconds: float = 0.0) -> int:
        self.harness.clock.now += seconds
        count = await self.service.follow()
        await self.harness.settle()
        return count

    def sent(self) -> list[tuple[str, Sequence[str]]]:
        return [(it.phone, it.texts) for it in self.server.sent]

    def phones(self) -> list[str]:
        return [it.phone for it in self.server.sent]


@pytest.fixture
async def harness(database: Database) -> AsyncIterator[DispatcherHarness]:
    made = DispatcherHarness(database, Telemetry())
    yield made
    await made.stop()


@pytest.fixture
async def desk(harness: DispatcherHarness, monkeypatch: Any) -> AsyncIterator[Desk]:
    async with harness.connect(AliyunSmsServer(harness.clock)) as server:
        made = Desk(harness, server)
        usual = harness.context

        def context() -> SinkContext:
            return dataclasses.replace(usual(), find_contact=made.book.contact)

        monkeypatch.setattr(harness, "context", context)
        await made.start()
        yield made
