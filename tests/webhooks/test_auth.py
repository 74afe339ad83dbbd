"""Who may post: the holder of the hook's token, or without one of the agent's own."""

import asyncio
import contextlib
import json
import random
import socket
from collections import Counter

import pytest

from agent.webhooks.guesses import MOST_OF_A_PEER
from agent.webhooks.limits import OverloadedError, RequestLimiter
from tests.proof_size import size
from tests.webhooks.conftest import FOREIGN, OWN_TOKEN, Server, entry, message, until

TOKEN = "correct horse battery"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_the_token_is_required_where_one_is_set(server: Server) -> None:
    await server.use(token=TOKEN, former_token="the old one of before")
    answer = await server.post(message(entry()), 401)
    assert "bearer" in answer["expected"]
    await server.post(message(entry()), 401, **bearer("wrong"))
    assert await server.firing() == []
    await server.post(message(entry()), 200, **bearer(TOKEN))
    await server.post(message(entry(FOREIGN)), 200, Authorization="bearer the old one of before")
    assert len(await server.firing()) == 2
    assert server.request_count("unauthorized") == 2


async def test_changed_tokens_are_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.webhooks.guesses.MOST_OF_A_PEER", 10_000)
    monkeypatch.setattr("agent.webhooks.guesses.MOST_IN_ALL", 10_000)
    await server.use(token=TOKEN)
    chance = random.Random(3)
    for _ in range(size(200, 1000)):
        index = chance.randrange(len(TOKEN))
        changed = chance.choice(
            (
                TOKEN[:index] + chr(chance.randrange(33, 127)) + TOKEN[index + 1 :],
                TOKEN[:index],
                TOKEN + chr(chance.randrange(33, 127)),
                TOKEN.upper(),
            )
        )
        if changed != TOKEN:
            await server.post(message(entry()), 401, **bearer(changed))
    for credentials in ("Bearer", "Basic " + TOKEN, TOKEN, "Bearer \xff\xfe"):
        await server.post(message(entry()), 401, Authorization=credentials)
    assert await server.firing() == []


async def test_a_refusal_says_who_is_to_identify_himself(server: Server) -> None:
    await server.use(token=TOKEN)
    async with server.client.post("/hooks/alertmanager", json=message()) as answer:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert TOKEN not in await answer.text()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Host": "localhost:10400"},
        {"Host": "[::1]:10400"},
        {"Authorization": ""},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer"},
    ],
    ids=str,
)
@pytest.mark.parametrize("token", [None, "", " ", TOKEN])
async def test_nobody_is_let_in_without_a_token(
    server: Server, headers: dict[str, str], token: str | None
) -> None:
    """Not even with an empty token in force, which the configuration refuses by itself."""
    await server.use(token=token)
    anonymous = {"Authorization": "", **headers}
    await server.post(message(entry()), 401, **anonymous)
    assert await server.firing() == []


async def test_without_a_token_the_agents_own_is_let_in(server: Server) -> None:
    await server.post(message(entry()), 200, **bearer(OWN_TOKEN))
    await server.use(token=TOKEN)
    await server.post(message(entry()), 401, **bearer(OWN_TOKEN))


async def test_guesses_are_limited_and_senders_are_asked_to_come_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 and not 429, after which Alertmanager would give an alert up."""
    monkeypatch.setattr("agent.webhooks.guesses.PEER_RATE", 0.0)
    statuses = Counter()
    for number in range(40):
        answer = await server.answer(message(entry()), **bearer(f"guess {number}"))
        statuses[answer.status] += 1
        assert answer.status == 401 or answer.headers["Retry-After"]
    assert statuses == {401: MOST_OF_A_PEER, 503: 40 - MOST_OF_A_PEER}
    failures = server.telemetry.registry.get_sample_value("numwatch_token_failures_total")
    assert failures == statuses[401]
    assert (await server.answer(message(entry()))).status == 503
    assert await server.firing() == []


def test_what_is_in_progress_is_limited_by_count_and_bytes() -> None:
    limiter = RequestLimiter(max_requests=2, max_bytes=100)
    with limiter.admit() as first, limiter.admit() as second:
        with pytest.raises(OverloadedError), limiter.admit():
            pass
        first.reserve(80)
        with pytest.raises(OverloadedError):
            second.reserve(21)
        second.reserve(20)
    with limiter.admit() as alone:
        alone.reserve(1000)
    with limiter.admit() as after:
        after.reserve(100)


async def test_overload_is_always_503_and_passes(server: Server) -> None:
    await server.use(max_body=1024 * 1024)
    body = json.dumps(message(entry(annotations={"a": "x" * 100_000}))).encode()
    address = server.client.server.host, server.client.server.port
    stuck = [await _stuck(*address, body) for _ in range(64)]
    await until(lambda: _refused(server), "the limit is reached")
    statuses = set()
    for _ in range(20):
        async with server.client.post("/hooks/alertmanager", json=message(entry())) as answer:
            statuses.add(answer.status)
            assert answer.headers["Retry-After"]
    assert statuses == {503}
    for writer in stuck:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    await until(lambda: _accepted(server), "requests are accepted again")
    assert await server.firing_names() == ["NumberNotActive"]


async def _stuck(host: str, port: int, body: bytes) -> asyncio.StreamWriter:
    """A sender that stops in the middle of its body."""
    _reader, writer = await asyncio.open_connection(host, port)
    head = (
        f"POST /hooks/alertmanager HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Authorization: Bearer {OWN_TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body[:100])
    await writer.drain()
    return writer


async def _refused(server: Server) -> bool:
    async with server.client.post("/hooks/alertmanager", json=message()) as answer:
        return answer.status == 503


async def _accepted(server: Server) -> bool:
    async with server.client.post("/hooks/alertmanager", json=message(entry())) as answer:
        return answer.status == 200


async def test_a_body_that_never_ends_is_not_waited_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.webhooks.limits.BODY_TIMEOUT", 0.2)
    with socket.create_connection(
        (server.client.server.host, server.client.server.port or 0)
    ) as sender:
        sender.setblocking(False)
        loop = asyncio.get_running_loop()
        host = f"{server.client.server.host}:{server.client.server.port}"
        head = f"POST /hooks/alertmanager HTTP/1.1\r\nHost: {host}\r\n"
        head += f"Authorization: Bearer {OWN_TOKEN}\r\n"
        await loop.sock_sendall(
            sender,
            f"{head}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{".encode(),
        )
        answer = await asyncio.wait_for(loop.sock_recv(sender, 4096), 5)
    assert b" 408 " in answer.splitlines()[0]
