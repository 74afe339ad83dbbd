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
class ReceivedDelivery:
    webhook_id: str
    timestamp: int
    type: str
    data: dict[str, Any]
    body: bytes
    headers: dict[str, str]


@dataclass
class Receiver:
    """Records what it accepts; ``answer`` may return another status, or ``None`` to accept."""

    answer: Answer = lambda _request: None
    verify: bool = True
    max_bytes: int = 16 * 1024 * 1024
    """Bytes it accepts; a larger body is answered with 413."""
    clock: Callable[[], float] = time.time
    """The time against which the receiver verifies timestamps."""
    deliveries: list[ReceivedDelivery] = field(default_factory=list)
    attempts: list[ReceivedDelivery] = field(default_factory=list)
    _server: TestServer | None = None

    async def start(self) -> str:
        app = web.Application(client_max_size=self.max_bytes)
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
        document = json.loads(body)
        delivery = ReceivedDelivery(
            headers["webhook-id"],
            int(headers["webhook-timestamp"]),
            document["type"],
            document["data"],
            body,
            headers,
        )
        self.attempts.append(delivery)
        answer = self.answer(request)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer is not None:
            return web.Response(status=answer)
        self.deliveries.append(delivery)
        return web.Response(status=202)

    def ids(self) -> list[str]:
        return [delivery.webhook_id for delivery in self.deliveries]


async def wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for is on the other side of HTTP
            await asyncio.sleep(0.01)
