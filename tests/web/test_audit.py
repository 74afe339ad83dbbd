"""Phones are shown in full to operators alone, one at a time, and never without an entry."""

import dataclasses
from html.parser import HTMLParser

import pytest
from aiohttp.test_utils import TestClient

from agent.config.settings import Settings
from agent.store import UnavailableError
from agent.store.audit import AuditLog
from agent.store.database import Database
from agent.store.retention import RetentionClock
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.web.conftest import AUTHORIZED, OWN_TOKEN
from tests.web.facts import HEALTHY, LANDLINE, NOW, PHONE, WEAK, Facts
from tests.web.test_roles import WEB, login

REVEAL = f"/api/numbers/{HEALTHY}/reveal"
ASKED = {"binding": "b1", "reason": "the caller waits for a call back"}
FORM = f"/numbers/{HEALTHY}/reveal"


@pytest.fixture
async def web(
    services: WebServices, facts: Facts, database: Database, aiohttp_client
) -> TestClient:
    facts.settings = Settings.model_validate({**facts.settings.model_dump(), "web": WEB})
    clock = RetentionClock(database, lambda: facts.now, lambda: facts.now)
    audit = AuditLog(database, clock.now, lambda: facts.settings)
    return await aiohttp_client(make_app(dataclasses.replace(services, audit=audit)))


async def entries(client: TestClient, **query: str) -> list[dict[str, str]]:
    answer = await client.get("/api/audit", params=query, headers=login("the administrator"))
    assert answer.status == 200, await answer.text()
    return list((await answer.json())["items"])


async def test_an_operator_is_shown_one_phone_and_it_is_recorded(web: TestClient) -> None:
    answer = await web.post(REVEAL, json=ASKED, headers=login("the operator"))
    assert answer.status == 200, await answer.text()
    assert await answer.json() == {"number": HEALTHY, "binding": "b1", "phone": PHONE}
    assert answer.headers["Cache-Control"] == "no-store"
    (entry,) = await entries(web)
    assert entry == {
        "at": "2026-09-21T14:13:20.000Z",
        "actor": "the operator",
        "role": "operator",
        "what": "phone_revealed",
        "subject": f"{HEALTHY} b1 (north/hq)",
        "reason": ASKED["reason"],
        "address": "127.0.0.1",
    }
    # Everywhere else it stays masked, for who has seen it, too.
    detail = await web.get(f"/api/numbers/{HEALTHY}", headers=login("the operator"))
    assert PHONE not in await detail.text()


async def test_nobody_else_is(web: TestClient) -> None:
    for headers in (login("the viewer"), login("reader"), login("nobody"), {}):
        answer = await web.post(REVEAL, json=ASKED, headers=headers)
        assert answer.status == 401
        assert PHONE not in await answer.text()
    assert await entries(web) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**ASKED, "reason": ""}, 400),
        ({**ASKED, "reason": " \u3000"}, 400),
        ({**ASKED, "reason": "x" * 501}, 400),
        ({"binding": "b1"}, 400),
        ({**ASKED, "binding": "b9"}, 404),
        ({**ASKED, "binding": ""}, 404),
        ({**ASKED, "all": True}, 400),
    ],
    ids=["no reason", "blank", "long", "missing", "no such phone", "no phone", "unknown field"],
)
async def test_without_a_reason_or_a_phone_nothing_is_shown_or_recorded(
    web: TestClient, body: dict[str, object], status: int
) -> None:
    answer = await web.post(REVEAL, json=body, headers=login("the operator"))
    assert answer.status == status
    assert PHONE not in await answer.text()
    assert await entries(web) == []


