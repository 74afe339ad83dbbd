"""What a sink is: takes one delivery at a time, or says why it did not."""

from enum import StrEnum, unique
from typing import Protocol

from agent.tickets.outbox import Row


@unique
class SinkFailure(StrEnum):
    """Why a delivery failed: the closed list behind ``numwatch_sink_failures_total{reason}``."""

    TIMEOUT = "timeout"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TLS_EXPIRED = "tls_expired"
    EGRESS_DENIED = "egress_denied"
    PROTOCOL = "protocol"
    REDIRECT = "redirect"
    RATE_LIMITED = "rate_limited"
    AUTH = "auth"
    GONE = "gone"
    HTTP_4XX = "http_4xx"
    HTTP_5XX = "http_5xx"
    INTERNAL = "internal"


class SinkError(Exception):
    """A delivery failed.

    ``detail`` is one scrubbed sentence without secrets. A ``permanent`` failure is not tried
    again. ``retry_after`` is the wait the receiver asked for, in seconds and clamped.
    """

    def __init__(
        self,
        reason: SinkFailure,
        detail: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.permanent = permanent
        self.retry_after = retry_after


class Pace(Protocol):
    """How failed deliveries to one sink are tried again; durations in seconds."""

    @property
    def retry_first(self) -> float:
        """The first wait."""

    @property
    def retry_longest(self) -> float:
        """The longest wait."""

    @property
    def give_up_after(self) -> float:
        """How long after its first attempt a delivery goes to the dead letters."""


class Sink(Protocol):
    """A system that receives tickets."""

    name: str
    pace: Pace

    async def deliver(self, row: Row, now: float) -> None:
        """Send one delivery and return once it was taken.

        Raises:
            SinkError: when it was not, or when that is not known; nothing else but
                cancellation.
        """

    async def close(self) -> None:
        """Let go of connections."""
