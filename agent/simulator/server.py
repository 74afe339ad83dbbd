"""The world over HTTP: the providers, the ticket desk, and ``/world`` to look at it and change it.

World time passes even when no request comes in.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from email.utils import formatdate
from types import TracebackType
from typing import Any, Self

import msgspec
from aiohttp import web

from agent.simulator.actions import DESK, FaultKind, FaultPlan
from agent.simulator.complaints import ComplaintSender
from agent.simulator.desk import DeliveryRefusedError
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager, read_query
from agent.simulator.events import EventLog
from agent.simulator.responses import Exchange, respond, respond_with_fault
from agent.simulator.world import Provider, World
from agent.simulator.world_state import world_view
from agent.simulator.world_time import iso
from agent.simulator.worldfile import WorldFileError

_MAX_SLEEP = 0.5
_REFUSING_FAULTS = frozenset(
    {FaultKind.HTTP_500, FaultKind.HTTP_429, FaultKind.AUTH, FaultKind.REDIRECT, FaultKind.RESET}
)
"""Faults with which the desk does not store the delivery. With any other fault it stores it and
only the answer is faulty, so that a correct client delivers it again."""
_LONGEST_GO = 60.0
"""Seconds for which one request may have the world's time go on."""


class SimulatorServer:
    """A world being served. End it with :meth:`stop`, or use ``async with``."""

    def __init__(self, world: World, runner: web.AppRunner, url: str) -> None:
        self.world = world
        self.url = url
        """The simulator's own address, without a slash at the end."""
        self._runner = runner
        self._sender: ComplaintSender | None = None
        self._ticking = asyncio.create_task(self._tick(), name="simulator-time")

    @property
    def desk_url(self) -> str:
        """The address that tickets are delivered to."""
        return f"{self.url}/desk/tickets"

    @property
    def events(self) -> EventLog:
        """The world's event log."""
        return self.world.events

    def base_url(self, provider: str) -> str:
        """The address of a provider's API."""
        return f"{self.url}/{provider}"

    def post_complaints_to(self, url: str, secret: str | None = None) -> None:
        """Post every complaint to ``url`` from now on, signed when there is a ``secret``."""
        self._sender = self._sender or ComplaintSender(self.world.note)
        self._sender.url, self._sender.secret = url, secret
        self.world.on_complaint = self._sender.send

    def apply(self, entry: dict[str, Any] | str) -> None:
        """Apply one timeline entry without ``at`` at once: a mapping, or YAML or JSON text.

        Raises:
            WorldFileError: with every mistake in the entry; nothing is applied then.
        """
        text = entry if isinstance(entry, str) else msgspec.json.encode(entry).decode()
        self.world.apply_text(text)

    async def stop(self) -> None:
        """Stop world time and close every connection."""
        self._ticking.cancel()
        with suppress(asyncio.CancelledError):
            await self._ticking
        if self._sender is not None:
            await self._sender.close()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _tick(self) -> None:
        """Run due events even when no request comes in."""
        while True:
            self.world.advance()
            due = self.world.next_due()
            await asyncio.sleep(_MAX_SLEEP if due is None else min(due + 0.001, _MAX_SLEEP))


