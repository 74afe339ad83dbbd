"""The requests that a simulated provider received: what a client really sent."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agent.simulator.dialects.base import ApiRequest, Dialect

_MOST: Final = 5000
"""Requests that are remembered, the newest."""


@dataclass(frozen=True)
class ReceivedRequest:
    """One request, whatever was answered."""

    at: float
    """Seconds of a monotonic clock: how close requests follow is never world time."""
    account: str
    """The account it claims to come from; empty if none."""
    capability: str
    """Empty if it belongs to none."""
    operation: str
    is_read: bool
    """Whether the dialect lists the operation among those that only read."""


class RequestLog:
    """The newest requests of one provider, the oldest first."""

    def __init__(self) -> None:
        self._requests: deque[ReceivedRequest] = deque(maxlen=_MOST)

    def __iter__(self) -> Iterator[ReceivedRequest]:
        return iter(self._requests)

    def __len__(self) -> int:
        return len(self._requests)

    def add(self, dialect: Dialect, request: ApiRequest, account: str) -> None:
        """Remember ``request``, which arrives now."""
        operation = dialect.operation(request)
        self._requests.append(
            ReceivedRequest(
                at=time.monotonic(),
                account=account,
                capability=dialect.capability(request) or "",
                operation=operation,
                is_read=operation in dialect.reads,
            )
        )

    def clear(self) -> None:
        """Forget all of them."""
        self._requests.clear()
