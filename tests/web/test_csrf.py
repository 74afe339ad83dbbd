"""A form is taken only from a page that this browser was given, with or without JavaScript."""

import dataclasses
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from aiohttp import ClientResponse, CookieJar
from aiohttp.test_utils import TestClient

from agent.store.database import Database
from agent.tickets.actions.request import ActionRequest
from agent.tickets.ledger import Ledger
from agent.tickets.manager import Tickets
from agent.web.app import make_app
from agent.web.endpoint import READING_METHODS
from agent.web.forms import FORM
from agent.web.routes import ROUTES
from agent.web.services import WebServices
from tests.web.conftest import AUTHORIZED
from tests.web.facts import NOW, Facts
from tests.web.ledger import ticket, write
from tests.web.test_roles import WEB, login
from tests.web.test_who_may import use

PAGE, ACTION = "/tickets/t-1", "/tickets/t-1/actions"
COMMENT = {"action": "comment", "actor": "Li Wei", "reason": "seen", "revision": "1"}
FIELD = "csrf_token"


class _Fields(HTMLParser):
    """The hidden fields of a page's forms that post."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.of_forms: list[dict[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.of_forms.append({})
        elif tag == "input" and attributes.get("type") == "hidden":
            self.of_forms[-1][attributes["name"]] = attributes["value"]


@pytest.fixture
async def browser(
    services: WebServices, database: Database, facts: Facts, aiohttp_client
) -> AsyncIterator[TestClient]:
    await write(database, ticket())
    tickets = Tickets(database, facts.settings, lambda *_: None, lambda *_: None)

    def act(ticket_id: str, request: ActionRequest):
        return tickets.act(ticket_id, request, NOW)

    return await aiohttp_client(
        make_app(dataclasses.replace(services, act=act)), headers=AUTHORIZED
    )


async def token_of(client: TestClient, **headers: str) -> str:
    answer = await client.get(PAGE, headers=headers)
    assert answer.status == 200
    tokens = {form[FIELD] for form in _Fields(await answer.text()).of_forms}
    assert len(tokens) == 1
    return tokens.pop()


async def send(client: TestClient, token: str | None, **headers: str) -> ClientResponse:
    form = COMMENT if token is None else {**COMMENT, FIELD: token}
    return await client.post(ACTION, data=form, headers=headers, allow_redirects=False)


async def entries(database: Database) -> int:
    stored = await Ledger(database).get("t-1")
    assert stored is not None
    return len(stored.timeline)


async def test_a_form_of_a_page_is_taken_and_its_token_is_no_field(
    browser: TestClient, database: Database
) -> None:
    token = await token_of(browser)
    assert (await send(browser, token)).status == 303
    assert await entries(database) == 2
    assert token not in await (await browser.get("/api/tickets/t-1")).text()


@pytest.mark.parametrize("kind", ["none", "empty", "made up", "cut", "of another browser"])
async def test_a_form_of_nobodys_page_changes_nothing(
    browser: TestClient, database: Database, kind: str
) -> None:
    """The credentials are right, as those are that a browser adds by itself."""
    right = await token_of(browser)
    other = TestClient(browser.server, cookie_jar=CookieJar(unsafe=True))
    tokens = {
        "none": None,
        "empty": "",
        "made up": "A" * len(right),
        "cut": right[:-1],
        "of another browser": await token_of(other, **AUTHORIZED),
    }
    refused = await send(browser, tokens[kind])
    assert refused.status == 403
    assert "load the page again" in await refused.text()
    assert await entries(database) == 1
    assert (await send(browser, right)).status == 303
    await other.session.close()


async def test_a_browser_without_the_cookie_is_refused(
    browser: TestClient, database: Database
) -> None:
    token = await token_of(browser)
    browser.session.cookie_jar.clear()
    assert (await send(browser, token)).status == 403
    await browser.get(PAGE, headers={"Cookie": "numwatch_csrf="})
    assert (await send(browser, token)).status == 403
    assert await entries(database) == 1


async def test_a_cookie_that_another_wrote_is_none(browser: TestClient) -> None:
    """Whoever may write cookies for this host cannot make the token that belongs to them."""
    for cookie in ("x", "A" * 43, "é", "a b"):
        form = {**COMMENT, FIELD: cookie}
        headers = {"Cookie": f"numwatch_csrf={cookie}"}
        assert (await browser.post(ACTION, data=form, headers=headers)).status == 403


async def test_a_token_is_its_users_own(browser: TestClient, facts: Facts) -> None:
    """In one browser, too: a viewer's page cannot act once an operator logs in there."""
    use(facts, web=WEB)
    token = await token_of(browser, **login("the viewer"))
    assert (await send(browser, token, **login("the operator"))).status == 403
    own = await token_of(browser, **login("the operator"))
    assert (await send(browser, own, **login("the operator"))).status == 303


async def test_a_reader_who_logs_in_only_to_act_can(browser: TestClient) -> None:
    """Without users a page is read by anybody, and the browser asks for the token at the form."""
    anonymous = {"Authorization": ""}
    token = await token_of(browser, **anonymous)
    assert (await send(browser, token, **anonymous)).status == 401
    assert (await send(browser, token)).status == 303


async def test_tabs_that_are_open_stay_usable(browser: TestClient) -> None:
    first = await token_of(browser)
    second = await token_of(browser)
    assert first == second
    assert (await send(browser, first)).status == 303


async def test_the_cookie_is_for_this_host_and_no_script(browser: TestClient) -> None:
    answer = await browser.get(PAGE)
    cookie = answer.headers["Set-Cookie"]
    assert re.match(r"numwatch_csrf=[\w-]{43}; ", cookie)
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "Set-Cookie" not in (await browser.get(PAGE)).headers
    # Who reads the API is no browser.
    other = TestClient(browser.server, cookie_jar=CookieJar(unsafe=True))
    assert "Set-Cookie" not in (await other.get("/api/tickets")).headers
    await other.session.close()


async def test_another_site_is_refused_with_a_right_token_too(browser: TestClient) -> None:
    token = await token_of(browser)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await send(browser, token, **headers)).status == 403


async def test_every_endpoint_that_takes_a_form_asks_for_the_token(browser: TestClient) -> None:
    with_forms = [it for it in ROUTES if it.body == FORM and it.method not in READING_METHODS]
    assert with_forms
    for endpoint in with_forms:
        path = re.sub(r"\{\w+\}", "t-1", endpoint.path)
        answer = await browser.request(endpoint.method, path, data={"x": "y"})
        assert answer.status == 403, path


def test_every_form_of_a_template_has_the_field() -> None:
    forms = 0
    for template in _templates(files("agent.web")):
        for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", template, re.DOTALL):
            forms += 1
            assert "{{ csrf_field }}" in form, form[:200]
    assert forms >= 1


def _templates(folder) -> list[str]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _templates(entry)
        elif entry.name.endswith(".html"):
            found.append(entry.read_text(encoding="utf-8"))
    return found
