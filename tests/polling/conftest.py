"""A scripted provider behind a real HTTP server, and pollers that poll it."""

import pytest
from aiohttp import web

from agent.net.http_client import HttpClient, HttpClientLimits
from tests.polling.polling_bench import Bench, ScriptedServer


@pytest.fixture
async def server(aiohttp_server):
    scripted = ScriptedServer()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", scripted.handle)
    running = await aiohttp_server(app, shutdown_timeout=0.1)
    scripted.url = str(running.make_url("")).rstrip("/")
    return scripted


@pytest.fixture
async def client():
    client = HttpClient(
        HttpClientLimits(request_timeout=2.0, connections=0), egress_allow=["127.0.0.0/8"]
    )
    yield client
    await client.close()


@pytest.fixture
async def bench(server):
    bench = Bench(server)
    yield bench
    await bench.pollers.stop()
