"""The roles of ``web.users``: what each may read and do, and that nobody has more than their own.

The handlers themselves are others' to test: here a request that the role allows gets past the
login, to whatever the handler says of it.
"""

from base64 import b64encode

import bcrypt
import pytest
from aiohttp.test_utils import TestClient

from agent.config.settings import Settings
from agent.web.app import make_app
from agent.web.endpoint import Access
from agent.web.routes import ROUTES
from agent.web.services import WebServices
from tests.web.conftest import AUTHORIZED, OWN_TOKEN
from tests.web.facts import DOWN, HEALTHY, PHONE, Facts, number, snapshot

ROLES = ("viewer", "operator", "administrator")
PASSWORD = "correct horse battery"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
USERS = [{"name": f"the {role}", "password_hash": HASH, "role": role} for role in ROLES]
WEB = {"users": USERS, "basic_auth_users": {"reader": HASH}}


def login(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture
async def anonymous(services: WebServices, facts: Facts, aiohttp_client) -> TestClient:
    facts.settings = Settings.model_validate({**facts.settings.model_dump(), "web": WEB})
    return await aiohttp_client(make_app(services))


def test_every_change_asks_for_a_role() -> None:
    by_access = {
        access: {endpoint.path for endpoint in ROUTES if endpoint.access is access}
        for access in Access
    }
    assert by_access[Access.PUBLIC] == {"/-/healthy", "/-/ready"}
    assert {"/-/reload", "/api/tickets/replay"} <= by_access[Access.ADMINISTRATOR]
    assert {
        "/tickets/{id}/actions",
        "/api/tickets/{id}/actions",
        "/api/complaints/{id}/actions",
        "/api/numbers/{number}/baseline",
        "/api/diagnose/{number}",
    } <= by_access[Access.OPERATOR]


@pytest.mark.parametrize("user", ["the viewer", "the operator", "the administrator", "reader"])
async def test_whoever_logs_in_may_read(anonymous: TestClient, user: str) -> None:
    for path in ("/", "/metrics", "/api/numbers", f"/numbers/{HEALTHY}"):
        assert (await anonymous.get(path)).status == 401
        assert (await anonymous.get(path, headers=login(user, "wrong"))).status == 401
        assert (await anonymous.get(path, headers=login(user))).status == 200


@pytest.mark.parametrize("path", [endpoint.path for endpoint in ROUTES])
async def test_each_role_does_what_is_its_own(anonymous: TestClient, path: str) -> None:
    for endpoint in ROUTES:
        if endpoint.path != path or endpoint.access not in {Access.OPERATOR, Access.ADMINISTRATOR}:
            continue
        url = path.replace("{number}", DOWN).replace("{id}", "t-none")
        least = endpoint.access.name.lower()
        for role in ROLES:
            answer = await anonymous.request(
                endpoint.method, url, headers=login(f"the {role}"), data=b""
            )
            allowed = ROLES.index(role) >= ROLES.index(least)
            assert (answer.status != 401) is allowed, (endpoint.key, role)
            if not allowed:
                assert least in await answer.text()
        # ``web.basic_auth_users`` are viewers, as they were before there were roles.
        for headers in (login("reader"), {}, login("the administrator", "wrong")):
            answer = await anonymous.request(endpoint.method, url, headers=headers)
            assert answer.status in {401, 429}


async def test_nobody_but_an_administrator_reloads(anonymous: TestClient, facts: Facts) -> None:
    for user in ("reader", "the viewer", "the operator", "nobody", ""):
        assert (await anonymous.post("/-/reload", headers=login(user))).status == 401
    assert facts.reloads == 0
    assert (await anonymous.post("/-/reload", headers=login("the administrator"))).status == 200
    assert (await anonymous.post("/-/reload", headers=AUTHORIZED)).status == 200
    by_password = login("whoever", OWN_TOKEN)
    assert (await anonymous.post("/-/reload", headers=by_password)).status == 200
    assert facts.reloads == 3


async def test_texts_with_phones_are_masked_for_viewers_only(
    anonymous: TestClient, facts: Facts
) -> None:
    facts.show(snapshot([number(DOWN, company=f"甲公司 {PHONE}")]))
    for user, is_shown in (
        ("reader", False),
        ("the viewer", False),
        ("the operator", True),
        ("the administrator", True),
    ):
        text = await (await anonymous.get(f"/api/numbers/{DOWN}", headers=login(user))).text()
        assert (f"甲公司 {PHONE}" in text) is is_shown, user
        asked = await anonymous.get(f"/api/diagnose/{DOWN}?caller={PHONE}", headers=login(user))
        assert asked.status == (200 if is_shown else 401)


async def test_a_post_to_nowhere_tells_a_viewer_nothing(anonymous: TestClient) -> None:
    for path in ("/nowhere", "/api/numbers"):
        assert (await anonymous.post(path, headers=login("the viewer"))).status == 401
    assert (await anonymous.post("/nowhere", headers=login("the operator"))).status == 404
    assert (await anonymous.post("/api/numbers", headers=login("the operator"))).status == 405


async def test_without_users_reading_is_open_and_no_login_is_known(client: TestClient) -> None:
    anonymous = {"Authorization": ""}
    assert (await client.get("/api/numbers", headers=anonymous)).status == 200
    assert (await client.post("/-/reload", headers=login("the administrator"))).status == 401


async def test_a_role_that_is_taken_away_is_gone_at_once(
    anonymous: TestClient, facts: Facts
) -> None:
    headers = login("the administrator")
    assert (await anonymous.post("/-/reload", headers=headers)).status == 200
    demoted = [{**user, "role": "operator"} for user in USERS]
    facts.settings = Settings.model_validate(
        {**facts.settings.model_dump(), "web": {**WEB, "users": demoted}}
    )
    assert (await anonymous.post("/-/reload", headers=headers)).status == 401
    facts.settings = Settings.model_validate(
        {**facts.settings.model_dump(), "web": {"basic_auth_users": {"reader": HASH}}}
    )
    assert (await anonymous.get("/", headers=headers)).status == 401


async def test_a_user_acts_under_their_own_name(anonymous: TestClient) -> None:
    """Whoever has the agent's token names themselves; who has logged in cannot be somebody else."""
    path = f"/api/numbers/{HEALTHY}/baseline"
    for headers, typed, recorded in (
        (login("the operator"), "Li Wei", "the operator (Li Wei)"),
        (login("the operator"), "the operator", "the operator"),
        (AUTHORIZED, "Li Wei", "Li Wei"),
    ):
        answer = await anonymous.post(path, json={"by": typed}, headers=headers)
        assert answer.status == 200, await answer.text()
        assert (await answer.json())["approved_by"] == recorded
