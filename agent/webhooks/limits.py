"""Limits on what is in progress at a webhook: requests, bytes of bodies, seconds for a body.

Beyond the limits senders are asked to come again (503), never to give up.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

MAX_REQUESTS = 64
"""Requests in progress at once."""
MAX_UNPROVEN = 48
"""Requests in progress at once whose senders are proven by the body only."""
MAX_UNPROVEN_OF_A_PEER = 16
"""Those of one peer."""
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
    """Admits requests up to a limit and counts the bytes they hold in memory.

    A request whose sender is not proven before its body is there holds a place only until
    others need it: the one that has been reading for longest makes way. So slow bodies keep
    nobody out, while those of honest senders arrive at once.
    """

    def __init__(self, max_requests: int = MAX_REQUESTS, max_bytes: int = MAX_BYTES) -> None:
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._requests = 0
        self._bytes = 0
        # In the order in which they were admitted.
        self._unproven: dict[RequestSlot, None] = {}

    @contextmanager
    def admit(self, unproven: str = "") -> Iterator["RequestSlot"]:
        """Admit one request until the block ends.

        ``unproven`` names the peer of a request that is proven by its body only; empty where
        the sender is proven already.

        Raises:
            OverloadedError: when too many requests are in progress.
        """
        if unproven:
            self._make_room(unproven)
        if self._requests >= self._max_requests:
            raise OverloadedError(f"{self._requests} requests are in progress")
        slot = RequestSlot(self, unproven)
        self._requests += 1
        if unproven:
            self._unproven[slot] = None
        try:
            yield slot
        finally:
            self._release(slot)

    def reserve(self, slot: "RequestSlot", size: int) -> None:
        """Count ``size`` more bytes for the request in ``slot``.

        Raises:
            OverloadedError: when other requests hold too many bytes. A request that is alone
                may exceed the limit, or a large body could never be accepted.
        """
        while self._exceeds(slot, size) and self._displace(slot):
            pass
        if self._exceeds(slot, size):
            raise OverloadedError(f"{self._bytes} bytes are in progress")
        self._bytes += size
        slot.bytes += size

    def _exceeds(self, slot: "RequestSlot", size: int) -> bool:
        return self._bytes + size > self._max_bytes and self._bytes > slot.bytes

    def _make_room(self, peer: str) -> None:
        of_peer = sum(slot.peer == peer for slot in self._unproven)
        if of_peer >= MAX_UNPROVEN_OF_A_PEER and not self._displace(peer=peer):
            raise OverloadedError(f"{of_peer} requests from this address are in progress")
        if len(self._unproven) >= MAX_UNPROVEN and not self._displace():
            raise OverloadedError(f"{len(self._unproven)} unproven requests are in progress")

    def _displace(self, beside: "RequestSlot | None" = None, peer: str = "") -> bool:
        """End the oldest request that still reads its body; whether there was one."""
        for slot in self._unproven:
            if slot is not beside and peer in ("", slot.peer) and slot.end_reading():
                self._release(slot)
                return True
        return False

    def _release(self, slot: "RequestSlot") -> None:
        if slot.is_released:
            return
        slot.is_released = True
        self._unproven.pop(slot, None)
        self._requests -= 1
        self._bytes -= slot.bytes


class RequestSlot:
    """The share of one admitted request in the limits."""

    def __init__(self, limiter: RequestLimiter, peer: str = "") -> None:
        self.bytes = 0
        self.peer = peer
        """The peer of an unproven request; empty for others."""
        self.is_released = False
        self.deadline: asyncio.Timeout | None = None
        """When the body must be there; ``None`` while it is not being read."""
        self._limiter = limiter

    def reserve(self, size: int) -> None:
        """Count ``size`` more bytes; raises OverloadedError when other requests hold too many."""
        self._limiter.reserve(self, size)

    def end_reading(self) -> bool:
        """Let the body be late at once; whether it was being read."""
        if self.deadline is None:
            return False
        self.deadline.reschedule(0)
        self.deadline = None
        return True


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
        async with asyncio.timeout(BODY_TIMEOUT) as slot.deadline:
            while chunk := await request.content.read(_CHUNK):
                # Content-Length is of the compressed body, so every chunk is counted as well.
                slot.reserve(len(chunk))
                if slot.bytes > max_bytes:
                    raise BodyTooLargeError
                chunks.append(chunk)
    except (TimeoutError, web.RequestPayloadError, ConnectionError) as error:
        raise BodyTimeoutError from error
    finally:
        slot.deadline = None
    return b"".join(chunks)
