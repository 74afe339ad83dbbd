"""Users whom a trusted proxy names: believed from it, from nobody else, and held to their role."""

import aiohttp
import pytest
from aiohttp.test_utils import TestClient
from multidict import CIMultiDict

from agent.config.settings import Settings
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.web.conftest import AUTHORIZED
from tests.web.facts import HEALTHY, Facts

TRUSTED = {
    "trusted_proxies": ["127.0.0.1/32"],
    "trusted_headers": {"roles": {"ops": "operator", "sre": "administrator", "all": "viewer"}},
}
USER, GROUPS = "X-Forwarded-User", "X-Forwarded-Groups"
BASELINE = f"/api/numbers/{HEALTHY}/baseline"


def use(facts: Facts, **web: object) -> None:
    facts.settings = Settings.model_validate({**facts.settings.model_dump(), "web": web})


def person(name: str = "anna@example.com", groups: str = "") -> dict[str, str]:
    return {USER: name, **({GROUPS: groups} if groups else {})}


@pytest.fixture
async def proxy(services: WebServices, facts: Facts, aiohttp_client) -> TestClient:
    """A client at the address of the trusted proxy."""
    use(facts, **TRUSTED)
    return await aiohttp_client(make_app(services))


async def elsewhere(client: TestClient, method: str, path: str, **request: object) -> int:
    """The status for the same request from an address that is no proxy's."""
    connector = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, client.make_url(path), **request) as answer,
    ):
        return answer.status


@pytest.mark.parametrize(
    ("groups", "approves", "reloads"),
    [
        ("", False, False),
        ("all", False, False),
        ("nobody,unknown", False, False),
        ("ops", True, False),
        ("all, ops", True, False),
        ("sre", True, True),
        ("ops,sre", True, True),
        ("OPS", False, False),
        ("operator", False, False),
    ],
)
async def test_the_best_role_of_the_groups_counts(
    proxy: TestClient, groups: str, approves: bool, reloads: bool
) -> None:
    headers = person(groups=groups)
    assert (await proxy.get("/api/numbers", headers=headers)).status == 200
    approved = await proxy.post(BASELINE, json={"by": "Li Wei"}, headers=headers)
    # 403 and no challenge: there is no other login that a browser could ask for.
    assert approved.status == (200 if approves else 403)
    assert "WWW-Authenticate" not in approved.headers
    reloaded = await proxy.post("/-/reload", headers=headers)
    assert reloaded.status == (200 if reloads else 403)
    if approves:
        assert (await approved.json())["approved_by"] == "anna@example.com (Li Wei)"


async def test_nobody_but_the_proxy_is_believed(proxy: TestClient, facts: Facts) -> None:
    headers = person(groups="sre")
    for forged in (
        headers,
        {**headers, "X-Forwarded-For": "127.0.0.1"},
        {**headers, "Forwarded": "for=127.0.0.1"},
        {**headers, "X-Real-IP": "127.0.0.1"},
    ):
        assert await elsewhere(proxy, "GET", "/api/numbers", headers=forged) == 401
        assert await elsewhere(proxy, "POST", "/-/reload", headers=forged) == 401
    assert facts.reloads == 0
    # A client says that it is the proxy's neighbour: who it is decides nothing, the peer does.
    through = {**headers, "X-Forwarded-For": "203.0.113.9"}
    assert (await proxy.post("/-/reload", headers=through)).status == 200
    assert await elsewhere(proxy, "GET", "/api/numbers", headers=AUTHORIZED) == 200


async def test_without_the_setting_no_header_is_believed(proxy: TestClient, facts: Facts) -> None:
    use(facts, trusted_proxies=["127.0.0.1/32"])
    assert (await proxy.post("/-/reload", headers=person(groups="sre"))).status == 401
    assert facts.reloads == 0


async def test_reading_needs_a_user_as_well(proxy: TestClient) -> None:
    assert (await proxy.get("/api/numbers")).status == 401
    assert (await proxy.get("/-/healthy")).status == 200
    assert (await proxy.get("/api/numbers", headers={GROUPS: "sre"})).status == 401


@pytest.mark.parametrize("name", ["", " ", "a\tb", "x" * 129, "a\u00a0\u2800"], ids=ascii)
async def test_what_is_no_name_is_nobody(proxy: TestClient, name: str) -> None:
    headers = person(name, "sre")
    assert (await proxy.post("/-/reload", headers=headers)).status in {400, 401}


async def test_two_users_are_none(proxy: TestClient) -> None:
    """What stands before the proxy may have added the one, and the proxy the other."""
    headers = CIMultiDict([(USER, "anna"), (USER, "mallory"), (GROUPS, "sre")])
    assert (await proxy.post("/-/reload", headers=headers)).status == 401


async def test_the_proxys_word_is_worth_more_than_what_the_browser_sends(
    proxy: TestClient,
) -> None:
    """Proxies pass a password on, or make one up; it is no guess, and it changes no role."""
    wrong = {**person(groups="ops"), "Authorization": "Basic YW5uYTo="}
    for _ in range(20):
        assert (await proxy.get("/api/numbers", headers=wrong)).status == 200
    assert (await proxy.post("/-/reload", headers=wrong)).status == 403


async def test_other_headers_can_be_chosen(proxy: TestClient, facts: Facts) -> None:
    use(
        facts,
        trusted_proxies=["127.0.0.1/32"],
        trusted_headers={
            "user": "Remote-User",
            "groups": "Remote-Groups",
            "roles": {"a": "operator"},
        },
    )
    assert (await proxy.get("/api/numbers", headers=person(groups="a"))).status == 401
    remote = {"Remote-User": "anna", "Remote-Groups": "a"}
    answer = await proxy.post(BASELINE, json={"by": "anna"}, headers=remote)
    assert (await answer.json())["approved_by"] == "anna"
