"""Reading needs a login where users are configured; bcrypt neither blocks nor piles up."""

import asyncio
import time
from base64 import b64encode

import bcrypt
import pytest
from aiohttp.test_utils import TestClient

from agent.config.secret import Secret
from agent.web.app import make_app
from agent.web.authentication import PASSWORDS
from agent.web.passwords import MOST_WAITING, BusyError, PasswordCheck
from agent.web.services import WebServices
from tests.lag import longest_lag
from tests.web.conftest import AUTHORIZED
from tests.web.facts import Facts
from tests.web.test_who_may import use

PASSWORD = "a reader's password"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
READABLE = ("/", "/metrics", "/api/numbers", "/api/v1/query?query=1", "/events", "/nowhere")


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
async def reader(services: WebServices, facts: Facts, aiohttp_client) -> TestClient:
    use(facts, web={"basic_auth_users": {"reader": HASH, "other": HASH[:-1] + "/"}})
    return await aiohttp_client(make_app(services))


@pytest.mark.parametrize("path", READABLE)
async def test_reading_needs_a_login(reader: TestClient, path: str) -> None:
    anonymous = await reader.get(path)
    assert anonymous.status == 401
    assert anonymous.headers["WWW-Authenticate"].startswith("Basic")
    assert "4006220001" not in await anonymous.text()
    for wrong in (basic("reader", "x"), basic("other", PASSWORD), basic("nobody", PASSWORD)):
        assert (await reader.get(path, headers=wrong)).status in {401, 429}


async def test_users_and_the_token_may_read(reader: TestClient) -> None:
    for path in ("/", "/metrics", "/api/numbers"):
        assert (await reader.get(path, headers=basic("reader", PASSWORD))).status == 200
        assert (await reader.get(path, headers=AUTHORIZED)).status == 200


async def test_users_change_nothing(reader: TestClient, facts: Facts) -> None:
    assert (await reader.post("/-/reload", headers=basic("reader", PASSWORD))).status == 401
    assert facts.reloads == 0


async def test_probes_need_no_login(reader: TestClient) -> None:
    assert (await reader.get("/-/healthy")).status == 200
    assert (await reader.get("/-/ready")).status in {200, 503}


async def test_without_users_nothing_changes(client: TestClient) -> None:
    for path in ("/", "/metrics", "/api/numbers"):
        assert (await client.get(path)).status == 200
    assert client.app[PASSWORDS] is not None


async def test_a_password_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def count(secret: bytes, hashed: bytes) -> bool:
        nonlocal calls
        calls += 1
        return secret == PASSWORD.encode()

    monkeypatch.setattr("agent.web.passwords.bcrypt.checkpw", count)
    check, users = PasswordCheck(), {"reader": Secret(HASH)}
    for _ in range(50):
        assert await check.is_right(users, "reader", PASSWORD)
        assert not await check.is_right(users, "reader", "wrong")
    assert calls == 2
    assert not await check.is_right(users, "nobody", PASSWORD)
    assert not await check.is_right({}, "reader", PASSWORD)
    changed = bcrypt.hashpw(b"another", bcrypt.gensalt(4)).decode()
    await check.is_right({"reader": Secret(changed)}, "reader", PASSWORD)
    assert calls == 4  # The verdict of the old hash does not hold for the new one.


@pytest.mark.parametrize("password", ["", "x" * 73, "\udcff", "a\0b"], ids=ascii)
async def test_odd_passwords_are_wrong(password: str) -> None:
    assert not await PasswordCheck().is_right({"reader": Secret(HASH)}, "reader", password)


async def test_many_passwords_at_once_are_refused_and_block_nothing() -> None:
    slow = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(10)).decode()
    check, users = PasswordCheck(), {"reader": Secret(slow)}
    began = time.process_time()
    guesses = asyncio.gather(
        *(check.is_right(users, "reader", f"guess {number}") for number in range(100)),
        return_exceptions=True,
    )
    lag = await longest_lag(guesses)
    results, took = guesses.result(), time.process_time() - began
    assert sum(isinstance(result, BusyError) for result in results) == 100 - MOST_WAITING
    assert True not in results
    assert took < 5
    assert lag < 0.05
    assert await check.is_right(users, "reader", PASSWORD)
