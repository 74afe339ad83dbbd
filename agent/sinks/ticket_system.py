"""A sink for a ticket system: one ticket there for each of ours, and never two.

The intent to create a ticket is written to the ledger before the request is sent. If it is not
known whether the ticket was created (a timeout, a crash), it is searched for by our id, and an
empty result is believed only once the system's search has had time to index it. A ticket whose
link is in the ledger is never searched for.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec
import structlog

from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import (
    RemoteState,
    RemoteStatus,
    RetryPolicy,
    SinkError,
    SinkFailure,
    per_minute,
)
from agent.sinks.delivery import Delivery, decode
from agent.sinks.links import Link, Links, Remote
from agent.sinks.registry import SinkContext
from agent.tickets.changes import CLOSED, OPENED, REOPENED, RESOLVED
from agent.tickets.outbox.rows import Row

log = structlog.get_logger(__name__)

MOVES = {RESOLVED: "restored", CLOSED: "closed", REOPENED: "reopened"}
"""The key of the section that names the target state, by what happened to our ticket."""
_ENDINGS = frozenset({RESOLVED, CLOSED})
_BEGINNINGS = frozenset({OPENED, REOPENED})
_CLOSING_MOVES = frozenset({"restored", "closed"})


class RemoteGoneError(SinkError):
    """The ticket that numwatch created no longer exists."""

    def __init__(self) -> None:
        super().__init__(SinkFailure.GONE, "the ticket no longer exists there", permanent=True)


class TicketUpdate(msgspec.Struct, frozen=True):
    """The steps of an update besides bringing the ticket's content up to date."""

    move: str = ""
    """restored, closed, reopened, or empty."""
    comment: Sequence[str] = ()
    """A comment's paragraphs, the last one our marker; empty if there is nothing to say."""
    is_retry: bool = False
    """Whether an earlier attempt may have added the comment already."""


class TicketSystem(Protocol):
    """The API of one kind of ticket system."""

    async def find(self, ticket_id: str) -> Remote | None:
        """The ticket that carries our id, if the system's search has it; raises SinkError."""

    async def create(self, delivery: Delivery) -> Remote:
        """Create a ticket; raises SinkError, ``ambiguous`` if it may have been created."""

    async def update(self, remote: str, delivery: Delivery, update: TicketUpdate) -> list[str]:
        """Bring the ticket up to date; returns a sentence for each step the system refused.

        Raises:
            RemoteGoneError: when the ticket no longer exists.
            SinkError: when the update is to be tried again.
        """

    async def comment(self, remote: str, lines: Sequence[str]) -> None:
        """Add a comment; raises SinkError."""

    async def status(self, remote: str) -> RemoteStatus:
        """The status of the ticket; raises SinkError."""

    async def close(self) -> None:
        """Close every connection."""


