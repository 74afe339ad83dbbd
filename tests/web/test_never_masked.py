"""What is there to be called or quoted is never masked, for viewers neither."""

import dataclasses

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from agent.config.settings import Settings
from agent.evidence.exporter import EvidenceExporter
from agent.store.database import Database
from agent.verdict import Verdict
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.web.facts import DOWN, PHONE, Facts
from tests.web.ledger import ticket, write

REFERENCE, DIGITS = "SP-20261128-77", "20261128004417"
CONTACTS = {
    "contacts": {"finance": {"name": "财务", "phone": "139 1234 5678"}},
    "number_contacts": {DOWN: {"provider": "值班 +86 137-1111-2222"}},
    "carrier_contacts": {"unicom": "022-8765 0000"},
}


@pytest.fixture
async def viewer(
    services: WebServices, facts: Facts, database: Database, aiohttp_client
) -> TestClient:
    facts.settings = Settings.model_validate({**facts.settings.model_dump(), **CONTACTS})
    exporter = EvidenceExporter(database, lambda: facts.settings, "1", lambda: facts.now)
    return await aiohttp_client(make_app(dataclasses.replace(services, evidence=exporter)))


@pytest.mark.parametrize("reference", [REFERENCE, DIGITS])
async def test_a_providers_ticket_number_is_shown_as_it_is(
    viewer: TestClient, database: Database, reference: str
) -> None:
    await write(database, ticket(provider_ticket=reference))
    paths = ("/tickets/t-1", "/api/tickets/t-1", "/api/tickets", "/api/tickets/t-1/sheet")
    for path in paths:
        answer = await viewer.get(path)
        assert reference in await answer.text(), path


async def test_a_phone_in_its_place_is_masked(viewer: TestClient, database: Database) -> None:
    await write(database, ticket(provider_ticket=f"SP {PHONE}"))
    for path in ("/tickets/t-1", "/api/tickets/t-1", "/api/tickets/t-1/sheet"):
        text = await (await viewer.get(path)).text()
        assert PHONE not in text, path
        assert "138****0001" in text, path


async def test_contacts_are_shown_and_other_phones_are_not(
    viewer: TestClient, database: Database
) -> None:
    contact = "财务 139 1234 5678"
    verdict = Verdict(
        DOWN,
        "number_suspended_arrears",
        "finance",
        contact,
        0.9,
        None,
        next_steps=("call +86 13711112222", "or 02287650000", f"never {PHONE}"),
    )
    made = msgspec.structs.replace(
        ticket(), diagnosis=verdict, text=msgspec.structs.replace(ticket().text, title=contact)
    )
    await write(database, made)
    for path in ("/tickets/t-1", "/api/tickets/t-1"):
        text = await (await viewer.get(path)).text()
        assert contact in text, path
        assert PHONE not in text, path
    document = await (await viewer.get("/api/tickets/t-1")).json()
    assert document["diagnosis"]["next_steps"] == [
        "call +86 13711112222",
        "or 02287650000",
        "never 138****0001",
    ]


async def test_a_contact_that_is_taken_out_is_masked_again(
    viewer: TestClient, facts: Facts, database: Database
) -> None:
    title = msgspec.structs.replace(ticket().text, title="call 13912345678")
    await write(database, msgspec.structs.replace(ticket(), text=title))
    assert "13912345678" in await (await viewer.get("/api/tickets/t-1")).text()
    facts.settings = Settings.model_validate({**facts.settings.model_dump(), "contacts": {}})
    assert "13912345678" not in await (await viewer.get("/api/tickets/t-1")).text()
