import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from agent.config.secret import Secret
from agent.config.settings import Account, Polling, ProviderSettings
from agent.net.exchange import ProviderError, Request
from agent.net.http_client import HttpClient, HttpClientLimits
from agent.providers.base import AdapterReports
from agent.providers.registry import build

LOOPBACK = ("127.0.0.0/8", "::1/128")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """A real HTTP server whose answers the test decides."""

    url: str
    requests: list[web.BaseRequest] = field(default_factory=list)


@contextlib.asynccontextmanager
async def serving(handler: Handler, ssl_context=None) -> AsyncIterator[Server]:
    server = Server("")

    async def note(request: web.Request) -> web.StreamResponse:
        server.requests.append(request)
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", note)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl_context)
    await site.start()
    scheme = "https" if ssl_context else "http"
    server.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def raw_server(talk) -> AsyncIterator[str]:
    """A server below HTTP: ``talk(reader, writer)`` is called once the request's head was read."""
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for talking in talks:
            talking.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


@contextlib.asynccontextmanager
async def open_client(allow=LOOPBACK, ca_file=None, **limits) -> AsyncIterator[HttpClient]:
    # Long enough for a loaded machine; who waits for a timeout says a short one.
    limits = {"connect_timeout": 10.0, "request_timeout": 30.0, **limits}
    client = HttpClient(HttpClientLimits(**limits), egress_allow=allow, ca_file=ca_file)
    try:
        yield client
    finally:
        await client.close()


@dataclass
class ReportCounts:
    """Counts the values and records that an adapter reported as unusable."""

    unmapped: dict[str, int] = field(default_factory=dict)
    invalid: dict[str, int] = field(default_factory=dict)

    def reports(self) -> AdapterReports:
        return AdapterReports(
            lambda name, count: _add(self.unmapped, name, count),
            lambda capability, count: _add(self.invalid, capability.value, count),
        )


def _add(counts: dict[str, int], key: str, count: int) -> None:
    counts[key] = counts.get(key, 0) + count


@dataclass
class Bench:
    """Makes adapters of one account behind a real HTTP client."""

    client: HttpClient
    counts: ReportCounts = field(default_factory=ReportCounts)

    def provider(
        self,
        url,
        profile="generic",
        credentials=None,
        account=None,
        clock=time.time,
        fetch=None,
        **limits,
    ):
        credentials = credentials or {"key": "demo", "secret": "demo-secret"}
        settings = ProviderSettings(
            name="north",
            profile=profile,
            base_url=url,
            accounts=[
                Account(
                    id="hq",
                    credentials={name: Secret(text) for name, text in credentials.items()},
                    **(account or {}),
                )
            ],
        )
        return build(
            settings,
            settings.accounts[0],
            fetch or self.client.fetch,
            Polling(**limits),
            reports=self.counts.reports(),
            clock=clock,
        )


async def fetched(client, url, **request):
    return await client.fetch(Request("GET", url, **request))


async def refused(client, url, **request) -> ProviderError:
    started = time.monotonic()
    with pytest.raises(ProviderError) as caught:
        await fetched(client, url, **request)
    caught.value.took = time.monotonic() - started
    return caught.value


def answering(**response):
    async def handler(_request):
        return web.Response(**response)

    return handler
