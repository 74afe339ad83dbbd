"""Texts with phones are shown to operators, and the audit log says to whom."""

import dataclasses

import pytest
from aiohttp.test_utils import TestClient

from agent.config.settings import Settings
from agent.store import UnavailableError
from agent.store.audit import AuditLog
from agent.store.database import Database
from agent.store.retention import RetentionClock
from agent.tickets.ticket import Entry
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.web.conftest import AUTHORIZED
from tests.web.facts import NOW, Facts
from tests.web.ledger import ticket, write
from tests.web.test_audit import entries
from tests.web.test_roles import WEB, login

WRITTEN = "139 1234 5678"
OPERATOR = login("the operator")


@pytest.fixture
async def web(
    services: WebServices, facts: Facts, database: Database, aiohttp_client
) -> TestClient:
    facts.settings = Settings.model_validate({**facts.settings.model_dump(), "web": WEB})
    clock = RetentionClock(database, lambda: facts.now, lambda: facts.now)
    audit = AuditLog(database, clock.now, lambda: facts.settings)
    note = Entry(NOW - 100, "Li Wei", "comment", f"I called {WRITTEN}")
    await write(database, ticket("t-1", timeline=(note,)), ticket("t-2", timeline=()))
    return await aiohttp_client(make_app(dataclasses.replace(services, audit=audit)))


async def test_who_reads_a_page_with_a_phone_in_it_is_recorded_once(web: TestClient) -> None:
    for _ in range(2):
        assert WRITTEN in await (await web.get("/tickets/t-1", headers=OPERATOR)).text()
    (entry,) = await entries(web)
    assert (entry["actor"], entry["what"]) == ("the operator", "phones_read")
    assert entry["subject"] == "/tickets/t-1: 139****5678"
    # Somebody else is somebody else, and so is another page.
    await web.get("/tickets/t-1", headers=login("the administrator"))
    await web.get("/tickets/t-2", headers=OPERATOR)
    assert [it["actor"] for it in await entries(web)] == ["the administrator", "the operator"]


async def test_who_reads_a_document_is_recorded_and_programs_are_not(web: TestClient) -> None:
    assert WRITTEN in await (await web.get("/api/tickets/t-1", headers=AUTHORIZED)).text()
    assert await entries(web) == []
    assert WRITTEN in await (await web.get("/api/tickets/t-1", headers=OPERATOR)).text()
    assert [it["subject"] for it in await entries(web)] == ["/api/tickets/t-1: 139****5678"]


async def test_viewers_see_no_phone_and_need_no_entry(web: TestClient) -> None:
    for path in ("/tickets/t-1", "/api/tickets/t-1"):
        assert WRITTEN not in await (await web.get(path, headers=login("the viewer"))).text()
    assert await entries(web) == []


async def test_what_cannot_be_recorded_is_masked(
    web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise UnavailableError("the disk is full")

    monkeypatch.setattr(AuditLog, "_store", refuse)
    for path in ("/tickets/t-1", "/api/tickets/t-1"):
        answer = await web.get(path, headers=OPERATOR)
        assert answer.status == 200
        assert WRITTEN not in await answer.text()
