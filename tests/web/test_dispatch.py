"""The queue over HTTP: the most urgent first, for whom it waits, handed over with a note."""

import dataclasses
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from agent.states import Grade, Severity, Stage
from agent.store.database import Database
from agent.tickets.forms import Visit
from agent.tickets.ledger import Ledger
from agent.tickets.manager import Tickets
from agent.tickets.ticket import Entry, Severe
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.web.conftest import AUTHORIZED
from tests.web.facts import NOW, Facts
from tests.web.ledger import ticket, write
from tests.web.test_page import read


@pytest.fixture
async def client(
    services: WebServices, database: Database, facts: Facts, aiohttp_client: Any
) -> AsyncIterator[TestClient]:
    tickets = Tickets(database, facts.settings, lambda *_: None, lambda *_: None)
    app = make_app(
        dataclasses.replace(services, act=lambda key, request: tickets.act(key, request, NOW))
    )
    return await aiohttp_client(app, headers=AUTHORIZED)


async def queue(client: TestClient, **query: str) -> list[dict[str, Any]]:
    answer = await client.get("/api/dispatch", params=query)
    items: list[dict[str, Any]] = (await answer.json())["items"]
    return items


async def test_the_most_urgent_stands_first_and_suppressed_tickets_nowhere(
    client: TestClient, database: Database
) -> None:
    severe = Severe(NOW - 60, "a severe fault")
    await write(
        database,
        ticket("t-mild", Severity.WARNING),
        ticket("t-standard", grade=Grade.STANDARD),
        ticket("t-aaa"),
        ticket("t-severe", grade=Grade.STANDARD, severe=severe),
        ticket("t-hidden", stage=Stage.SUPPRESSED, parent="t-aaa"),
    )
    order = ["t-severe", "t-aaa", "t-standard", "t-mild"]
    assert [it["id"] for it in await queue(client)] == order
    text, _ = await read(client, "/dispatch?lang=en")
    assert re.findall(r'href="/tickets/(t-[a-z]+)', text) == order


@pytest.mark.parametrize(
    ("stage", "assignee", "waits_for"),
    [
        (Stage.DETECTED, "", "taker"),
        (Stage.ACCEPTED, "Li", "assignee"),
        (Stage.REPORTED, "Li", "provider"),
        (Stage.CARRIER_ESCALATED, "Li", "carrier"),
        (Stage.ON_SITE, "Li", "staff"),
        (Stage.RESTORED, "Li", "customer"),
    ],
)
async def test_it_says_for_whom_a_ticket_waits(
    client: TestClient, database: Database, stage: Stage, assignee: str, waits_for: str
) -> None:
    await write(database, ticket(stage=stage, assignee=assignee))
    (row,) = await queue(client)
    assert row["waits_for"] == waits_for
    text, _ = await read(client, "/dispatch?lang=zh-CN")
    assert "等待" in text


async def test_what_does_not_move_is_marked_and_an_agreed_visit_waits_for_nobody(
    client: TestClient, database: Database
) -> None:
    acted = Entry(NOW - 600, "Li", "comment", "called")
    await write(
        database,
        ticket("t-still"),
        ticket("t-moved", timeline=(acted,)),
        ticket("t-visit", stage=Stage.DISPATCHED, appointment=NOW + 3600),
    )
    rows = {it["id"]: it for it in await queue(client)}
    assert {name: it["stalled"] for name, it in rows.items()} == {
        "t-still": True,
        "t-moved": False,
        "t-visit": False,
    }
    assert rows["t-visit"]["waits_for"] == "visit"


async def test_a_person_s_tickets_and_those_of_nobody(
    client: TestClient, database: Database
) -> None:
    await write(database, ticket("t-li", assignee="Li"), ticket("t-free"))
    assert [it["id"] for it in await queue(client, assignee="Li")] == ["t-li"]
    assert [it["id"] for it in await queue(client, assignee="-")] == ["t-free"]


async def test_it_is_handed_over_with_a_note_that_the_timeline_keeps(
    client: TestClient, database: Database
) -> None:
    await write(database, ticket(assignee="Li"))
    text, _ = await read(client, "/dispatch?lang=en")
    token = re.search(r'name="csrf_token" value="([^"]*)"', text)
    assert token is not None
    form = {
        "csrf_token": token[1],
        "revision": "1",
        "action": "hand_over",
        "actor": "Li",
        "field.assignee": "Wang",
        "reason": "the carrier calls back at ten",
    }
    without_note = await client.post("/tickets/t-1/actions", data={**form, "reason": " "})
    assert without_note.status == 400
    answer = await client.post("/tickets/t-1/actions", data=form, allow_redirects=False)
    assert answer.status == 303
    stored = await Ledger(database).get("t-1")
    assert stored is not None
    assert stored.assignee == "Wang"
    entry = stored.timeline[-1]
    assert (entry.actor, entry.event) == ("Li", "hand_over")
    assert "the carrier calls back at ten" in entry.reason
    text, _ = await read(client, "/tickets/t-1?lang=zh-CN")
    assert "转交" in text


async def test_visits_are_shown_with_their_checks(client: TestClient, database: Database) -> None:
    visit = Visit(hour=NOW - 1000, arrived_at=NOW - 1400, staff="Li", conduct={"tested": "no"})
    await write(database, ticket(stage=Stage.ON_SITE, visits=(visit,)))
    answer = await client.get("/api/tickets/t-1/visits")
    (shown,) = (await answer.json())["items"]
    states = {it["name"]: it["state"] for it in shown["checks"]}
    assert (states["arrival"], states["tested"], states["repaired"]) == (
        *("kept", "missed"),
        "unknown",
    )
    text, _ = await read(client, "/tickets/t-1?lang=en")
    assert "arrived shortly before the hour agreed" in text
    assert "not recorded" in text
    chinese, _ = await read(client, "/tickets/t-1?lang=zh-CN")
    assert "上门记录" in chinese
