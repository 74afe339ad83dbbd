"""A request's body, read whole within bounds of size and time."""

import asyncio

from aiohttp import web

from agent.webhooks.admission import Held

_CHUNK = 64 * 1024
SECONDS = 10.0
"""A body that takes longer to arrive is not waited for."""


class BodyTooLargeError(Exception):
    """The body is larger than it may be."""


class BodyTimeoutError(Exception):
    """The body does not arrive."""


async def read_body(request: web.Request, most: int, held: Held) -> bytes:
    """The decoded body, at most ``most`` bytes of it.

    Raises:
        TooLarge: as soon as it is larger.
        TooSlow: when it is not here in time, or breaks off.
        Overloaded: when other bodies take up the room.
    """
    if (request.content_length or 0) > most:
        raise BodyTooLargeError
    chunks: list[bytes] = []
    try:
        async with asyncio.timeout(SECONDS):
            while chunk := await request.content.read(_CHUNK):
                held.add(len(chunk))
                if held.bytes > most:
                    raise BodyTooLargeError
                chunks.append(chunk)
    except (TimeoutError, web.RequestPayloadError, ConnectionError) as error:
        raise BodyTimeoutError from error
    return b"".join(chunks)