_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def start(
    world: World,
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float = 1.0,
    *,
    clock: Callable[[], float] = time.time,
    complaints_url: str | None = None,
) -> SimulatorServer:
    """Begin the world and serve it; port 0 takes a free port.

    Raises:
        OSError: when the address cannot be listened on.
    """
    world.begin(clock, speed)
    runner = web.AppRunner(
        make_app(world), access_log=None, handler_cancellation=True, shutdown_timeout=0.2
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    address, bound_port = runner.addresses[0][:2]
    netloc = f"[{address}]" if ":" in address else address
    server = SimulatorServer(world, runner, f"http://{netloc}:{bound_port}")
    if complaints_url is not None:
        server.post_complaints_to(complaints_url)
    return server


def make_app(world: World) -> web.Application:
    """The web application of a world, which begins the world when it starts."""

    @web.middleware
    async def set_date(request: web.Request, handler: _Handler) -> web.StreamResponse:
        # By the world's own clock, which tests set: an answer is made when the world says it is.
        response = await handler(request)
        if not response.prepared:
            response.headers.setdefault("Date", formatdate(world.clock.wall(), usegmt=True))
        return response

    app = web.Application(client_max_size=8 * 1024 * 1024, middlewares=[set_date])
    handlers = _Handlers(world)
    app.router.add_get("/world", handlers.show)
    app.router.add_post("/world", handlers.apply)
    app.router.add_get("/world/events", handlers.events)
    app.router.add_post("/world/go", handlers.go)
    app.router.add_get("/desk/tickets", handlers.tickets)
    app.router.add_post("/desk/tickets", handlers.receive_ticket)
    app.router.add_route("*", "/elsewhere", handlers.elsewhere)
    app.router.add_route("*", "/{provider}/{path:.*}", handlers.provider)

    async def begin(_app: web.Application) -> None:
        world.begin()

    app.on_startup.append(begin)
    return app


def _json(payload: object, status: int = 200) -> web.Response:
    return respond(ApiResponse(payload, status))


class _Handlers:
    """The handlers of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rng = random.Random(f"{world.plan.seed}:wire")  # nosec B311 # a world, not a secret

    async def show(self, request: web.Request) -> web.Response:
        """``GET /world``: the current state; ``?all=1`` includes every number."""
        self._world.advance()
        return _json(world_view(self._world, everything=request.query.get("all") == "1"))

    async def apply(self, request: web.Request) -> web.Response:
        """``POST /world``: one timeline entry without ``at``, applied at once."""
        try:
            self._world.apply_text(await request.text())
        except (WorldFileError, UnicodeDecodeError) as error:
            problems = getattr(error, "errors", (error,))
            return _json({"errors": [str(problem) for problem in problems]}, 400)
        return _json({"applied": True, "elapsed_seconds": round(self._world.event_queue.now, 3)})

    async def events(self, request: web.Request) -> web.Response:
        """``GET /world/events?after=SEQ``: the events after ``SEQ``."""
        self._world.advance()
        after = request.query.get("after", "0")
        if not after.isdigit():
            return _json({"errors": ["after is not a whole number"]}, 400)
        return _json(self._world.events.after(int(after)))

    async def go(self, request: web.Request) -> web.Response:
        """``POST /world/go?seconds=S``: world time goes on, and stands still in ``S`` seconds.

        Who asks again and again sees to it that nothing happens unseen.
        """
        elapsed = self._world.advance()
        try:
            seconds = float(request.query.get("seconds", ""))
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds <= _LONGEST_GO:
            return _json({"errors": [f"seconds is no number from 0 to {_LONGEST_GO:g}"]}, 400)
        self._world.clock.go_on(seconds, elapsed)
        return _json({"elapsed_seconds": round(elapsed, 3)})

    async def elsewhere(self, _request: web.Request) -> web.Response:
        """The target of ``redirect`` answers; counts the clients that followed one."""
        self._world.redirects_followed += 1
        return _json({"code": 0, "message": "ok", "data": {}})

    async def tickets(self, _request: web.Request) -> web.Response:
        """``GET /desk/tickets``: every ticket received. Faults do not apply to it."""
        return _json(self._world.desk.tickets())

    async def receive_ticket(self, request: web.Request) -> web.StreamResponse:
        """``POST /desk/tickets``: one delivery."""
        self._world.advance()
        body = await request.read()
        fault = self._world.faults.fault_for(DESK)

        def answer(_pager: Pager) -> ApiResponse:
            return self._receive(request, body)

        if fault is None:
            return respond(answer(Pager()))
        if fault.kind not in _REFUSING_FAULTS:
            received = answer(Pager())
            return await self._respond_with_fault(
                request, fault, lambda _pager: received, _desk_error
            )
        return await self._respond_with_fault(request, fault, answer, _desk_error)

    def _receive(self, request: web.Request, body: bytes) -> ApiResponse:
        now = self._world.clock.wall()
        try:
            kind, ticket, new = self._world.desk.receive(request.headers, body, now, iso(now))
        except DeliveryRefusedError as refusal:
            return ApiResponse({"error": refusal.reason}, refusal.status)
        if new:
            where = {key: str(ticket.get(key) or "") for key in ("provider", "account", "number")}
            title = str(ticket.get("title") or ticket["id"])[:200]
            self._world.note("ticket", f"{kind}: {title}", None, **where)
        return ApiResponse({"ok": True, "repeat": not new})

    async def provider(self, request: web.Request) -> web.StreamResponse:
        """Every request under a provider's name."""
        provider = self._world.providers.get(request.match_info["provider"])
        if provider is None:
            return _json({"errors": ["there is no such provider in this world"]}, 404)
        self._world.advance()
        api_request = self._api_request(request, provider, await request.read())
        account = provider.dialect.account(api_request, provider.accounts)
        provider.requests.add(provider.dialect, api_request, account.id if account else "")
        fault = self._world.faults.fault_for(
            provider.name, account.id if account else None, provider.dialect.capability(api_request)
        )

        def answer(pager: Pager) -> ApiResponse:
            refusal = provider.dialect.refusal(api_request, account)
            if refusal is not None or account is None:
                return refusal or provider.dialect.error(401)
            return provider.dialect.answer(api_request, account, pager)

        if fault is None:
            return respond(answer(Pager()))
        return await self._respond_with_fault(
            request, fault, answer, provider.dialect.error, provider.dialect.words
        )

    def _api_request(self, request: web.Request, provider: Provider, body: bytes) -> ApiRequest:
        path, _, query = request.raw_path.partition("?")
        return ApiRequest(
            method=request.method,
            path=path.removeprefix(f"/{provider.name}"),
            full_path=path,
            query=read_query(query),
            headers=request.headers,
            now=self._world.clock.wall(),
            clock=self._world.clock,
            body=body,
        )

    async def _respond_with_fault(
        self,
        request: web.Request,
        fault: FaultPlan,
        answer: Callable[[Pager], ApiResponse],
        error: Callable[[int], ApiResponse],
        words: frozenset[str] = frozenset(),
    ) -> web.StreamResponse:
        now = self._world.clock.wall()
        exchange = Exchange(request, fault, answer, error, self._rng, now, words)
        return await respond_with_fault(exchange)


def _desk_error(status: int) -> ApiResponse:
    return ApiResponse({"error": f"the desk has a fault ({status})"}, status)
