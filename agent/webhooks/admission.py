"""How much may wait at a hook: beyond it senders are asked to come again, never to give up."""

from collections.abc import Iterator
from contextlib import contextmanager

MOST_REQUESTS = 64
"""Requests under way at once."""
MOST_BYTES = 16 * 1024 * 1024
"""Bytes of their bodies together; a single body may be larger than that."""


class OverloadedError(Exception):
    """Too much is under way already."""


class Admission:
    """Lets requests in up to a bound, and counts what they hold."""

    def __init__(self, most_requests: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES) -> None:
        self._most_requests = most_requests
        self._most_bytes = most_bytes
        self._requests = 0
        self._bytes = 0

    @contextmanager
    def one(self) -> Iterator["Held"]:
        """Let one request in until the block ends.

        Raises:
            Overloaded: when too many are under way.
        """
        if self._requests >= self._most_requests:
            raise OverloadedError(f"{self._requests} requests are under way")
        self._requests += 1
        held = Held(self)
        try:
            yield held
        finally:
            self._requests -= 1
            self._bytes -= held.bytes

    def hold(self, held: "Held", size: int) -> None:
        """Count ``size`` more bytes.

        Raises:
            Overloaded: when others hold too many.
        """
        if self._bytes + size > self._most_bytes and self._bytes > held.bytes:
            raise OverloadedError(f"{self._bytes} bytes are under way")
        self._bytes += size
        held.bytes += size


class Held:
    """What one request holds."""

    def __init__(self, admission: Admission) -> None:
        self.bytes = 0
        self._admission = admission

    def add(self, size: int) -> None:
        """Count ``size`` more bytes; raises :class:`OverloadedError` when others hold too many."""
        self._admission.hold(self, size)
