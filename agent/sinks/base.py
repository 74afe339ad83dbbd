"""The interface of a sink: deliveries, failures, rate limits, the status of a ticket."""

from collections.abc import Sequence
from enum import StrEnum, unique
from typing import Protocol, runtime_checkable

import msgspec

from agent.tickets.outbox.rows import Row


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
    """The answer is HTTP 200 and its body reports an error."""
    UNCERTAIN = "uncertain"
    """An earlier attempt may have created the ticket; a search will show it after a while."""
    SEARCH_GONE = "search_gone"
    """The system no longer offers the search that prevents duplicate tickets."""
    UNOPENED = "unopened"
    """The end of a ticket that was never created in the system."""
    TEMPLATE = "template"
    """The provider refuses the template or the signature of a message."""
    BALANCE = "balance"
    """The account that messages are paid from is empty."""
    RECEIVER = "receiver"
    """The receiver of a message cannot be reached: no such phone, or it wants no messages."""
    INTERNAL = "internal"


class SinkError(Exception):
    """A delivery failed.

    Args:
        reason: Why, from the closed list.
        detail: One scrubbed sentence without secrets.
        permanent: Whether every further attempt would fail in the same way.
        retry_after: The wait that the receiver asked for, in seconds and clamped.
        ambiguous: Whether the receiver may have accepted the delivery all the same.
        hold: Whether the settings of the sink as a whole are wrong, so that its operator has to
            correct them; deliveries then wait instead of becoming dead letters.
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


@unique
class RemoteState(StrEnum):
    """The state of one of our tickets in a ticket system."""

    OPEN = "open"
    CLOSED = "closed"
    """Closed by numwatch."""
    CLOSED_BY_HUMAN = "closed_by_human"
    """Closed, and not by numwatch."""
    GONE = "gone"
    """Deleted, or moved to where our credentials cannot see it."""
    ABSENT = "absent"
    """Never created there."""
    UNKNOWN = "unknown"
    """The system cannot be queried, or did not answer."""


class RemoteStatus(msgspec.Struct, frozen=True):
    """The status of one of our tickets in a ticket system."""

    state: RemoteState
    reference: str = ""
    """The name people use for it there: an issue's key, an incident's number."""
    status: str = ""
    """The state in the system's own words."""
    resolution: str = ""
    """The resolution code, if the system has one."""
    detail: str = ""
    """Why the state is unknown."""


class RetryPolicy(Protocol):
    """How failed deliveries to one sink are tried again; durations in seconds."""

    @property
    def retry_first(self) -> float:
        """The first wait."""

    @property
    def retry_longest(self) -> float:
        """The longest wait."""

    @property
    def give_up_after(self) -> float:
        """How long after its first attempt a delivery becomes a dead letter."""


class RateLimit(msgspec.Struct, frozen=True):
    """At most ``count`` deliveries in any ``seconds``."""

    count: int
    seconds: float


def per_minute(rate: int | None, otherwise: Sequence[RateLimit] = ()) -> Sequence[RateLimit]:
    """The configured ``rate`` a minute as the only limit; ``otherwise`` if there is none."""
    return (RateLimit(rate, 60.0),) if rate else otherwise


class Sink(Protocol):
    """A system that receives tickets."""

    name: str
    retry_policy: RetryPolicy
    rate_limits: Sequence[RateLimit]
    """How many deliveries the system accepts in how long; empty if that is not known."""

    async def deliver(self, row: Row, now: float) -> None:
        """Send one delivery and return once the system has accepted it.

        Raises:
            SinkError: when the system did not accept it, or when that is not known; nothing
                else but cancellation.
        """

    async def look_up(self, ticket_id: str) -> RemoteStatus:
        """The status of one of our tickets in the system; raises nothing but cancellation.

        The state is ``UNKNOWN`` if the system cannot be queried: a webhook, a pager, a chat.
        """

    async def close(self) -> None:
        """Close every connection."""


@runtime_checkable
class DigestingSink(Protocol):
    """A sink that can report many tickets in one message: a chat."""

    digest_from: int
    """The number of waiting tickets from which they are reported in one message."""

    async def deliver_together(self, rows: Sequence[Row], now: float) -> None:
        """Send one message about all ``rows``; each ticket's are in order, its newest counts.

        Raises:
            SinkError: when the system did not accept it, or when that is not known.
        """
