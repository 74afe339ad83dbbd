"""A ticket system: one ticket there for each of ours, and never two.

Before a ticket is made, that it is about to be is written down. When it is not known whether it
was made (a timeout, a crash), it is looked for by our id, and only once the system's search has
had time to know of it is an empty answer believed. What the ledger knows is never searched for.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec
import structlog

from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import Pace, SinkError, SinkFailure, Window
from agent.sinks.context import SinkContext
from agent.sinks.delivery import Delivery, read
from agent.sinks.links import Link, Links, Remote
from agent.sinks.remote_ticket import RemoteState, RemoteTicket
from agent.tickets.changes import CLOSED, OPENED, REOPENED, RESOLVED
from agent.tickets.outbox.outbox import Row

log = structlog.get_logger(__name__)

MOVES = {RESOLVED: "restored", CLOSED: "closed", REOPENED: "reopened"}
"""Where a ticket goes in the system, by what happened to it."""
_ENDS = frozenset({RESOLVED, CLOSED})
_BEGINS = frozenset({OPENED, REOPENED})
_OURS = frozenset({"restored", "closed"})


class RemoteGoneError(SinkError):
    """The ticket we made is there no more."""

    def __init__(self) -> None:
        super().__init__(SinkFailure.GONE, "the ticket is there no more", permanent=True)


class Step(msgspec.Struct, frozen=True):
    """What is to be done with a ticket that is there."""

    move: str = ""
    """restored, closed, reopened, or empty."""
    news: Sequence[str] = ()
    """A comment's paragraphs, the last one our mark; none when there is nothing to say."""
    again: bool = False
    """It was tried before: the comment may be there already."""


class System(Protocol):
    """One kind of ticket system."""

    async def find(self, ticket_id: str) -> Remote | None:
        """The ticket that carries our id, if the system's search knows it; raises SinkError."""

    async def create(self, told: Delivery) -> Remote:
        """Make a ticket; raises SinkError, ``ambiguous`` when it may have been made."""

    async def tell(self, remote: str, told: Delivery, step: Step) -> list[str]:
        """Bring the ticket up to date; gives what the system did not let us do, in words.

        Raises:
            RemoteGoneError: when it is there no more.
            SinkError: when it is to be tried again.
        """

    async def comment(self, remote: str, lines: Sequence[str]) -> None:
        """Add a comment; raises SinkError."""

    async def standing(self, remote: str) -> RemoteTicket:
        """How the ticket stands there; raises SinkError."""

    async def close(self) -> None:
        """Let go of connections."""


class TicketSystemSink:
    """Keeps one ticket system up to date.

    Raises:
        ValueError: when there is no ledger to write intents into.
    """

    def __init__(self, settings: SinkSettings, system: System, around: SinkContext) -> None:
        if around.links is None:
            raise ValueError(f"sink {settings.name}: kind {settings.kind} needs the ledger")
        self.name = settings.name
        self.pace: Pace = settings
        self.windows: Sequence[Window] = (Window(settings.rate, 60.0),) if settings.rate else ()
        self._lag = settings.search_lag
        self._system = system
        self._around = around
        self._links: Links = around.links

    async def close(self) -> None:
        """Close every connection."""
        await self._system.close()

    async def deliver(self, row: Row, now: float) -> None:
        """Make, update or move the ticket that stands for ours.

        Raises:
            SinkError: when that failed, or when it is not known.
        """
        told = await read(row)
        link = await self._links.get(self.name, told.id) or Link(self.name, told.id)
        if link.gone and told.kind not in _BEGINS:
            return
        if link.remote:
            await self._tell(link, told, again=_is_again(row))
        else:
            await self._make(link, told, now)

    async def look_up(self, ticket_id: str) -> RemoteTicket:
        """How one of our tickets stands in the system; ``UNKNOWN`` with the reason on failure."""
        link = await self._links.get(self.name, ticket_id)
        if link is None or not link.remote:
            return RemoteTicket(RemoteState.GONE if link and link.gone else RemoteState.ABSENT)
        try:
            standing = await self._system.standing(link.remote)
        except RemoteGoneError:
            return RemoteTicket(RemoteState.GONE, link.reference)
        except SinkError as error:
            return RemoteTicket(RemoteState.UNKNOWN, link.reference, detail=str(error))
        standing = msgspec.structs.replace(standing, reference=link.reference)
        if standing.state is RemoteState.CLOSED and link.moved not in _OURS:
            return msgspec.structs.replace(standing, state=RemoteState.CLOSED_BY_HUMAN)
        return standing

    async def _make(self, link: Link, told: Delivery, now: float) -> None:
        if told.kind in _ENDS and link.intended_at is None:
            # Kept with the dead letters, so that a replay makes, restores and closes in order.
            text = "the ticket was never made there; replay its dead letters together"
            raise SinkError(SinkFailure.UNOPENED, text, permanent=True)
        found = None if link.intended_at is None else await self._recall(link, now)
        remote = found or await self._create(told, now)
        await self._links.made(self.name, told.id, remote, now)
        log.info("remote_ticket_made", sink=self.name, ticket=told.id, remote=remote.reference)
        if told.kind in _ENDS or (found is not None and told.kind != OPENED):
            fresh = Link(self.name, told.id, remote.id, remote.reference)
            await self._tell(fresh, told, again=False)
        else:
            await self._links.told(self.name, told.id, told.at, "")

    async def _recall(self, link: Link, now: float) -> Remote | None:
        """The ticket an earlier attempt may have made; ``None`` once it is sure there is none."""
        assert link.intended_at is not None
        found = await self._system.find(link.ticket_id)
        left = link.intended_at + self._lag - now
        if found is None and 0 < left <= self._lag:
            text = "whether an earlier attempt made the ticket is not known yet"
            raise SinkError(SinkFailure.UNCERTAIN, text, retry_after=left, ambiguous=True)
        return found

    async def _create(self, told: Delivery, now: float) -> Remote:
        await self._links.intend(self.name, told.id, now)
        try:
            return await self._system.create(told)
        except SinkError as error:
            if not error.ambiguous:
                await self._links.withdraw(self.name, told.id)
            raise

    async def _tell(self, link: Link, told: Delivery, *, again: bool) -> None:
        move = MOVES.get(told.kind, "")
        news = self._around.writer.news(told, link.told_at)
        try:
            refused = await self._system.tell(link.remote, told, Step(move, news, again))
            if refused:
                await self._ask_people(link, told, refused)
        except RemoteGoneError:
            await self._links.gone(self.name, told.id)
            log.warning("remote_ticket_gone", sink=self.name, ticket=told.id, remote=link.reference)
            if told.kind == REOPENED:
                raise SinkError(SinkFailure.GONE, "made anew with the next attempt") from None
            return
        moved = "" if refused else move
        await self._links.told(self.name, told.id, told.at, moved)

    async def _ask_people(self, link: Link, told: Delivery, refused: list[str]) -> None:
        """A step the system refuses will be refused again: say so instead of trying for ever."""
        step = MOVES.get(told.kind, "update")
        self._around.step_refused(self.name, step)
        log.error(
            "step_refused",
            sink=self.name,
            ticket=told.id,
            remote=link.reference,
            step=step,
            refused=refused,
        )
        try:
            await self._system.comment(link.remote, self._around.writer.refusals(refused, told))
        except SinkError as error:
            log.warning("refusal_not_commented", sink=self.name, detail=error.detail)


def _is_again(row: Row) -> bool:
    return row.attempts > 1 or bool(row.failure)
