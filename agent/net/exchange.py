"""One HTTP exchange with an API: the request, its answer, and the error raised without one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec

from agent.states import PollFailure


class ProviderError(Exception):
    """A request or an answer failed; the only exception a provider raises.

    Attributes:
        kind: The reason, from the closed list.
        detail: One scrubbed sentence that says what was wrong and where.
        retry_after: Seconds to wait, already clamped, where the provider asked for a pause.
    """

    def __init__(self, kind: PollFailure, detail: str, retry_after: float | None = None) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.retry_after = retry_after

    def bare(self) -> "ProviderError":
        """The same failure without the frames it went through, for whoever keeps it.

        Those hold what was read of the answer, which may be megabytes.
        """
        return type(self)(self.kind, self.detail, self.retry_after)


@dataclass(frozen=True)
class RateLimit:
    """At most ``requests`` of an account in any stretch of ``seconds``, as its provider says."""

    requests: int
    seconds: float
    scope: str = ""
    """What is counted together: empty for all requests, or the name of an operation."""


class Request(msgspec.Struct, frozen=True):
    """One read request, before it is signed.

    A struct, because each is changed a few times on its way, by ``msgspec.structs.replace``.

    ``sign`` is applied to every attempt anew, so that timestamps and nonces are fresh. ``accept``
    lists the error statuses that are returned as answers instead of being raised.
    """

    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""
    sign: "Callable[[Request], Request] | None" = None
    accept: frozenset[int] = frozenset()
    label: str = ""
    """Names the request in errors, for example ``GET /numbers/{number}``; holds no values."""
    read_error: "Callable[[Answer, ProviderError], ProviderError] | None" = None
    """Returns what the answer of an error status says the failure is."""
    rate_limits: tuple[RateLimit, ...] = ()
    """The provider's limits that this request counts for, beside the account's own."""
    read_success: "Callable[[Answer, str], ProviderError | None] | None" = None
    """Returns the failure that an answer of success reports, if any, so that a request that was
    turned away pauses the account and is sent again like one with an error status; it is given the
    label."""
    is_login: bool = False
    """Its answer holds a token, and it may hold a password: neither is recorded."""
    mapped: frozenset[str] | None = None
    """The keys of the answer that are read, and that evidence may show; ``None``: not known."""
    is_paid: bool = False
    """It costs money, perhaps even when it fails: polling does not send it again."""


@dataclass(frozen=True)
class Answer:
    """One complete answer, decompressed and within the size limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    charset: str | None
    """The charset named by Content-Type, if any."""
    age: float = 0.0
    """Seconds by which it was made before it was asked for (:mod:`agent.net.answer_age`)."""


Fetch = Callable[[Request], Awaitable[Answer]]
"""Sends one request; raises only :class:`ProviderError`, and lets cancellation through."""
