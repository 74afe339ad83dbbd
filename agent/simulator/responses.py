"""Faulty HTTP responses: one handler for every kind of fault, and the bodies that they send."""

import asyncio
import random
import re
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import cache
from typing import Any

import msgspec
from aiohttp import web

from agent.simulator.actions import PAGE_FAULTS, FaultKind, FaultPlan
from agent.simulator.dialects.base import ApiResponse, Pager

_JSON = "application/json"
_DRIP_SECONDS = 0.5
_SKEW_SECONDS = 900.0
_NO_LINGER = struct.pack("ii", 1, 0)
_DECIMAL = re.compile(r"-?\d+\.\d+")
_COMPANY = "北京示例科技有限公司"
_BOMB_PIECE = b" " * (1 << 20)
_BOMB_PIECES = 544
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

NEW_WORD = "quite-new"
NEW_NUMBER = 977
"""What stands for a word that no document has."""

GZIP_BOMB_SIZE = _BOMB_PIECES * len(_BOMB_PIECE)
"""The size of the inflated gzip bomb in bytes."""


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
    words: frozenset[str] = frozenset()
    """The keys of the answer whose values are words of a list."""


FaultHandler = Callable[[Exchange], Awaitable[web.StreamResponse]]


def respond(reply: ApiResponse) -> web.Response:
    """The HTTP response for ``reply`` when no fault applies."""
    return web.Response(
        body=msgspec.json.encode(reply.payload),
        status=reply.status,
        headers=reply.headers,
        content_type=_JSON,
    )


async def respond_with_fault(exchange: Exchange) -> web.StreamResponse:
    """The HTTP response of a provider or desk that has a fault."""
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
    """Redirect to another origin that exists, so that a client that follows is counted."""
    url = exchange.request.url
    other = "localhost" if url.host == "127.0.0.1" else "127.0.0.1"
    target = url.with_host(other).with_path("/elsewhere")
    return web.Response(status=302, headers={"Location": str(target)})


async def _hang(exchange: Exchange) -> web.StreamResponse:
    """Hold the connection, half the time after the headers, until the client closes it."""
    response = web.StreamResponse(headers={"Content-Type": _JSON, "Content-Length": "65536"})
    if exchange.rng.random() < 0.5:  # noqa: PLR2004 - half the time
        await response.prepare(exchange.request)
    await asyncio.Event().wait()
    return response


async def _send_headers(exchange: Exchange) -> tuple[web.StreamResponse, bytes]:
    """Send the headers of the true answer; return the response and the body still to send."""
    reply = exchange.answer(Pager())
    body = msgspec.json.encode(reply.payload)
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
    """Close the socket with RST: no lingering, nothing sent."""
    transport = exchange.request.transport
    if transport is not None:
        client_socket = transport.get_extra_info("socket")
        client_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
    return web.Response()


