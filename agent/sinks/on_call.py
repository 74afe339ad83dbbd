"""Climbs the ladder: queues a notice for each step that is due, until somebody acts.

A notice is a row of the outbox like any other: it is written before it is sent, tried again, and
its id keeps it from being written twice.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import msgspec
import structlog
from sqlalchemy import insert, select

from agent.config.on_call import OnCall
from agent.sinks.ladder import LATEST, Notice, NoticeState, Unaccepted, notices_due
from agent.sinks.phone_api import NotificationState
from agent.states import Grade, Severity, Stage
from agent.store import StoreError, UnavailableError
from agent.store.database import Database, uninterrupted
from agent.store.schema import notifications, outbox, ticket_index
from agent.tickets.document import payload
from agent.tickets.ledger import Ledger
from agent.tickets.outbox.rows import RowState, notice_columns

log = structlog.get_logger(__name__)

INTERVAL = 10.0
"""Seconds between two looks for steps that are due."""
MOST_TICKETS = 500
"""Tickets that are looked at in one go, the newest first: more are a storm."""
_UNACCEPTED: Final = (Stage.DETECTED, Stage.REPORTED, Stage.DIAGNOSING, Stage.REOPENED)


class OnCallSettings(Protocol):
    """The keys of the configuration that say who is on call."""

    @property
    def on_call(self) -> OnCall | None:
        """Rota, ladder and quiet hours; ``None`` where nobody is on call."""

    @property
    def timezone(self) -> str:
        """The zone in which they are written."""


_GRAVE: Final = {
    Severity.INFO: (Severity.INFO, Severity.WARNING, Severity.CRITICAL),
    Severity.WARNING: (Severity.WARNING, Severity.CRITICAL),
    Severity.CRITICAL: (Severity.CRITICAL,),
}


class LadderClimber:
    """Queues what the ladder says for every ticket that nobody has accepted.

    Args:
        database: The open ledger.
        clock: Epoch seconds.
        queued: Called after notices were queued.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float],
        queued: Callable[[], None],
    ) -> None:
        self._database = database
        self.settings: Callable[[], OnCallSettings | None] = lambda: None
        """The configuration as it is now; without one nobody is told."""
        self._clock = clock
        self._queued = queued

    async def run(self) -> None:
        """Climb until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                await self.climb()
            except UnavailableError:
                continue
            except Exception:
                # A ladder that has ended tells nobody any more.
                log.exception("ladder_broken")

    async def climb(self) -> int:
        """Queue every notice that is due now; returns how many.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        settings = self.settings()
        if settings is None or settings.on_call is None:
            return 0
        now, count = self._clock(), 0
        for ticket in await self._unaccepted(settings.on_call, now):
            count += await self._queue_due(settings.on_call, ticket, now, settings.timezone)
        if count:
            self._queued()
        return count

    async def _queue_due(self, policy: OnCall, ticket: Unaccepted, now: float, zone: str) -> int:
        known = await self._known(ticket.id)
        due = list(notices_due(policy, ticket, known, now, zone))
        if not due:
            return 0
        whole = await Ledger(self._database).get(ticket.id)
        if whole is None:
            raise StoreError(f"ticket {ticket.id} is in the index and not in the ledger")
        if whole.muted_until is not None and now < whole.muted_until:
            return 0
        body = payload(whole, "ticket.escalated", now)
        await self._write(
            [notice_columns(it.sink, it.id, whole, _for_person(body, it), now) for it in due]
        )
        return len(due)

    @uninterrupted
    async def _unaccepted(self, policy: OnCall, now: float) -> list[Unaccepted]:
        """Open tickets that nobody has accepted and that a step may still be due for."""
        oldest = now - LATEST - policy.ladder[-1].after
        query = (
            select(ticket_index)
            .where(
                ticket_index.c.open,
                ticket_index.c.stage.in_([stage.value for stage in _UNACCEPTED]),
                ticket_index.c.severity.in_([it.value for it in _GRAVE[policy.severity]]),
                ticket_index.c.assignee == "",
                ticket_index.c.detected_at > oldest,
            )
            .order_by(ticket_index.c.detected_at.desc())
            .limit(MOST_TICKETS)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [
            Unaccepted(
                row["ticket_id"], Severity(row["severity"]), Grade(row["grade"]), row["detected_at"]
            )
            for row in rows
        ]

    @uninterrupted
    async def _known(self, ticket_id: str) -> dict[str, NoticeState]:
        """Every delivery about a ticket, by id, and whether it will not reach its person."""
        queued = select(outbox.c.webhook_id, outbox.c.state).where(outbox.c.ticket_id == ticket_id)
        failures = select(notifications.c.delivery).where(
            notifications.c.ticket_id == ticket_id,
            notifications.c.state == NotificationState.FAILED.value,
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(queued)).all()
            failed = set((await connection.execute(failures)).scalars())
        return {
            id_: NoticeState.FAILED
            if id_ in failed or state == RowState.DEAD
            else NoticeState.PENDING
            for id_, state in rows
        }

    @uninterrupted
    async def _write(self, rows: Sequence[dict[str, object]]) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(insert(outbox), rows)


def _for_person(body: bytes, notice: Notice) -> bytes:
    document: dict[str, Any] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    named = msgspec.Raw(msgspec.json.encode(notice.person))
    return msgspec.json.encode({**document, "receiver": named})