async def test_what_cannot_be_recorded_is_not_shown(
    web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise UnavailableError("the disk is full")

    monkeypatch.setattr(AuditLog, "_store", refuse)
    answer = await web.post(REVEAL, json=ASKED, headers=login("the operator"))
    assert answer.status == 503
    assert PHONE not in await answer.text()
    # A reload must be possible all the same.
    assert (await web.post("/-/reload", headers=login("the administrator"))).status == 200


async def test_a_phone_in_a_reason_is_masked(web: TestClient) -> None:
    body = {**ASKED, "reason": "13912345678 asked for it"}
    assert (await web.post(REVEAL, json=body, headers=login("the operator"))).status == 200
    (entry,) = await entries(web)
    assert entry["reason"] == "139****5678 asked for it"


async def test_the_token_is_recorded_with_the_name_that_came_with_it(web: TestClient) -> None:
    await web.post(REVEAL, json=ASKED, headers=AUTHORIZED)
    await web.post(REVEAL, json=ASKED, headers=login("王芳", OWN_TOKEN))
    newest, oldest = await entries(web)
    assert (newest["actor"], oldest["actor"]) == ("王芳", "(token)")
    assert newest["role"] == oldest["role"] == "administrator"


async def test_reloads_and_replays_are_recorded(web: TestClient) -> None:
    for path in ("/-/reload", "/api/tickets/replay"):
        assert (await web.post(path, headers=login("the administrator"))).status == 200
    whats = {entry["what"] for entry in await entries(web)}
    assert whats == {"configuration_reloaded", "dead_letters_replayed"}


async def test_only_an_administrator_reads_the_log(web: TestClient) -> None:
    for user in ("the operator", "the viewer", "reader"):
        for path in ("/api/audit", "/audit"):
            assert (await web.get(path, headers=login(user))).status == 401
    assert (await web.get("/audit", headers=login("the administrator"))).status == 200


async def test_the_log_is_paged_and_keeps_entries_for_a_time(web: TestClient, facts: Facts) -> None:
    for number in range(5):
        body = {**ASKED, "reason": f"reason {number}"}
        await web.post(REVEAL, json=body, headers=login("the operator"))
        facts.now += 1
    assert [it["reason"] for it in await entries(web, limit="2")] == ["reason 4", "reason 3"]
    assert [it["reason"] for it in await entries(web, limit="2", offset="4")] == ["reason 0"]
    facts.now = NOW + 400 * 86_400 + 2
    # The clock that deletes follows time that passes, and here none does but this.
    await web.post(REVEAL, json={**ASKED, "reason": "late"}, headers=login("the operator"))
    kept = [it["reason"] for it in await entries(web)]
    assert kept == ["late", "reason 4", "reason 3", "reason 2"]


class _Form(HTMLParser):
    """The fields of the form that shows a phone."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._is_inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = "/reveal" in attributes["action"] and not self.fields
        elif tag == "input" and self._is_inside:
            self.fields[attributes["name"]] = attributes.get("value", "")


async def test_the_form_of_the_page_does_the_same(web: TestClient) -> None:
    page = await web.get(f"/numbers/{HEALTHY}?lang=en", headers=login("the operator"))
    fields = _Form(await page.text()).fields
    assert fields["binding"] in {"b1", "b2"}
    form = {**fields, "reason": "call back"}
    shown = await web.post(f"{FORM}?lang=en", data=form, headers=login("the operator"))
    text = await shown.text()
    assert shown.status == 200, text
    assert (PHONE if fields["binding"] == "b1" else LANDLINE) in text
    assert shown.headers["Cache-Control"] == "no-store"
    assert len(await entries(web)) == 1
    page = await web.get("/audit?lang=zh-CN", headers=login("the administrator"))
    text = await page.text()
    assert "call back" in text
    assert "the operator" in text
    assert PHONE not in text


async def test_viewers_see_no_form_and_no_entry_of_the_navigation(web: TestClient) -> None:
    page = await (await web.get(f"/numbers/{WEAK}", headers=login("the viewer"))).text()
    assert "/reveal" not in page
    assert 'href="/audit"' not in page
    page = await (await web.get("/", headers=login("the administrator"))).text()
    assert 'href="/audit"' in page
