"""Faulty HTTP responses, one handler for every kind of fault."""

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import cache

from aiohttp import web

from agent.simulator import corruption
from agent.simulator.actions import PAGE_FAULTS, FaultKind, FaultPlan
from agent.simulator.dialects.base import ApiResponse, Pager

_JSON = "application/json"
_DRIP_SECONDS = 0.5
_SKEW_SECONDS = 900.0
_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Exchange:
    """One request that met a fault, with everything the fault may need."""

    request: web.Request
    fault: FaultPlan
    answer: Callable[[Pager], ApiResponse]
    """The true answer, its pages cut by the pager."""
    error: Callable[[int], ApiResponse]
    """The API's own error answer for a status."""
    rng: random.Random
    now: float
    """Wall time in epoch seconds."""


FaultHandler = Callable[[Exchange], Awaitable[web.StreamResponse]]


def respond(reply: ApiResponse) -> web.Response:
    """A reply as it is sent when nothing is wrong."""
    return web.Response(
        body=corruption.encode(reply.payload),
        status=reply.status,
        headers=reply.headers,
        content_type=_JSON,
    )


async def respond_with_fault(exchange: Exchange) -> web.StreamResponse:
    """The answer of a provider that has a fault."""
    if exchange.fault.kind in PAGE_FAULTS:
        return respond(exchange.answer(Pager(exchange.fault.kind)))
    return await HANDLERS[exchange.fault.kind](exchange)


async def _http_500(_exchange: Exchange) -> web.StreamResponse:
    page = "<html><body><h1>500 Internal Server Error</h1></body></html>"
    return web.Response(status=500, text=page, content_type="text/html")


async def _http_429(exchange: Exchange) -> web.StreamResponse:
    response = respond(exchange.error(429))
    response.headers["Retry-After"] = str(exchange.fault.retry_after)
    return response


async def _auth(exchange: Exchange) -> web.StreamResponse:
    return respond(exchange.error(401))


async def _error_200(exchange: Exchange) -> web.StreamResponse:
    reply = exchange.error(200)
    return respond(ApiResponse(reply.payload, 200))


async def _redirect(exchange: Exchange) -> web.StreamResponse:
    """To another origin that is really there, so that a client which follows is seen."""
    url = exchange.request.url
    other = "localhost" if url.host == "127.0.0.1" else "127.0.0.1"
    target = url.with_host(other).with_path("/elsewhere")
    return web.Response(status=302, headers={"Location": str(target)})


async def _hang(exchange: Exchange) -> web.StreamResponse:
    """Holds the connection, half the time after the headers, until the client lets go."""
    response = web.StreamResponse(headers={"Content-Type": _JSON, "Content-Length": "65536"})
    if exchange.rng.random() < 0.5:  # noqa: PLR2004 - half the time
        await response.prepare(exchange.request)
    await asyncio.Event().wait()
    return response


async def _send_headers(exchange: Exchange) -> tuple[web.StreamResponse, bytes]:
    """The true answer's headers sent, its body not yet."""
    reply = exchange.answer(Pager())
    body = corruption.encode(reply.payload)
    response = web.StreamResponse(status=reply.status, headers={"Content-Type": _JSON})
    response.content_length = len(body)
    await response.prepare(exchange.request)
    return response, body


async def _drip(exchange: Exchange) -> web.StreamResponse:
    response, body = await _send_headers(exchange)
    for index in range(len(body)):
        await response.write(body[index : index + 1])
        await asyncio.sleep(_DRIP_SECONDS)
    await response.write_eof()
    return response


async def _reset(exchange: Exchange) -> web.StreamResponse:
    """Closes the socket with RST: no lingering, nothing sent."""
    transport = exchange.request.transport
    if transport is not None:
        plug = transport.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
    return web.Response()


async def _truncate(exchange: Exchange) -> web.StreamResponse:
    """Promises the whole body, sends half of it and closes."""
    response, body = await _send_headers(exchange)
    await response.write(body[: len(body) // 2])
    if exchange.request.transport is not None:
        exchange.request.transport.close()
    return response


async def _bad_json(exchange: Exchange) -> web.StreamResponse:
    body = corruption.bad_json(corruption.encode(exchange.answer(Pager()).payload))
    return web.Response(body=body, content_type=_JSON)


async def _wrong_type(exchange: Exchange) -> web.StreamResponse:
    reply = exchange.answer(Pager())
    return respond(ApiResponse(corruption.wrong_type(reply.payload), reply.status))


async def _gbk(exchange: Exchange) -> web.StreamResponse:
    """Half the time the header says so, half the time it says nothing."""
    body = corruption.gbk(exchange.answer(Pager()).payload)
    declares_charset = exchange.rng.random() < 0.5  # noqa: PLR2004 - half the time
    return web.Response(body=body, content_type=_JSON, charset="gbk" if declares_charset else None)


async def _clock_skew(exchange: Exchange) -> web.StreamResponse:
    response = respond(exchange.answer(Pager()))
    response.headers["Date"] = formatdate(exchange.now + _SKEW_SECONDS, usegmt=True)
    return response


@cache
def _bomb() -> bytes:
    return corruption.make_gzip_bomb()


async def _gzip_bomb(exchange: Exchange) -> web.StreamResponse:
    body = await asyncio.to_thread(_bomb)
    headers = {"Content-Type": _JSON, "Content-Encoding": "gzip"}
    response = web.StreamResponse(headers=headers)
    response.content_length = len(body)
    await response.prepare(exchange.request)
    for chunk in corruption.chunks(body):
        await response.write(chunk)
    await response.write_eof()
    return response


HANDLERS: Mapping[FaultKind, FaultHandler] = {
    FaultKind.HTTP_500: _http_500,
    FaultKind.HTTP_429: _http_429,
    FaultKind.HANG: _hang,
    FaultKind.DRIP: _drip,
    FaultKind.RESET: _reset,
    FaultKind.TRUNCATE: _truncate,
    FaultKind.BAD_JSON: _bad_json,
    FaultKind.WRONG_TYPE: _wrong_type,
    FaultKind.ERROR_200: _error_200,
    FaultKind.REDIRECT: _redirect,
    FaultKind.GZIP_BOMB: _gzip_bomb,
    FaultKind.AUTH: _auth,
    FaultKind.CLOCK_SKEW: _clock_skew,
    FaultKind.GBK: _gbk,
}
