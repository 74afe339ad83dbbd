"""A scripted provider behind a real HTTP server, and pollers that poll it."""

import pytest
from aiohttp import web

from agent.net.http_client import HttpClient, HttpClientLimits
from tests.polling.polling_bench import Bench, Desk


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
    door = HttpClient(
        HttpClientLimits(request_timeout=2.0, connections=0), egress_allow=["127.0.0.0/8"]
    )
    yield door
    await door.close()


@pytest.fixture
async def bench(desk):
    bench = Bench(desk)
    yield bench
    await bench.pollers.stop()
