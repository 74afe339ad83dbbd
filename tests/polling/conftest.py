"""A provider of a few lines behind a real HTTP server that answers as it is told."""

import asyncio
import json
from collections.abc import Callable

import pytest
from aiohttp import web

from agent.model import Balance, Binding, Call, Listing, Number, Routing
from agent.providers.base import ProviderError, Request
from agent.providers.http import Door, DoorLimits
from agent.states import CallResult, Capability, NumberState, PollFailure

Handler = Callable[[web.Request], object]


class Desk:
    """A server whose answers can be changed while it runs; remembers when it was asked."""

    def __init__(self):
        self.answers = {}
        self.times = []
        self.paths = []
        self.under_way = 0
        self.most_under_way = 0
        self.url = ""

    async def handle(self, request):
        self.times.append(asyncio.get_running_loop().time())
        self.paths.append(request.path_qs)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            answer = self.answers.get(request.path, {})
            if callable(answer):
                answer = answer(request)
                if asyncio.iscoroutine(answer):
                    answer = await answer
            if isinstance(answer, web.StreamResponse):
                return answer
            return web.json_response(answer)
        finally:
            self.under_way -= 1


@pytest.fixture
async def desk(aiohttp_server):
    desk = Desk()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", desk.handle)
    server = await aiohttp_server(app, shutdown_timeout=0.1)
    desk.url = str(server.make_url("")).rstrip("/")
    return desk


@pytest.fixture
async def door():
    door = Door(DoorLimits(request_timeout=2.0, connections=0), egress_allow=["127.0.0.0/8"])
    yield door
    await door.close()


class WireProvider:
    """Reads one account over the wire in the plainest way there is."""

    def __init__(self, fetch, url, capabilities=frozenset(Capability), fan_out=("routing",)):
        self.name = "north"
        self.capabilities = frozenset(capabilities)
        self.fan_out = frozenset(map(Capability, fan_out))
        self._fetch = fetch
        self._url = url

    async def _get(self, path):
        answer = await self._fetch(Request("GET", self._url + path))
        try:
            return json.loads(answer.body)
        except ValueError as error:
            raise ProviderError(PollFailure.DECODE, "not JSON") from error

    async def numbers(self):
        told = await self._get("/numbers")
        return Listing(tuple(Number(name, NumberState(state)) for name, state in told.items()))

    async def routing(self, numbers):
        tasks = [asyncio.create_task(self._get(f"/routing/{number}")) for number in numbers]
        try:
            found = await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            raise
        return {
            number: Routing(wait_seconds=told["wait"])
            for number, told in zip(numbers, found, strict=True)
            if told
        }

    async def reachability(self, numbers):
        told = await self._get("/bindings")
        return {
            number: tuple(Binding(phone, phone) for phone in told[number])
            for number in numbers
            if number in told
        }

    async def balance(self):
        return Balance(**await self._get("/balance"))

    async def calls(self, since):
        told = await self._get(f"/calls?since={since}")
        return tuple(Call(i, n, at, CallResult(r)) for i, n, at, r in told)
