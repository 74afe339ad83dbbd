"""The HTTP API of the world: the providers, the ticket desk, and ``/world`` to change it."""

import random
from collections.abc import Callable

from aiohttp import web

from agent.simulator.actions import DESK, FaultKind, FaultPlan
from agent.simulator.desk import DeliveryRefusedError
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager, read_query
from agent.simulator.responses import Exchange, respond, respond_with_fault
from agent.simulator.world import Provider, World
from agent.simulator.world_state import world_view
from agent.simulator.world_time import iso
from agent.simulator.worldfile import WorldFileError

_REFUSES = frozenset(
    {FaultKind.HTTP_500, FaultKind.HTTP_429, FaultKind.AUTH, FaultKind.REDIRECT, FaultKind.RESET}
)
"""Faults with which the desk does not take the delivery; with others it takes it and the answer
goes wrong, so that an honest client delivers it again."""


def make_app(world: World) -> web.Application:
    """The web application of a world; it begins the world when it starts."""
    app = web.Application(client_max_size=8 * 1024 * 1024)
    handlers = _Handlers(world)
    app.router.add_get("/world", handlers.show)
    app.router.add_post("/world", handlers.apply)
    app.router.add_get("/world/events", handlers.events)
    app.router.add_get("/desk/tickets", handlers.tickets)
    app.router.add_post("/desk/tickets", handlers.take_ticket)
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
        self._rng = random.Random(f"{world.plan.seed}:wire")  # noqa: S311 - not a secret

    async def show(self, request: web.Request) -> web.Response:
        """``GET /world``: as it stands now; ``?all=1`` with every number."""
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
        """``GET /world/events?after=SEQ``: what happened."""
        self._world.advance()
        after = request.query.get("after", "0")
        if not after.isdigit():
            return _json({"errors": ["after is not a whole number"]}, 400)
        return _json(self._world.events.after(int(after)))

    async def elsewhere(self, _request: web.Request) -> web.Response:
        """Where ``redirect`` answers lead; whoever comes here followed one."""
        self._world.redirects_followed += 1
        return _json({"code": 0, "message": "ok", "data": {}})

    async def tickets(self, _request: web.Request) -> web.Response:
        """``GET /desk/tickets``: every ticket received; never faulty."""
        return _json(self._world.desk.tickets())

    async def take_ticket(self, request: web.Request) -> web.StreamResponse:
        """``POST /desk/tickets``: one delivery."""
        self._world.advance()
        body = await request.read()
        fault = self._world.faults.fault_for(DESK)

        def answer(_pager: Pager) -> ApiResponse:
            return self._take(request, body)

        if fault is None:
            return respond(answer(Pager()))
        if fault.kind not in _REFUSES:
            taken = answer(Pager())
            return await self._respond_with_fault(request, fault, lambda _pager: taken, _desk_error)
        return await self._respond_with_fault(request, fault, answer, _desk_error)

    def _take(self, request: web.Request, body: bytes) -> ApiResponse:
        now = self._world.clock.wall()
        try:
            kind, ticket, new = self._world.desk.receive(request.headers, body, now, iso(now))
        except DeliveryRefusedError as refusal:
            return ApiResponse({"error": refusal.reason}, refusal.status)
        if new:
            where = {key: str(ticket.get(key) or "") for key in ("provider", "account", "number")}
            title = str(ticket.get("title") or ticket["id"])[:200]
            self._world.note("ticket", f"{kind}: {title}", **where)
        return ApiResponse({"ok": True, "repeat": not new})

    async def provider(self, request: web.Request) -> web.StreamResponse:
        """Everything under a provider's name."""
        provider = self._world.providers.get(request.match_info["provider"])
        if provider is None:
            return _json({"errors": ["there is no such provider in this world"]}, 404)
        self._world.advance()
        api_request = self._api_request(request, provider)
        account = provider.dialect.account(api_request, provider.accounts)
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
        return await self._respond_with_fault(request, fault, answer, provider.dialect.error)

    def _api_request(self, request: web.Request, provider: Provider) -> ApiRequest:
        path, _, query = request.raw_path.partition("?")
        return ApiRequest(
            method=request.method,
            path=path.removeprefix(f"/{provider.name}"),
            full_path=path,
            query=read_query(query),
            headers=request.headers,
            now=self._world.clock.wall(),
            clock=self._world.clock,
        )

    async def _respond_with_fault(
        self,
        request: web.Request,
        fault: FaultPlan,
        answer: Callable[[Pager], ApiResponse],
        error: Callable[[int], ApiResponse],
    ) -> web.StreamResponse:
        now = self._world.clock.wall()
        return await respond_with_fault(Exchange(request, fault, answer, error, self._rng, now))


def _desk_error(status: int) -> ApiResponse:
    return ApiResponse({"error": f"the desk has a fault ({status})"}, status)
