"""People's acts over HTTP: the API, the forms of the page, and who is let in."""

import base64
import dataclasses
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import pytest
from aiohttp.test_utils import TestClient

from agent.config.settings import Settings
from agent.states import Grade, Stage
from agent.store.database import Database
from agent.tickets.actions.request import ActionRequest
from agent.tickets.ledger import Ledger
from agent.tickets.manager import Tickets
from agent.tickets.policy import DEFAULTS
from agent.tickets.sla import clocks
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.web.conftest import AUTHORIZED
from tests.web.facts import NOW, Facts
from tests.web.ledger import ticket, write

ACCEPT = {"action": "accept", "actor": "Li Wei", "reason": "on it"}
TOKEN = "a-long-token-of-the-desk"


@pytest.fixture
async def client(
    services: WebServices, database: Database, facts: Facts, aiohttp_client
) -> AsyncIterator[TestClient]:
    begun = clocks.start(Grade.AAA, DEFAULTS[Grade.AAA], NOW - 3900)
    await write(database, ticket(clocks=begun))
    tickets = Tickets(database, facts.settings, lambda *_: None, lambda *_: None)

    def act(ticket_id: str, request: ActionRequest):
        return tickets.act(ticket_id, request, NOW)

    app = make_app(dataclasses.replace(services, act=act))
    return await aiohttp_client(app, headers=AUTHORIZED)


def secured(facts: Facts) -> None:
    data = {**facts.settings.model_dump(), "web": {"token": TOKEN}}
    facts.settings = Settings.model_validate(data)


async def test_an_act_is_written_before_it_is_answered(client, database):
    answer = await client.post("/api/tickets/t-1/actions", json=ACCEPT)
    assert answer.status == 200, await answer.text()
    document = await answer.json()
    assert document["stage"] == "accepted"
    last = document["timeline"][-1]
    assert (last["actor"], last["event"], last["reason"]) == ("Li Wei", "accept", "on it")
    stored = await Ledger(database).get("t-1")
    assert stored is not None
    assert (stored.stage, stored.revision) == (Stage.ACCEPTED, 2)
    contact = next(it for it in document["clocks"] if it["name"] == "contact")
    assert (contact["breached"], contact["stopped_at"] is not None) == (True, True)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({**ACCEPT, "action": "steal"}, 400, "steal"),
        ({**ACCEPT, "reason": " "}, 400, "reason: is missing"),
        ({**ACCEPT, "actor": ""}, 400, "actor: is missing"),
        ({**ACCEPT, "actor": "numwatch"}, 400, "kept for the agent"),
        ({**ACCEPT, "actor": "provider:north"}, 400, "kept for the agent"),
        ({**ACCEPT, "colour": 1}, 400, "colour"),
        ({**ACCEPT, "revision": 9}, 409, "changed since"),
        ({**ACCEPT, "action": "confirm"}, 400, "fields.customer: is missing"),
        ({**ACCEPT, "action": "reject", "fields": {"rejection": "misrouted"}}, 409, "cannot go"),
        ({**ACCEPT, "action": "reopen"}, 409, "not for a ticket that is open"),
        ({**ACCEPT, "action": "close", "fields": {"resolution": "fixed"}}, 409, "waived"),
    ],
)
async def test_what_cannot_be_done_says_why_and_changes_nothing(
    client, database, body, status, error
):
    answer = await client.post("/api/tickets/t-1/actions", json=body)
    assert answer.status == status
    assert error in (await answer.json())["error"]
    stored = await Ledger(database).get("t-1")
    assert stored is not None
    assert (stored.stage, stored.revision, len(stored.timeline)) == (Stage.DIAGNOSING, 1, 1)


