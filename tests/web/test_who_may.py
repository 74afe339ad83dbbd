"""Who may change anything and read from where: tokens, guesses, the Host header."""

import asyncio
from collections import Counter

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, make_mocked_request
from multidict import CIMultiDict
from structlog.testing import capture_logs

from agent.config.settings import Settings
from agent.web.app import make_app
from agent.web.hosts import refuse_foreign_hosts
from agent.web.responses import ApiError
from agent.web.services import WebServices
from agent.webhooks.guesses import MOST_OF_A_PEER
from agent.webhooks.peer import peer_name
from tests.web.conftest import AUTHORIZED, OWN_TOKEN
from tests.web.facts import Facts

READABLE = ("/", "/metrics", "/api/numbers", "/api/openapi.json", "/-/healthy", "/nowhere")
WRONG = {"Authorization": "Bearer a wrong token for sure"}


def guess(number: int) -> dict[str, str]:
    return {"Authorization": f"Bearer guess number {number}"}


def use(facts: Facts, **changes: object) -> None:
    """Change settings at the top level."""
    facts.settings = Settings.model_validate({**facts.settings.model_dump(), **changes})


@pytest.mark.parametrize("path", READABLE)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example:10400",
        "EVIL.example.",
        "localhost.:80@evil.example",
        "[2001:db8::1]:10400",
        "127.0.0.1, evil.example",
        "rebound.attacker.test",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "203.0.113.9:10400",
        "evil.example@127.0.0.1",
        "127.1.evil",
    ],
)
async def test_another_host_reads_nothing(client: TestClient, path: str, host: str) -> None:
    answer = await client.get(path, headers={"Host": host})
    assert answer.status in (400, 421)
    assert "4006220001" not in await answer.text()


@pytest.mark.parametrize(
    "host",
    [
        *("localhost:10400", "LOCALHOST", "Localhost.", "127.0.0.1:1", "127.9.9.9"),
        *("[::1]:10400", "[::1]", "[0:0::1]:80", "[::ffff:127.0.0.1]"),
    ],
)
async def test_this_machine_is_known_by_its_names(client: TestClient, host: str) -> None:
    assert (await client.get("/api/numbers", headers={"Host": host})).status == 200


