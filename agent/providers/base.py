"""What a provider is: typed partial facts in, one kind of error out.

A provider reads one account at one management API. It never retries, sleeps, logs or counts:
every request it makes goes through the :class:`Fetch` it was given, and polling wraps that in
the account's rate budget, concurrency limit and retries.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agent.model import Balance, Binding, Call, Listing, Routing
from agent.states import Capability, PollFailure


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


class Provider(Protocol):
    """One account at one management API; read operations only.

    Every method raises :class:`ProviderError` when it cannot give a complete, well-formed
    answer. A method outside ``capabilities`` is never called.
    """

    name: str
    capabilities: frozenset[Capability]
    fan_out: frozenset[Capability]
    """Those capabilities that cost one request for every number (routing, most often)."""

    async def numbers(self) -> Listing:
        """The complete listing of the account's numbers."""
        ...

    async def routing(self, numbers: Sequence[str]) -> Mapping[str, Routing]:
        """The routing of the given numbers; a number the provider does not know is left out."""
        ...

    async def reachability(self, numbers: Sequence[str]) -> Mapping[str, tuple[Binding, ...]]:
        """The bound phones of the given numbers and what is known of each."""
        ...

    async def balance(self) -> Balance:
        """What is left on the account."""
        ...

    async def calls(self, since: float) -> tuple[Call, ...]:
        """Call records that started at or after ``since`` (epoch seconds)."""
        ...
