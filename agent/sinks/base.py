"""What a sink is: takes one delivery at a time, or says why it did not."""

from collections.abc import Sequence
from enum import StrEnum, unique
from typing import Protocol, runtime_checkable

import msgspec

from agent.sinks.remote_ticket import RemoteState, RemoteTicket
from agent.tickets.outbox.outbox import Row

__all__ = [
    "Digesting",
    "Pace",
    "RemoteState",
    "RemoteTicket",
    "Sink",
    "SinkError",
    "SinkFailure",
    "Window",
]


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
    API_ERROR = "api_error"
    """The answer says HTTP 200 and tells of an error."""
    UNCERTAIN = "uncertain"
    """Whether the ticket was made is not known yet."""
    SEARCH_GONE = "search_gone"
    """The system no longer has the search that keeps tickets from being made twice."""
    UNOPENED = "unopened"
    """The end of a ticket that was never made there."""
    INTERNAL = "internal"


class SinkError(Exception):
    """A delivery failed.

    Args:
        reason: Why, from the closed list.
        detail: One scrubbed sentence without secrets.
        permanent: It is of no use to try again.
        retry_after: The wait the receiver asked for, in seconds and clamped.
        ambiguous: It may have been taken all the same.
        hold: The sink as a whole is set up wrongly, which its operator has to mend; deliveries
            are held for that long instead of given up.
    """

    def __init__(
        self,
        reason: SinkFailure,
        detail: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        ambiguous: bool = False,
        hold: bool = False,
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.permanent = permanent
        self.retry_after = retry_after
        self.ambiguous = ambiguous
        self.hold = hold


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


class Window(msgspec.Struct, frozen=True):
    """At most ``count`` deliveries in any ``seconds``."""

    count: int
    seconds: float


class Sink(Protocol):
    """A system that receives tickets."""

    name: str
    pace: Pace
    windows: Sequence[Window]
    """How much the system takes in how long; empty when that is not known."""

    async def deliver(self, row: Row, now: float) -> None:
        """Send one delivery and return once it was taken.

        Raises:
            SinkError: when it was not, or when that is not known; nothing else but
                cancellation.
        """

    async def look_up(self, ticket_id: str) -> RemoteTicket:
        """How one of our tickets stands in that system; never raises but for cancellation.

        ``UNKNOWN`` where the system cannot be asked: a webhook, a pager, a chat.
        """

    async def close(self) -> None:
        """Let go of connections."""


@runtime_checkable
class Digesting(Protocol):
    """A sink that can tell of many tickets at once: a chat."""

    digest_from: int
    """So many tickets waiting are told in one message."""

    async def deliver_together(self, rows: Sequence[Row], now: float) -> None:
        """Send one message of all ``rows``; each ticket's are in order, its newest counts.

        Raises:
            SinkError: when it was not taken, or when that is not known.
        """
