"""The world over real HTTP: providers, the ticket desk, and a door for whoever plays with it."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import msgspec
from aiohttp import web

from agent.simulator.clock import iso
from agent.simulator.complaints import ComplaintPost
from agent.simulator.desk import Refused
from agent.simulator.dialects.base import Ask, Reply, read_query
from agent.simulator.document import WorldFileError
from agent.simulator.events import EventLog
from agent.simulator.paging import Pager
from agent.simulator.plan import DESK, FaultKind, FaultPlan
from agent.simulator.view import world_view
from agent.simulator.wire import Exchange, go_wrong, respond
from agent.simulator.world import Provider, World

_LONGEST_NAP = 0.5
_REFUSES = frozenset(
    {FaultKind.HTTP_500, FaultKind.HTTP_429, FaultKind.AUTH, FaultKind.REDIRECT, FaultKind.RESET}
)
"""Faults with which the desk does not take the delivery; with others it takes it and the answer
goes wrong, so that an honest client delivers it again."""


def make_app(world: World) -> web.Application:
    """The web application of a world; it begins the world when it starts."""
    app = web.Application(client_max_size=8 * 1024 * 1024)
    door = _Door(world)
    app.router.add_get("/world", door.show)
    app.router.add_post("/world", door.apply)
    app.router.add_get("/world/events", door.events)
    app.router.add_get("/desk/tickets", door.tickets)
    app.router.add_post("/desk/tickets", door.take_ticket)
    app.router.add_route("*", "/elsewhere", door.elsewhere)
    app.router.add_route("*", "/{provider}/{path:.*}", door.provider)

    async def begin(_app: web.Application) -> None:
        world.begin()

    app.on_startup.append(begin)
    return app


def _json(payload: object, status: int = 200) -> web.Response:
    return respond(Reply(payload, status))


class _Door:
    """The handlers of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._coin = random.Random(f"{world.plan.seed}:wire")  # noqa: S311 - not a secret

    async def show(self, request: web.Request) -> web.Response:
        """``GET /world``: as it stands now; ``?all=1`` with every number."""
        self._world.advance()
        return _json(world_view(self._world, everything=request.query.get("all") == "1"))

    async def apply(self, request: web.Request) -> web.Response:
        """``POST /world``: one timeline entry without ``at``, applied at once."""
        try:
            self._world.apply_text(await request.text())
        except (WorldFileError, UnicodeDecodeError) as error:
            problems = getattr(error, "problems", (error,))
            return _json({"errors": [str(problem) for problem in problems]}, 400)
        return _json({"applied": True, "elapsed_seconds": round(self._world.agenda.now, 3)})

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
        fault = self._world.faults.meet(DESK)

        def answer(_pager: Pager) -> Reply:
            return self._take(request, body)

        if fault is None:
            return respond(answer(Pager()))
        if fault.kind not in _REFUSES:
            taken = answer(Pager())
            return await self._go_wrong(request, fault, lambda _pager: taken, _desk_error)
        return await self._go_wrong(request, fault, answer, _desk_error)

    def _take(self, request: web.Request, body: bytes) -> Reply:
        now = self._world.clock.wall()
        try:
            kind, ticket, new = self._world.desk.take(request.headers, body, now, iso(now))
        except Refused as refused:
            return Reply({"error": refused.why}, refused.status)
        if new:
            where = {key: str(ticket.get(key) or "") for key in ("provider", "account", "number")}
            title = str(ticket.get("title") or ticket["id"])[:200]
            self._world.note("ticket", f"{kind}: {title}", **where)
        return Reply({"ok": True, "repeat": not new})

    async def provider(self, request: web.Request) -> web.StreamResponse:
        """Everything under a provider's name."""
        provider = self._world.providers.get(request.match_info["provider"])
        if provider is None:
            return _json({"errors": ["there is no such provider in this world"]}, 404)
        self._world.advance()
        ask = self._ask(request, provider)
        account = provider.dialect.account(ask, provider.accounts)
        fault = self._world.faults.meet(
            provider.name, account.id if account else None, provider.dialect.capability(ask)
        )

        def answer(pager: Pager) -> Reply:
            refused = provider.dialect.refusal(ask, account)
            if refused is not None or account is None:
                return refused or provider.dialect.error(401)
            return provider.dialect.answer(ask, account, pager)

        if fault is None:
            return respond(answer(Pager()))
        return await self._go_wrong(request, fault, answer, provider.dialect.error)

    def _ask(self, request: web.Request, provider: Provider) -> Ask:
        path, _, query = request.raw_path.partition("?")
        return Ask(
            method=request.method,
            path=path.removeprefix(f"/{provider.name}"),
            full_path=path,
            query=read_query(query),
            headers=request.headers,
            now=self._world.clock.wall(),
            clock=self._world.clock,
        )

    async def _go_wrong(
        self,
        request: web.Request,
        fault: FaultPlan,
        answer: Callable[[Pager], Reply],
        error: Callable[[int], Reply],
    ) -> web.StreamResponse:
        now = self._world.clock.wall()
        return await go_wrong(Exchange(request, fault, answer, error, self._coin, now))


def _desk_error(status: int) -> Reply:
    return Reply({"error": f"the desk has a fault ({status})"}, status)


class Running:
    """A world that is being served. Use :meth:`stop`, or ``async with``."""

    def __init__(self, world: World, runner: web.AppRunner, url: str) -> None:
        self.world = world
        self.url = url
        """The simulator's own address, without a slash at the end."""
        self._runner = runner
        self._post: ComplaintPost | None = None
        self._ticking = asyncio.create_task(self._tick(), name="simulator-time")

    @property
    def desk_url(self) -> str:
        """Where tickets are delivered."""
        return f"{self.url}/desk/tickets"

    @property
    def events(self) -> EventLog:
        """What happened, and a way to follow what happens."""
        return self.world.events

    def base_url(self, provider: str) -> str:
        """The address of a provider's API."""
        return f"{self.url}/{provider}"

    def post_complaints_to(self, url: str) -> None:
        """Has every complaint posted to ``url`` from now on."""
        self._post = self._post or ComplaintPost(self.world.note)
        self._post.url = url
        self.world.on_complaint = self._post.post

    def apply(self, entry: dict[str, Any] | str) -> None:
        """Applies one timeline entry without ``at`` at once: a mapping, or YAML or JSON text.

        Raises:
            WorldFileError: with every mistake in it; nothing is applied then.
        """
        text = entry if isinstance(entry, str) else msgspec.json.encode(entry).decode()
        self.world.apply_text(text)

    async def stop(self) -> None:
        """Ends world time and every connection."""
        self._ticking.cancel()
        with suppress(asyncio.CancelledError):
            await self._ticking
        if self._post is not None:
            await self._post.close()
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
        """Lets things happen at their time even when nobody asks."""
        while True:
            self.world.advance()
            due = self.world.next_due()
            await asyncio.sleep(_LONGEST_NAP if due is None else min(due + 0.001, _LONGEST_NAP))


async def start(
    world: World,
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float = 1.0,
    *,
    clock: Callable[[], float] = time.time,
    complaints_url: str | None = None,
) -> Running:
    """Begins the world and serves it; port 0 takes a free one.

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
    bound = runner.addresses[0]
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    running = Running(world, runner, f"http://{shown}:{bound[1]}")
    if complaints_url is not None:
        running.post_complaints_to(complaints_url)
    return running
