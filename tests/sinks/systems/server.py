"""What every system has in common: real HTTP, credentials, faults on top of its behaviour."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class Fault:
    """What happens to one of the next requests that fit."""

    status: int = 0
    """The answer; 0 for none."""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    takes_effect: bool = False
    """Whether the request takes effect all the same, as when only the answer is late."""
    method: str = ""
    path: str = ""
    times: float = 1


class System:
    """A server with a memory. Subclasses add its behaviour with ``routes``."""

    kind = ""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.faults: deque[Fault] = deque()
        self.requests: list[tuple[str, str, Any]] = []
        self._server: TestServer | None = None

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    def section(self) -> dict[str, Any]:
        """The sink's own settings."""
        raise NotImplementedError

    def seen(self) -> list[str]:
        """The ids of our tickets that the system has, in the order in which it got them."""
        raise NotImplementedError

    def is_over(self, ticket_id: str) -> bool:
        """Whether the ticket is done in the system."""
        raise NotImplementedError

    def break_credentials(self) -> None:
        """From now on our credentials are refused."""
        raise NotImplementedError

    def restore_credentials(self) -> None:
        raise NotImplementedError

    def fail(self, **fault: Any) -> None:
        self.faults.append(Fault(**fault))

    async def start(self) -> str:
        app = web.Application(middlewares=[self._meddle], client_max_size=64 * 1024 * 1024)
        app.add_routes(self.routes())
        self._server = TestServer(app)
        await self._server.start_server()
        return str(self._server.make_url("/")).rstrip("/")

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.close()

    def count(self, method: str, path: str = "") -> int:
        return sum(sent == method and path in to for sent, to, _body in self.requests)

    @web.middleware
    async def _meddle(self, request: web.Request, handler: Any) -> web.StreamResponse:
        body = await _json(request)
        self.requests.append((request.method, request.path, body))
        fault = self._next(request)
        if fault is None:
            return await handler(request)
        if fault.takes_effect:
            await handler(request)
        if fault.status:
            return web.Response(status=fault.status, headers=fault.headers, text=fault.body)
        assert request.transport is not None
        request.transport.close()
        await asyncio.sleep(0)
        return web.Response()

    def _next(self, request: web.Request) -> Fault | None:
        for fault in self.faults:
            if fault.method in ("", request.method) and fault.path in request.path:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None


def utf16(text: str) -> int:
    """How long Java takes ``text`` to be."""
    return len(text.encode("utf-16-le")) // 2


def answer(body: Any, status: int = 200, **headers: str) -> web.Response:
    return web.json_response(body, status=status, headers=headers)


async def _json(request: web.Request) -> Any:
    try:
        return await request.json() if request.can_read_body else None
    except ValueError:
        return None
