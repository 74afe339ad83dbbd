"""What the poller of an account knows beside its snapshot, as it is handed to the next one.

A poller in another process has another monotonic clock, so that times are given as ages and waits.
"""

from collections.abc import Mapping, Sequence

import msgspec

from agent.model import Call
from agent.polling.call_ledger import CountedCalls
from agent.states import Capability, PollFailure


class RequestTimes(msgspec.Struct, frozen=True):
    """When requests were sent under one limit of the provider."""

    requests: int
    seconds: float
    scope: str
    ages: Sequence[float]
    """Seconds since each was sent, the oldest first."""


class SentRequests(msgspec.Struct, frozen=True):
    """What an account has sent lately, and the pause that its provider asked for."""

    rate: float
    """Requests per second that it may send."""
    limits: Sequence[RequestTimes] = ()
    pause: float = 0.0
    """Seconds until it may send again."""
    on_trial: bool = False


class OpenBreaker(msgspec.Struct, frozen=True):
    """The breaker of one capability, unless it is closed and without failures."""

    failures: int
    wait: float | None
    """Seconds until it is half-open; ``None`` where it is closed."""
    reason: PollFailure | None


class Handover(msgspec.Struct, frozen=True):
    """Everything that the next poller of an account needs beside what was merged."""

    sent: SentRequests
    calls: CountedCalls
    breakers: Mapping[Capability, OpenBreaker] = {}
    called_at: float | None = None
    """When the last call record was pushed."""
    waiting_calls: Sequence[Call] = ()
    """Pushed calls that wait for the account's numbers."""
    waiting_since: float = 0.0


class Absence(msgspec.Struct, frozen=True):
    """The time between what a former poller wrote last and the takeover."""

    seconds: float
    unsaved: float = 0.0
    """For how many seconds of it the former one may have sent what it did not write."""