async def _truncate(exchange: Exchange) -> web.StreamResponse:
    """Announce the whole body, send half of it and close."""
    response, body = await _send_headers(exchange)
    await response.write(body[: len(body) // 2])
    if exchange.request.transport is not None:
        exchange.request.transport.close()
    return response


async def _bad_json(exchange: Exchange) -> web.StreamResponse:
    body = corrupt_json(msgspec.json.encode(exchange.answer(Pager()).payload))
    return web.Response(body=body, content_type=_JSON)


async def _wrong_type(exchange: Exchange) -> web.StreamResponse:
    reply = exchange.answer(Pager())
    return respond(ApiResponse(replace_types(reply.payload), reply.status))


async def _gbk(exchange: Exchange) -> web.StreamResponse:
    """Encode the body as GBK; half of the answers declare the charset, half do not."""
    body = encode_gbk(exchange.answer(Pager()).payload)
    declares_charset = exchange.rng.random() < 0.5  # noqa: PLR2004 - half the time
    return web.Response(body=body, content_type=_JSON, charset="gbk" if declares_charset else None)


async def _clock_skew(exchange: Exchange) -> web.StreamResponse:
    response = respond(exchange.answer(Pager()))
    response.headers["Date"] = formatdate(exchange.now + _SKEW_SECONDS, usegmt=True)
    return response


@cache
def _bomb() -> bytes:
    return make_gzip_bomb()


async def _gzip_bomb(exchange: Exchange) -> web.StreamResponse:
    body = await asyncio.to_thread(_bomb)
    headers = {"Content-Type": _JSON, "Content-Encoding": "gzip"}
    response = web.StreamResponse(headers=headers)
    response.content_length = len(body)
    await response.prepare(exchange.request)
    for chunk in chunks(body):
        await response.write(chunk)
    await response.write_eof()
    return response


async def _new_word(exchange: Exchange) -> web.StreamResponse:
    reply = exchange.answer(Pager())
    return respond(ApiResponse(replace_words(reply.payload, exchange.words), reply.status))


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
    FaultKind.NEW_WORD: _new_word,
}


def replace_words(payload: object, keys: frozenset[str]) -> object:
    """``payload`` with a new word, or a new number, at every one of ``keys``."""
    return _with_new_words(msgspec.to_builtins(payload), keys)


def _with_new_words(value: Any, keys: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_with_new_words(item, keys) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _new(item) if key in keys else _with_new_words(item, keys)
        for key, item in value.items()
    }


def _new(value: Any) -> Any:
    """The new word in place of ``value``; switches and what is absent stay."""
    if isinstance(value, str):
        return NEW_WORD
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return NEW_NUMBER if is_number else value


def corrupt_json(body: bytes) -> bytes:
    """JSON cut off after two thirds and continued as HTML."""
    return body[: max(1, len(body) * 2 // 3)] + b"<html>,,}"


def replace_types(payload: object) -> object:
    """Text where numbers and objects are expected; the envelope stays intact."""
    plain = msgspec.to_builtins(payload)
    if not isinstance(plain, dict):
        return "object"
    return {
        key: value if isinstance(value, bool | int) else _wrong(value)
        for key, value in plain.items()
    }


def _wrong(value: Any, depth: int = 0) -> Any:
    if isinstance(value, bool) or value is None:
        return "perhaps"
    if isinstance(value, int | float) or (isinstance(value, str) and _DECIMAL.fullmatch(value)):
        return "many"
    if isinstance(value, list):
        return ["object" if isinstance(item, dict) else _wrong(item) for item in value]
    if isinstance(value, dict) and depth:
        return "object"
    if isinstance(value, dict):
        return {key: _wrong(item, depth + 1) for key, item in value.items()}
    return value


def encode_gbk(payload: object) -> bytes:
    """The answer in GBK, with Chinese text wherever the API has a company or a message."""
    plain = _chinese(msgspec.to_builtins(payload))
    return msgspec.json.encode(plain).decode().encode("gbk", "replace")


def _chinese(value: Any) -> Any:
    if isinstance(value, list):
        return [_chinese(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _chinese_value(key, item) for key, item in value.items()}


def _chinese_value(key: str, value: Any) -> Any:
    if key in {"company", "friendly_name"}:
        return value if isinstance(value, str) and not value.isascii() else _COMPANY
    return "成功" if key == "message" and value == "ok" else _chinese(value)


def _pieces() -> tuple[bytes, bytes]:
    """One compressed mebibyte, and the end of the stream."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = deflate.compress(_BOMB_PIECE) + deflate.flush(zlib.Z_FULL_FLUSH)
    return piece, deflate.flush(zlib.Z_FINISH)


def make_gzip_bomb(pieces: int = _BOMB_PIECES) -> bytes:
    """A small gzip stream that inflates to more than 512 MiB (docs/reference/reliability.md §1).

    A mebibyte of blanks is compressed once and flushed to a byte boundary; the stream is that
    piece over and over, so that neither making nor sending it takes memory.
    """
    piece, end = _pieces()
    checksum = 0
    for _ in range(pieces):
        checksum = zlib.crc32(_BOMB_PIECE, checksum)
    trailer = struct.pack("<II", checksum, pieces * len(_BOMB_PIECE))
    return _GZIP_HEADER + piece * pieces + end + trailer


def chunks(bomb: bytes, size: int = 16384) -> Iterator[bytes]:
    """The stream cut into chunks of ``size`` bytes."""
    for start in range(0, len(bomb), size):
        yield bomb[start : start + size]