async def test_a_ticket_that_is_not_there(client):
    assert (await client.post("/api/tickets/t-9/actions", json=ACCEPT)).status == 404
    assert (await client.get("/tickets/t-9")).status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({}, 200),
    ],
)
async def test_a_page_of_another_site_is_refused(client, headers, status):
    answer = await client.post("/api/tickets/t-1/actions", json=ACCEPT, headers=headers)
    assert answer.status == status
    fields = Forms(await (await client.get("/tickets/t-1")).text()).forms["comment"]
    form = {**fields, "actor": "x", "reason": "y"}
    sent = await client.post(
        "/tickets/t-1/actions", data=form, headers=headers, allow_redirects=False
    )
    assert sent.status == (303 if status == 200 else 403)


async def test_the_api_takes_json_alone(client):
    answer = await client.post("/api/tickets/t-1/actions", data=ACCEPT)
    assert answer.status == 415


def basic(user: str, password: str) -> dict[str, str]:
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": TOKEN}, 401),
        (basic("li", "wrong"), 401),
        (basic("li", ""), 401),
        ({"Authorization": "Basic %%%"}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        (basic("li", TOKEN), 200),
    ],
)
@pytest.mark.parametrize("path", ["/api/tickets/t-1/actions", "/api/tickets/replay", "/-/reload"])
async def test_with_a_token_nothing_changes_without_it(client, facts, path, headers, status):
    secured(facts)
    answer = await client.post(path, json=ACCEPT, headers=headers)
    assert answer.status == status
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert (await client.get("/api/tickets/t-1")).status == 200


async def test_the_user_name_is_who_acts_where_nobody_is_named(client, facts):
    secured(facts)
    body = {"action": "comment", "reason": "seen"}
    answer = await client.post("/api/tickets/t-1/actions", json=body, headers=basic("王芳", TOKEN))
    assert (await answer.json())["timeline"][-1]["actor"] == "王芳"


async def test_without_a_configured_token_the_agents_own_is_asked_for(services, aiohttp_client):
    client = await aiohttp_client(make_app(services))
    answer = await client.post("/api/tickets/t-1/actions", json=ACCEPT)
    assert answer.status == 401
    assert "access.token" in (await answer.json())["expected"]
    answer = await client.post("/api/tickets/replay", headers=AUTHORIZED)
    assert answer.status == 200


class Forms(HTMLParser):
    """The forms of a page: their fields with what a browser would send."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self._now: dict[str, str] = {}
        self._is_sent = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self._is_sent = attributes["method"] == "post"
            self._now = {}
        elif self._is_sent and tag in ("input", "select"):
            self._now[attributes["name"] or ""] = attributes.get("value") or ""
            self.forms[self._now.get("action", "")] = self._now


async def test_a_form_works_without_a_script(client):
    document = await (await client.get("/tickets/t-1")).text()
    forms = Forms(document).forms
    assert {"accept", "comment", "appoint", "close"} <= forms.keys()
    assert "reopen" not in forms
    form = {**forms["accept"], "actor": "李伟", "reason": "<b>马上处理</b>"}
    answer = await client.post("/tickets/t-1/actions", data=form)
    assert answer.url.path == "/tickets/t-1"
    page = await answer.text()
    assert "&lt;b&gt;马上处理&lt;/b&gt;" in page
    assert "<b>马上" not in page
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    again = await client.post("/tickets/t-1/actions", data=form)
    assert again.status == 409, "sent twice, done once"
    assert "changed since" in await again.text()


async def test_a_form_that_is_refused_keeps_what_was_filled_in(client):
    forms = Forms(await (await client.get("/tickets/t-1?lang=zh-CN")).text()).forms
    form = {
        **forms["appoint"],
        "actor": "李伟",
        "reason": "约好了",
        "field.time": "2001-01-01T09:00",
    }
    answer = await client.post("/tickets/t-1/actions", data=form)
    page = await answer.text()
    assert answer.status == 400
    assert "has passed" in page
    assert "约好了" in page
    assert "2001-01-01T09:00" in page


async def test_the_page_tells_what_is_left(client):
    page = await (await client.get("/tickets/t-1?lang=en")).text()
    assert "50 min 0 s late" in page
    assert "55 min" in page
    status = await (await client.get("/?lang=en")).text()
    assert 'href="/tickets/t-1?lang=en"' in status
    assert "late" in status