async def test_two_hosts_are_none(client: TestClient) -> None:
    """What stands before the agent may believe the one, and the agent the other."""
    address = client.server.make_url("/api/numbers")
    assert address.host is not None
    for names in (("localhost", "evil.example"), ("localhost", "localhost")):
        reader, writer = await asyncio.open_connection(address.host, address.port)
        hosts = "".join(f"Host: {name}\r\n" for name in names)
        writer.write(f"GET /api/numbers HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        assert answer.split()[1] in {b"400", b"421"}
        assert b"4006220001" not in answer


async def test_the_agent_itself_takes_two_hosts_for_none(services: WebServices) -> None:
    """The library that reads requests refuses them too; nobody but the agent decides here."""

    async def handler(_request: web.Request) -> web.Response:
        return web.Response()

    for names, is_ours in ((["localhost"], True), (["localhost", "localhost"], False)):
        headers = CIMultiDict(("Host", name) for name in names)
        request = make_mocked_request("GET", "/", headers, app=make_app(services))
        if is_ours:
            assert (await refuse_foreign_hosts(request, handler)).status == 200
        else:
            with pytest.raises(ApiError, match="421"):
                await refuse_foreign_hosts(request, handler)


async def test_a_forwarded_host_decides_nothing(client: TestClient) -> None:
    for name in ("X-Forwarded-Host", "Forwarded", "X-Host"):
        foreign = {"Host": "evil.example", name: "localhost"}
        assert (await client.get("/api/numbers", headers=foreign)).status == 421
        forwarded = {name: "evil.example"}
        assert (await client.get("/api/numbers", headers=forwarded)).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
async def test_the_host_is_checked_whatever_the_method(client: TestClient, method: str) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Host": "evil.example"}
    for headers in (upgrade, {**AUTHORIZED, "Host": "evil.example"}):
        for path in ("/-/reload", "/api/v1/query", "/metrics", "/events", "/"):
            answer = await client.request(method, path, headers=headers)
            assert answer.status == 421, (method, path)


async def test_the_names_of_the_configuration_are_known(client: TestClient, facts: Facts) -> None:
    names = ("watch.example.com", "watch.example.com:443", "Numwatch:10400", "10.0.0.5:10400")
    for name in names:
        assert (await client.get("/", headers={"Host": name})).status == 421
    use(
        facts,
        web={"external_url": "https://watch.example.com/n", "hosts": ["numwatch"]},
        listen=["10.0.0.5:10400"],
    )
    for name in names:
        assert (await client.get("/", headers={"Host": name})).status == 200
    assert (await client.get("/", headers={"Host": "10.0.0.6"})).status == 421


@pytest.mark.parametrize("listen", ["0.0.0.0:10400", "[::]:10400", ":10400"])
async def test_who_listens_everywhere_is_known_by_every_address(
    client: TestClient, facts: Facts, listen: str
) -> None:
    use(facts, listen=[listen])
    assert (await client.get("/", headers={"Host": "192.0.2.7:10400"})).status == 200
    assert (await client.get("/", headers={"Host": "[2001:db8::7]:10400"})).status == 200
    assert (await client.get("/", headers={"Host": "evil.example:10400"})).status == 421


async def test_the_peers_address_decides_nothing(services: WebServices, aiohttp_client) -> None:
    client = await aiohttp_client(make_app(services))
    for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Authorization": ""}):
        for path in ("/-/reload", "/api/tickets/replay", "/api/v1/rules"):
            assert (await client.post(path, headers=headers)).status == 401
    assert (await client.post("/-/reload", headers=AUTHORIZED)).status == 200


async def test_no_empty_token_lets_anyone_in(client: TestClient, facts: Facts) -> None:
    """The configuration refuses such a token; should one be in force all the same, it is none."""
    for token in ("", " ", "\u3000"):
        use(facts, web={"token": token})
        for sent in ("", "Bearer", "Bearer ", f"Bearer {token}".strip(), "Basic Og==", "Basic "):
            answer = await client.post("/-/reload", headers={"Authorization": sent})
            assert answer.status in (401, 429)
    assert facts.reloads == 0


async def test_guesses_are_limited_counted_and_logged(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.webhooks.guesses.PEER_RATE", 0.0)
    with capture_logs() as lines:
        answers = await asyncio.gather(
            *(client.post("/-/reload", headers=guess(number)) for number in range(40))
        )
        statuses = Counter(answer.status for answer in answers)
        assert statuses == {401: MOST_OF_A_PEER, 429: 40 - MOST_OF_A_PEER}
        assert all(it.headers["Retry-After"] for it in answers if it.status == 429)
        # What is limited is not compared: not even the right one gets through from there.
        assert (await client.post("/-/reload", headers=AUTHORIZED)).status == 429
        assert (await client.get("/", headers=AUTHORIZED)).status == 200
    events = Counter(line["event"] for line in lines)
    assert events["credentials_refused"] == events["credentials_limited"] == 1
    assert OWN_TOKEN not in str(lines)
    assert "guess number" not in str(lines)
    page = await (await client.get("/metrics")).text()
    assert f"numwatch_token_failures_total {statuses[401]}.0" in page


async def test_guesses_by_reading_are_limited_as_well(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token shows by what it reveals, too: a whole phone, a diagnosis for a caller."""
    monkeypatch.setattr("agent.webhooks.guesses.PEER_RATE", 0.0)
    path = "/api/diagnose/4006220001?caller=13900001111"
    for number in range(3 * MOST_OF_A_PEER):
        assert (await client.get(path, headers=guess(number))).status == 401
    assert (await client.get(path, headers=AUTHORIZED)).status == 401


async def test_another_peer_goes_on(client: TestClient) -> None:
    """One machine has many addresses on the loopback; each is a peer of its own."""
    for number in range(3 * MOST_OF_A_PEER):
        await client.post("/-/reload", headers=guess(number))
    connector = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
    async with aiohttp.ClientSession(connector=connector) as session:
        url = client.make_url("/-/reload")
        async with session.post(url, headers=AUTHORIZED) as answer:
            assert answer.status == 200


async def test_credentials_for_a_proxy_are_one_guess(client: TestClient) -> None:
    """A proxy that asks for a password of its own sends it on with everything that is read."""
    for _ in range(5 * MOST_OF_A_PEER):
        assert (await client.get("/api/numbers", headers=WRONG)).status == 200
    assert (await client.post("/-/reload", headers=AUTHORIZED)).status == 200


async def test_a_request_without_a_token_is_no_guess(services: WebServices, aiohttp_client) -> None:
    client = await aiohttp_client(make_app(services))
    for _ in range(MOST_OF_A_PEER * 2):
        assert (await client.post("/-/reload")).status == 401
    assert (await client.post("/-/reload", headers=AUTHORIZED)).status == 200


def test_one_subscriber_is_one_peer() -> None:
    assert peer_name("2001:db8:1:2::7") == peer_name("2001:db8:1:2:ffff::1") != "2001:db8:1:2::7"
    assert peer_name("::ffff:192.0.2.1") == peer_name("192.0.2.1") == "192.0.2.1"
    assert peer_name("fe80::1%eth0") == "fe80::/64"
