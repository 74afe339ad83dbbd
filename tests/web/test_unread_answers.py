"""Clients that ask for much and do not read it keep neither memory nor anybody's place."""

import asyncio
import contextlib
import dataclasses
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.rules.queries.queries import Queries
from agent.web.app import make_app
from agent.web.prometheus.answers import UNREAD_ANSWERS, UnreadAnswers
from agent.web.prometheus.errors import QueryApiError
from agent.web.services import WebServices
from tests.rules.series import block
from tests.web.facts import NOW

MEGABYTE = 1024 * 1024
MOST = 16 * MEGABYTE
BLOCKS = (block("up", ("number",), {(f"{index:0800}",): 1.0 for index in range(4 * 1024)}),)
QUERY = "/api/v1/query?query=label_replace(up,%22again%22,%22$1%22,%22number%22,%22(.*)%22)"
"""Its answer has more than 6 megabytes: two of them have space."""
RULES = "groups: [{name: a, rules: [{record: downs, expr: count(up == 0)}]}]"


@pytest.fixture
async def api(services: WebServices, tmp_path: Path, aiohttp_client: Any) -> TestClient:
    path = tmp_path / "rules.yml"
    path.write_text(RULES, encoding="utf-8")
    engine = RuleEngine(load_rules([path]), retention=600)
    engine.evaluate(BLOCKS, NOW)
    queries = Queries(lambda: engine, lambda: BLOCKS, lambda: NOW, lambda: 15.0)
    app = make_app(dataclasses.replace(services, queries=lambda: queries, clock=lambda: NOW))
    app[UNREAD_ANSWERS] = UnreadAnswers(MOST)
    return await aiohttp_client(app)


@contextlib.contextmanager
def silent_reader(api: TestClient, address: str) -> Iterator[socket.socket]:
    """Somebody who asks for a large answer and reads nothing of it."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.bind((address, 0))
        connection.connect(("127.0.0.1", api.port))
        connection.sendall(f"GET {QUERY} HTTP/1.1\r\nHost: 127.0.0.1:{api.port}\r\n\r\n".encode())
        connection.setblocking(False)
        yield connection


def is_dropped(connection: socket.socket) -> bool:
    """Whether the connection was ended before its answer."""
    received = 0
    try:
        while part := connection.recv(MEGABYTE):
            received += len(part)
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
    return received < 6 * MEGABYTE


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds; fails after a while."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - a condition has no event
            await asyncio.sleep(0.02)


async def test_answers_that_nobody_reads_make_way(api: TestClient) -> None:
    unread = api.app[UNREAD_ANSWERS]
    with silent_reader(api, "127.0.0.2") as first:
        # The first has waited for longer than the second, whichever is answered sooner.
        await until(lambda: unread.size > 6 * MEGABYTE)
        with silent_reader(api, "127.0.0.3"):
            await until(lambda: unread.size > 12 * MEGABYTE)
            statuses = []
            async with asyncio.timeout(30):
                while 200 not in statuses:
                    async with api.get(QUERY) as answer:
                        statuses.append(answer.status)
                        whole = await answer.read()
            assert len(whole) > 6 * MEGABYTE
            assert set(statuses) <= {200, 503}
            assert unread.size <= MOST
            await until(lambda: is_dropped(first))


async def test_who_does_not_read_is_dropped(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.web.prometheus.response.STALLED_SECONDS", 0.2)
    with silent_reader(api, "127.0.0.2"):
        unread = api.app[UNREAD_ANSWERS]
        await until(lambda: unread.size > 6 * MEGABYTE)
        await until(lambda: unread.size == 0)


def test_one_client_has_half_of_the_space_and_drops_only_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("agent.web.prometheus.answers.monotonic", lambda: now)
    answers, dropped = UnreadAnswers(MOST), []
    with contextlib.ExitStack() as held:

        def hold(client: str, name: str, megabytes: int) -> None:
            drop = dropped.append
            held.enter_context(answers.hold(client, megabytes * MEGABYTE, lambda: drop(name)))

        hold("b", "oldest", 6)
        hold("a", "first", 5)
        with pytest.raises(QueryApiError, match="too many large answers"):
            hold("a", "second", 5)
        now = 2.0
        hold("a", "second", 5)
        assert dropped == ["first"]
        hold("c", "third", 10)
        assert dropped == ["first", "oldest"]
        assert answers.size == 15 * MEGABYTE
    assert answers.size == 0
    with answers.hold("a", 2 * MOST, lambda: None):
        assert answers.size == 2 * MOST
