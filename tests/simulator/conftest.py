"""A world over real HTTP, a clock that tests move, and clients that sign."""

import base64
import hashlib
import hmac
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import quote

import aiohttp
import pytest

from agent.simulator.server import SimulatorServer, start
from agent.simulator.world import World
from tests.simulator.worlds import NOON, SID, SMALL


@dataclass
class Clock:
    """A clock that only the test moves."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Client:
    """Asks a running world; signs the way the dialect's description says, by itself."""

    running: SimulatorServer
    session: aiohttp.ClientSession
    clock: Clock
    key: str = "demo"
    secret: str = "demo-secret"
    nonce: str = ""
    """Signed in place of a fresh one."""
    changed: dict[str, str] = field(default_factory=dict)

    def headers(self, path: str, query: dict[str, str], method: str = "GET") -> dict[str, str]:
        pairs = "&".join(
            f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted(query.items())
        )
        stamp, nonce = str(int(self.clock.now)), self.nonce or uuid.uuid4().hex
        text = f"{method}\n{path}\n{pairs}\n{stamp}\n{nonce}"
        digest = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).digest()
        return {
            "X-Api-Key": self.key,
            "X-Timestamp": stamp,
            "X-Nonce": nonce,
            "X-Signature": base64.b64encode(digest).decode(),
        } | self.changed

    def get(self, path: str, provider: str = "north", **query: str):
        full = f"/{provider}{path}"
        headers = self.headers(full, query)
        return self.session.get(
            self.running.url + full, params=query, headers=headers, allow_redirects=False
        )

    async def data(self, path: str, **query: str):
        async with self.get(path, **query) as answer:
            body = await answer.json()
            assert (answer.status, body["code"]) == (200, 0), body
            return body["data"]

    def twilio(self, path: str, user: str = SID, word: str = "word"):
        credentials = base64.b64encode(f"{user}:{word}".encode()).decode()
        return self.session.get(
            f"{self.running.url}{path}",
            headers={"Authorization": f"Basic {credentials}"},
            allow_redirects=False,
        )

    async def world(self):
        async with self.session.get(f"{self.running.url}/world") as answer:
            return await answer.json()


Serve = Callable[..., Awaitable[Client]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def serve(clock: Clock) -> AsyncIterator[Serve]:
    """Serves a world file's text; everything is stopped at the end."""
    opened: list[SimulatorServer | aiohttp.ClientSession] = []

    async def serve_text(text: str = SMALL, **options) -> Client:
        options.setdefault("clock", clock)
        running = await start(World.parse(text), **options)
        session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
        opened.extend([session, running])
        return Client(running, session, clock)

    yield serve_text
    for one in opened:
        await (one.close() if isinstance(one, aiohttp.ClientSession) else one.stop())


@pytest.fixture
async def client(serve: Serve) -> Client:
    return await serve()
