"""A real HTTP receiver that verifies every delivery with the reference library."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import time_machine
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

Answer = Callable[[web.Request], "web.StreamResponse | int | None"]


@dataclass
class Taken:
    webhook_id: str
    timestamp: int
    type: str
    data: dict[str, Any]
    body: bytes
    headers: dict[str, str]


@dataclass
class Receiver:
    """Keeps what it took; ``answer`` may give another status, or ``None`` to take it."""

    answer: Answer = lambda _request: None
    verify: bool = True
    most: int = 16 * 1024 * 1024
    """Bytes it takes; a larger body is answered with 413."""
    clock: Callable[[], float] = time.time
    """What the receiver takes for the present when it judges a timestamp."""
    taken: list[Taken] = field(default_factory=list)
    attempts: list[Taken] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _server: TestServer | None = None

    async def start(self) -> str:
        app = web.Application(client_max_size=self.most)
        app.router.add_post("/hook", self._hook)
        self._server = TestServer(app)
        await self._server.start_server()
        return str(self._server.make_url("/hook"))

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.close()

    async def _hook(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if self.verify:
            with time_machine.travel(self.clock(), tick=False):
                Webhook(SECRET).verify(body, headers)
        told = json.loads(body)
        taken = Taken(
            headers["webhook-id"],
            int(headers["webhook-timestamp"]),
            told["type"],
            told["data"],
            body,
            headers,
        )
        self.attempts.append(taken)
        answer = self.answer(request)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer is not None:
            return web.Response(status=answer)
        self.taken.append(taken)
        return web.Response(status=202)

    def ids(self) -> list[str]:
        return [one.webhook_id for one in self.taken]


async def wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for is on the other side of HTTP
            await asyncio.sleep(0.01)
