"""One HTTP exchange with an API: the request, its answer, and the error that replaces an answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from agent.states import PollFailure


class ProviderError(Exception):
    """A request or an answer failed; the only exception a provider raises.

    ``detail`` is one scrubbed sentence without secrets that says what was wrong and where.
    ``retry_after`` is in seconds, already clamped, where the provider asked for a wait.
    """

    def __init__(self, kind: PollFailure, detail: str, retry_after: float | None = None) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.retry_after = retry_after


@dataclass(frozen=True)
class Request:
    """One read request, before it is signed.

    ``sign`` is applied anew to every attempt, so that timestamps and nonces are fresh.
    ``accept`` lists the error statuses whose body the adapter wants to read itself.
    """

    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    sign: "Callable[[Request], Request] | None" = None
    accept: frozenset[int] = frozenset()
    label: str = ""
    """What is asked, in words that may be shown: no keys, no values filled in."""


@dataclass(frozen=True)
class Answer:
    """One answer, whole, decompressed and within the size cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    charset: str | None
    """The charset the Content-Type names, if any."""


Fetch = Callable[[Request], Awaitable[Answer]]
"""Sends one request; raises :class:`ProviderError` and nothing else but cancellation."""
