"""Limits on what is in progress at a webhook: requests, bytes of bodies, seconds for a body.

Beyond the limits senders are asked to come again (503), never to give up.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

MAX_REQUESTS = 64
"""Requests in progress at once."""
MAX_BYTES = 16 * 1024 * 1024
"""Bytes of their bodies in total; a single body may be larger than that."""
BODY_TIMEOUT = 10.0
"""Seconds within which a whole body must arrive."""
_CHUNK = 64 * 1024


class OverloadedError(Exception):
    """Too many requests or bytes are in progress already."""


class BodyTooLargeError(Exception):
    """The body is larger than allowed."""


class BodyTimeoutError(Exception):
    """The body did not arrive whole in time."""


class RequestLimiter:
    """Admits requests up to a limit and counts the bytes they hold in memory."""

    def __init__(self, max_requests: int = MAX_REQUESTS, max_bytes: int = MAX_BYTES) -> None:
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._requests = 0
        self._bytes = 0

    @contextmanager
    def admit(self) -> Iterator["RequestSlot"]:
        """Admit one request until the block ends.

        Raises:
            OverloadedError: when too many requests are in progress.
        """
        if self._requests >= self._max_requests:
            raise OverloadedError(f"{self._requests} requests are under way")
        self._requests += 1
        slot = RequestSlot(self)
        try:
            yield slot
        finally:
            self._requests -= 1
            self._bytes -= slot.bytes

    def reserve(self, slot: "RequestSlot", size: int) -> None:
        """Count ``size`` more bytes for the request in ``slot``.

        Raises:
            OverloadedError: when other requests hold too many bytes. A request that is alone
                may exceed the limit, or a large body could never be taken.
        """
        if self._bytes + size > self._max_bytes and self._bytes > slot.bytes:
            raise OverloadedError(f"{self._bytes} bytes are under way")
        self._bytes += size
        slot.bytes += size


class RequestSlot:
    """The share of one admitted request in the limits."""

    def __init__(self, limiter: RequestLimiter) -> None:
        self.bytes = 0
        self._limiter = limiter

    def reserve(self, size: int) -> None:
        """Count ``size`` more bytes; raises OverloadedError when other requests hold too many."""
        self._limiter.reserve(self, size)


async def read_body(request: web.Request, max_bytes: int, slot: RequestSlot) -> bytes:
    """The decompressed body of ``request``, at most ``max_bytes`` long.

    Raises:
        BodyTooLargeError: as soon as it is longer.
        BodyTimeoutError: when it does not arrive in time, or the connection breaks.
        OverloadedError: when the bodies of other requests hold too many bytes.
    """
    if (request.content_length or 0) > max_bytes:
        raise BodyTooLargeError
    chunks: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            while chunk := await request.content.read(_CHUNK):
                # Content-Length is of the compressed body, so every chunk is counted as well.
                slot.reserve(len(chunk))
                if slot.bytes > max_bytes:
                    raise BodyTooLargeError
                chunks.append(chunk)
    except (TimeoutError, web.RequestPayloadError, ConnectionError) as error:
        raise BodyTimeoutError from error
    return b"".join(chunks)
