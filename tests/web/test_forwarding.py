"""Who a client behind a trusted proxy is, and that nobody else can say so."""

from ipaddress import ip_network

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st

from agent.config.settings import Settings
from agent.web.forwarding import client_behind
from agent.webhooks.guesses import MOST_OF_A_PEER
from tests.web.conftest import AUTHORIZED
from tests.web.facts import Facts

LOCAL = (ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1,203.0.113.7,10.1.2.3", "203.0.113.7"),
        ("::ffff:127.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("fd00::1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "10.1.2.3", "10.1.2.3"),
        # Nobody but a proxy is believed, and a proxy no further than to what is no address.
        ("203.0.113.9", "198.51.100.1", ""),
        ("127.0.0.1", "", ""),
        ("127.0.0.1", "198.51.100.1, unknown", ""),
        ("127.0.0.1", "198.51.100.1, unknown, 10.1.2.3", "10.1.2.3"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_client_is_the_last_that_is_no_proxy(peer: str, forwarded: str, client: str) -> None:
    assert client_behind(peer, forwarded, LOCAL) == client


@given(st.text(max_size=50), st.ip_addresses(v=4))
def test_what_a_client_writes_before_changes_nothing(written: str, address: object) -> None:
    alone = client_behind("127.0.0.1", str(address), LOCAL[1:2] + LOCAL[:1])
    if str(address).startswith(("127.", "10.1.")):
        return
    assert client_behind("127.0.0.1", f"{written},{address}", LOCAL) == alone == str(address)


@given(st.text(max_size=3000))
def test_any_header_is_read(forwarded: str) -> None:
    client_behind("127.0.0.1", forwarded, LOCAL)


@pytest.mark.parametrize("trusted", [True, False])
async def test_guesses_of_one_client_behind_a_proxy_hold_up_no_other(
    client: TestClient, facts: Facts, trusted: bool
) -> None:
    settings = facts.settings.model_dump()
    settings["web"]["trusted_proxies"] = ["127.0.0.1/32"] if trusted else []
    facts.settings = Settings.model_validate(settings)
    guesser, other = ({"X-Forwarded-For": f"203.0.113.{end}"} for end in (7, 8))
    for number in range(MOST_OF_A_PEER + 1):
        wrong = {"Authorization": f"Bearer wrong token number {number}"}
        last = await client.post("/-/reload", headers={**wrong, **guesser})
    assert last.status == 429
    assert (await client.post("/-/reload", headers={**AUTHORIZED, **guesser})).status == 429
    answer = await client.post("/-/reload", headers={**AUTHORIZED, **other})
    assert answer.status == (200 if trusted else 429)


async def test_a_forwarded_address_lets_nobody_in(client: TestClient, facts: Facts) -> None:
    settings = facts.settings.model_dump()
    settings["web"]["trusted_proxies"] = ["127.0.0.1/32"]
    facts.settings = Settings.model_validate(settings)
    for address in ("127.0.0.1", "::1", "10.0.0.1"):
        headers = {"X-Forwarded-For": address, "Authorization": ""}
        answer = await client.post("/-/reload", headers=headers)
        assert answer.status == 401
