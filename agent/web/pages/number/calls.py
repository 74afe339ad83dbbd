"""The calls of a number: how they ended since the agent counts them, and the newest of them."""

from dataclasses import dataclass

from agent.checks.result import CheckResult
from agent.masking import mask_text
from agent.states import CallResult, Capability

_FULL = 100.0
SHOWN = 20
"""The newest calls that the page shows; a busy number has more of the last half hour."""


@dataclass(frozen=True)
class ResultShare:
    """How many calls ended in one way, and their share in percent."""

    result: CallResult
    count: int
    start: float
    """Where its part of the bar begins, in percent."""
    width: float
    health: str
    """The class of its colour: calls that were answered, that failed, or of unknown end."""


@dataclass(frozen=True)
class RecentCall:
    """One of the newest calls."""

    at: float
    result: CallResult
    phone: str
    """The public name of the phone that was rung; empty where the record names none."""
    wait: float | None
    talk: float | None


@dataclass(frozen=True)
class CallsView:
    """What is known of a number's calls."""

    total: int
    shares: tuple[ResultShare, ...]
    recent: tuple[RecentCall, ...]
    """The newest first."""
    age: float | None
    """Seconds since call records were last read."""
    is_stale: bool


def calls_view(result: CheckResult, number: str, now: float) -> CallsView | None:
    """The calls of ``number``; ``None`` where the account's call records are not read."""
    snapshot = result.snapshot
    status = snapshot.polls.get(Capability.CALLS)
    if status is None and number not in snapshot.recent_calls:
        return None
    counts = {it: snapshot.call_totals.get((number, it), 0) for it in CallResult}
    read_at = None if status is None else status.last_success
    return CallsView(
        total=sum(counts.values()),
        shares=_shares(counts),
        recent=_recent(result, number),
        age=None if read_at is None else max(0.0, now - read_at),
        is_stale=not result.is_fresh(Capability.CALLS, now),
    )


def _shares(counts: dict[CallResult, int]) -> tuple[ResultShare, ...]:
    total, start, shares = sum(counts.values()), 0.0, []
    for result, count in sorted(counts.items(), key=lambda each: -each[1]):
        if count:
            width = round(_FULL * count / total, 3)
            shares.append(ResultShare(result, count, round(start, 3), width, _health(result)))
            start += width
    return tuple(shares)


def _health(result: CallResult) -> str:
    if result is CallResult.ANSWERED:
        return "ok"
    if result is CallResult.UNKNOWN:
        return "unknown"
    # The caller's own doing is no fault of the number.
    return "degraded" if result in {CallResult.ABANDONED, CallResult.BUSY} else "down"


def _recent(result: CheckResult, number: str) -> tuple[RecentCall, ...]:
    labels = {phone.id: label for label, phone in (result.bindings(number) or {}).items()}
    return tuple(
        RecentCall(
            call.started_at,
            call.result,
            mask_text(labels.get(call.binding, call.binding)),
            call.wait_seconds,
            call.talk_seconds,
        )
        for call in reversed(result.snapshot.recent_calls.get(number, ())[-SHOWN:])
    )
