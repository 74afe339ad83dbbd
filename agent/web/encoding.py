"""JSON answers."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """``value`` as JSON, even if some text in it has no UTF-8 form."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=True).encode()


def json_response(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An answer that holds ``value``, which must be small."""
    return _response(encode(value), status, headers)


async def large_json_response(value: Any) -> web.Response:
    """An answer that holds ``value``, encoded in a thread."""
    return _response(await asyncio.to_thread(encode, value), 200, None)


def _response(body: bytes, status: int, headers: Mapping[str, str] | None) -> web.Response:
    return web.Response(
        body=body, status=status, headers=headers, content_type="application/json", charset="utf-8"
    )
