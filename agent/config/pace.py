"""How often and how hard a provider is polled."""

from typing import Annotated

from pydantic import Field

from agent.config.section import Section
from agent.states import Capability
from agent.yamlfile.values import Duration

Interval = Annotated[Duration, Field(ge=0.05)]


class Intervals(Section):
    """How often each capability is polled."""

    numbers: Interval = 60.0
    """The listing of the account's numbers and their states."""
    routing: Interval = 300.0
    """How each number routes calls: schedule, lists, regions, strategy."""
    reachability: Interval = 60.0
    """The bound phones and whether they can be reached."""
    balance: Interval = 300.0
    """The balance of the account."""
    calls: Interval = 60.0
    """The call records since the previous poll."""

    def of(self, capability: Capability) -> float:
        """Seconds between two polls of ``capability``."""
        return float(getattr(self, capability.value))


class Polling(Section):
    """How hard a provider may be polled, and when facts become stale."""

    intervals: Intervals = Intervals()
    """How often each capability is polled."""
    timeout: Annotated[Duration, Field(gt=0, le=3600)] = 30.0
    """The longest one poll of one capability may take, all its requests and retries included."""
    request_timeout: Annotated[Duration, Field(gt=0, le=600)] = 10.0
    """The longest one request may take, from connecting to the last byte."""
    connect_timeout: Annotated[Duration, Field(gt=0, le=60)] = 5.0
    """The longest a connection may take to be made, TLS included."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """Attempts at one request whose failures are transient, the first included."""
    rate: Annotated[float, Field(gt=0, le=10_000)] = 50.0
    """Requests a second, per account."""
    concurrency: Annotated[int, Field(ge=1, le=256)] = 8
    """Requests under way at once, per account."""
    breaker_failures: Annotated[int, Field(ge=1, le=1000)] = 5
    """Failed polls in a row after which a capability is polled again only after a pause."""
    breaker_pause: Annotated[Duration, Field(gt=0)] = 300.0
    """How long that pause is."""
    stale_intervals: Annotated[float, Field(ge=1, le=1000)] = 3.0
    """Facts older than this many intervals are unknown."""
    max_body: Annotated[int, Field(ge=1024, le=256 * 1024 * 1024)] = 8 * 1024 * 1024
    """The largest decoded answer, in bytes."""
    max_pages: Annotated[int, Field(ge=1, le=100_000)] = 200
    """The most pages one listing may have."""
    max_numbers: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    """The most numbers one account may have; a longer listing fails with the reason too_many."""
    max_records: Annotated[int, Field(ge=1, le=100_000_000)] = 500_000
    """The most records one poll may read, and bound phones one account may have."""
    max_bytes: Annotated[int, Field(ge=1024, le=64 * 1024**3)] = 256 * 1024 * 1024
    """The most bytes all answers of one poll may have together, and the memory that the bound
    phones and routings of one account may take."""
    max_cpu: Annotated[Duration, Field(gt=0, le=3600)] = 5.0
    """The most processor time that reading the answers of one poll may take."""
    max_series: Annotated[int, Field(ge=1, le=1_000_000_000)] = 5_000_000
    """The most time series one account may have."""