class TicketSystemSink:
    """Keeps the tickets of one ticket system up to date.

    Raises:
        ValueError: when there is no ledger to write intents to.
    """

    def __init__(self, settings: SinkSettings, system: TicketSystem, context: SinkContext) -> None:
        if context.links is None:
            raise ValueError(f"sink {settings.name}: kind {settings.kind} needs the ledger")
        self.name = settings.name
        self.retry_policy: RetryPolicy = settings
        self.rate_limits = per_minute(settings.rate)
        self._search_lag = settings.search_lag
        self._system = system
        self._context = context
        self._links: Links = context.links

    async def close(self) -> None:
        """Close every connection."""
        await self._system.close()

    async def deliver(self, row: Row, now: float) -> None:
        """Create, update or move the ticket that stands for ours.

        Raises:
            SinkError: when that failed, or when it is not known whether it succeeded.
        """
        delivery = await decode(row)
        link = await self._links.get(self.name, delivery.id) or Link(self.name, delivery.id)
        if link.deleted and delivery.kind not in _BEGINNINGS:
            return
        if link.remote:
            await self._update(link, delivery, is_retry=_is_retry(row))
        else:
            await self._find_or_create(link, delivery, now)

    async def look_up(self, ticket_id: str) -> RemoteStatus:
        """The status of one of our tickets; ``UNKNOWN`` with the reason if the query fails."""
        link = await self._links.get(self.name, ticket_id)
        if link is None or not link.remote:
            state = RemoteState.GONE if link and link.deleted else RemoteState.ABSENT
            return RemoteStatus(state)
        try:
            status = await self._system.status(link.remote)
        except RemoteGoneError:
            return RemoteStatus(RemoteState.GONE, link.reference)
        except SinkError as error:
            return RemoteStatus(RemoteState.UNKNOWN, link.reference, detail=str(error))
        status = msgspec.structs.replace(status, reference=link.reference)
        if status.state is RemoteState.CLOSED and link.last_move not in _CLOSING_MOVES:
            return msgspec.structs.replace(status, state=RemoteState.CLOSED_BY_HUMAN)
        return status

    async def _find_or_create(self, link: Link, delivery: Delivery, now: float) -> None:
        if delivery.kind in _ENDINGS and link.intended_at is None:
            # A dead letter, so that a replay creates, restores and closes in order.
            text = "the ticket was never created there; replay its dead letters together"
            raise SinkError(SinkFailure.UNOPENED, text, permanent=True)
        existing = None if link.intended_at is None else await self._find(link, now)
        continued = None if existing else await self._find_former(delivery.id)
        existing = existing or continued
        remote = existing or await self._create(delivery, now)
        await self._links.record_created(self.name, delivery.id, remote, now)
        log.info("remote_ticket_made", sink=self.name, ticket=delivery.id, remote=remote.reference)
        is_news = existing is not None and (delivery.kind != OPENED or continued is not None)
        if delivery.kind in _ENDINGS or is_news:
            created = Link(self.name, delivery.id, remote.id, remote.reference)
            await self._update(created, delivery, is_retry=False)
        else:
            await self._links.record_sent(self.name, delivery.id, delivery.at, "")

    async def _find(self, link: Link, now: float) -> Remote | None:
        """The ticket an earlier attempt may have created; ``None`` once it is sure there is none.

        Raises:
            SinkError: while the system's search may not have indexed it yet.
        """
        assert link.intended_at is not None
        remote = await self._system.find(link.ticket_id)
        remaining = link.intended_at + self._search_lag - now
        # More than the whole lag remains only if the clock was set back: do not wait for that.
        if remote is None and 0 < remaining <= self._search_lag:
            text = "whether an earlier attempt created the ticket is not known yet"
            raise SinkError(SinkFailure.UNCERTAIN, text, retry_after=remaining, ambiguous=True)
        return remote

    async def _find_former(self, ticket_id: str) -> Remote | None:
        """The open ticket of the same fault that a ledger made which was restored since.

        Raises:
            SinkError: while the system does not answer: nothing is opened meanwhile.
        """
        for identity in await self._links.former_ids(ticket_id):
            remote = await self._system.find(identity)
            if remote is not None:
                status = await self._system.status(remote.id)
                if status.state is RemoteState.OPEN:
                    log.info(
                        "remote_ticket_continued",
                        sink=self.name,
                        ticket=ticket_id,
                        former=identity,
                        remote=remote.reference,
                    )
                    return remote
        return None

    async def _create(self, delivery: Delivery, now: float) -> Remote:
        # Durable before the request: after a crash in between the ticket is searched for.
        await self._links.record_intent(self.name, delivery.id, now)
        try:
            return await self._system.create(delivery)
        except SinkError as error:
            if not error.ambiguous:
                await self._links.withdraw_intent(self.name, delivery.id)
            raise

    async def _update(self, link: Link, delivery: Delivery, *, is_retry: bool) -> None:
        move = MOVES.get(delivery.kind, "")
        comment = self._context.writer.news(delivery, link.last_sent_at)
        try:
            refusals = await self._system.update(
                link.remote, delivery, TicketUpdate(move, comment, is_retry)
            )
            if refusals:
                await self._report_refusals(link, delivery, refusals)
        except RemoteGoneError:
            await self._links.record_deleted(self.name, delivery.id)
            log.warning(
                "remote_ticket_gone", sink=self.name, ticket=delivery.id, remote=link.reference
            )
            if delivery.kind == REOPENED:
                text = "the next attempt creates another ticket"
                raise SinkError(SinkFailure.GONE, text) from None
            return
        await self._links.record_sent(self.name, delivery.id, delivery.at, "" if refusals else move)

    async def _report_refusals(self, link: Link, delivery: Delivery, refusals: list[str]) -> None:
        """Ask people to take the steps: what the system refuses once it will refuse again."""
        step = MOVES.get(delivery.kind, "update")
        self._context.step_refused(self.name, step)
        log.error(
            "step_refused",
            sink=self.name,
            ticket=delivery.id,
            remote=link.reference,
            step=step,
            refused=refusals,
        )
        lines = self._context.writer.refusals(refusals, delivery)
        try:
            await self._system.comment(link.remote, lines)
        except SinkError as error:
            log.warning("refusal_not_commented", sink=self.name, detail=error.detail)


def _is_retry(row: Row) -> bool:
    return row.attempts > 1 or bool(row.failure)
