"""Sinks as pages show them: how deliveries go, how much waits and why, and when it last worked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from agent.sinks.delivery_status import DeliveryStatus
from agent.tickets.outbox.overview import SinkQueue

_NOTHING = SinkQueue()


@dataclass(frozen=True)
class SinkRow:
    """One sink."""

    name: str
    kind: str
    """Empty for a sink that is no longer configured and still has rows."""
    state: str
    """``held``, ``down``, ``failing``, ``orphaned``, ``unknown`` or ``ok``."""
    queue: SinkQueue
    accepted_at: float | None
    failure: str
    detail: str
    failed_at: float | None
    paused_until: float | None

    @property
    def health(self) -> str:
        """The colour and shape that stand for the state."""
        return _HEALTHS[self.state]


_HEALTHS: Mapping[str, str] = {
    "held": "down",
    "down": "down",
    "orphaned": "down",
    "failing": "degraded",
    "unknown": "unknown",
    "ok": "ok",
}
_WORST_FIRST = tuple(_HEALTHS)


def sink_rows(
    kinds: Mapping[str, str],
    statuses: Iterable[DeliveryStatus],
    queues: Mapping[str, SinkQueue],
    now: float,
) -> list[SinkRow]:
    """All sinks, the worst first.

    Args:
        kinds: The kind of every configured sink by its name.
        statuses: How the deliveries go.
        queues: The queues of the sinks that have rows.
        now: Epoch seconds.
    """
    by_sink = {status.sink: status for status in statuses}
    rows = [
        *(
            _row(name, kind, by_sink.get(name) or DeliveryStatus(sink=name), queues, now)
            for name, kind in kinds.items()
        ),
        *_orphans(kinds, queues),
    ]
    return sorted(rows, key=lambda row: _WORST_FIRST.index(row.state))


def _row(
    name: str, kind: str, status: DeliveryStatus, queues: Mapping[str, SinkQueue], now: float
) -> SinkRow:
    queue = queues.get(name, _NOTHING)
    accepted_at = status.accepted_at or queue.delivered_at
    waits = status.paused_until is not None and status.paused_until > now
    return SinkRow(
        name=name,
        kind=kind,
        state=_state(status, accepted_at),
        queue=queue,
        accepted_at=accepted_at,
        failure=status.failure or queue.failure,
        detail=status.detail,
        failed_at=status.failed_at or queue.failed_at,
        paused_until=status.paused_until if waits else None,
    )


def _state(status: DeliveryStatus, accepted_at: float | None) -> str:
    if status.is_held:
        return "held"
    if status.is_down:
        return "down"
    if status.failures:
        return "failing"
    return "unknown" if accepted_at is None else "ok"


def _orphans(kinds: Mapping[str, str], queues: Mapping[str, SinkQueue]) -> Iterator[SinkRow]:
    """Sinks that are gone from the configuration and still have something to deliver."""
    for name, queue in sorted(queues.items()):
        if name not in kinds and queue.waiting + queue.sending + queue.dead:
            yield SinkRow(
                name=name,
                kind="",
                state="orphaned",
                queue=queue,
                accepted_at=queue.delivered_at,
                failure=queue.failure,
                detail="",
                failed_at=queue.failed_at,
                paused_until=None,
            )
