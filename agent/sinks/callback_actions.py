"""Callbacks applied to tickets: once, in order, and only where the ticket's stage allows it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from agent.net.scrub import scrub
from agent.sinks.callback import Callback, CallbackOutcome
from agent.sinks.links import Link, Links
from agent.states import Stage
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor
from agent.tickets.changes import Change
from agent.tickets.forms import Resolution, resolution_of
from agent.tickets.ledger import Ledger
from agent.tickets.lifecycle import ActorKind, IllegalTransitionError
from agent.tickets.ticket import Ticket

log = structlog.get_logger(__name__)

PerformAction = Callable[[str, ActionRequest, float], Awaitable[Change | None]]
"""``agent.tickets.manager.Tickets.act``."""

ACTIONS: Mapping[Stage, TicketAction] = {
    Stage.REPORTED: TicketAction.REPORT,
    Stage.ACCEPTED: TicketAction.ACCEPT,
    Stage.DIAGNOSING: TicketAction.DIAGNOSE,
    Stage.CARRIER_ESCALATED: TicketAction.ESCALATE,
    Stage.DISPATCHED: TicketAction.DISPATCH,
    Stage.ON_SITE: TicketAction.ARRIVE,
    Stage.RESTORED: TicketAction.RESTORE,
    Stage.REPAIRED: TicketAction.REPAIR,
    Stage.CLOSED: TicketAction.CLOSE,
    Stage.REOPENED: TicketAction.REOPEN,
}
"""The action that leads to each stage; a ticket system can lead to no other stage."""
_WORKED_ON = frozenset({Stage.ACCEPTED, Stage.DIAGNOSING, Stage.DISPATCHED, Stage.ON_SITE})
_OPENINGS = frozenset({"opened", "reopened", "reopen"})
"""Events of the timeline that open a ticket."""
_CLOSING_MOVES = frozenset({"restored", "closed"})


class Callbacks:
    """Applies callbacks to our tickets.

    Args:
        links: The ids of tickets there, and which callbacks were processed.
        ledger: Our tickets.
        act: Performs one action.
        clock: Epoch seconds.
    """

    def __init__(
        self, links: Links, ledger: Ledger, act: PerformAction, clock: Callable[[], float]
    ) -> None:
        self._links = links
        self._ledger = ledger
        self._act = act
        self._clock = clock
        # Whether a callback is a repeat or late is read before its effect is written: of two at
        # once neither would see the other.
        self._lock = asyncio.Lock()

    async def apply(self, callback: Callback) -> CallbackOutcome:
        """Apply ``callback``; its effect is durable when this returns.

        A repeat has no effect, and neither has a change that was made before one that was
        received already: systems post again, and in any order. What was made before the ticket
        was last opened is about the fault that was over then, and has no effect either.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        async with self._lock:
            return await self._apply(callback)

    async def _apply(self, callback: Callback) -> CallbackOutcome:
        if await self._links.has_callback(callback.sink, callback.message):
            return CallbackOutcome.REPEATED
        link = await self._link(callback)
        ticket = await self._ledger.get(link.ticket_id) if link is not None else None
        if link is None or ticket is None:
            return CallbackOutcome.UNKNOWN
        if link.last_received_at is not None and callback.at < link.last_received_at:
            return CallbackOutcome.LATE
        # Some systems give whole seconds.
        if callback.at < int(_last_opened_at(ticket)):
            log.info("callback_older_than_ticket", sink=callback.sink, ticket=ticket.id)
            return CallbackOutcome.LATE
        outcome = await self._follow(callback, link, ticket)
        # After the action: a crash in between has the system post again, and the second time
        # the ticket is in the stage already.
        await self._links.record_received(callback.sink, ticket.id, callback.at)
        await self._links.record_callback(callback.sink, callback.message, self._clock())
        log.info(
            "callback_heard",
            sink=callback.sink,
            ticket=ticket.id,
            status=callback.status,
            outcome=outcome.value,
        )
        return outcome

    async def _link(self, callback: Callback) -> Link | None:
        if callback.remote:
            return await self._links.by_remote(callback.sink, callback.remote)
        ticket = await self._ledger.get(callback.ticket_id)
        if ticket is None or ticket.id != callback.ticket_id:
            return None
        return await self._links.get(callback.sink, ticket.id) or Link(callback.sink, ticket.id)

    async def _follow(self, callback: Callback, link: Link, ticket: Ticket) -> CallbackOutcome:
        action = _action(callback, link, ticket)
        if action is None:
            return CallbackOutcome.NO_EFFECT
        try:
            await self._act(ticket.id, _request(callback, action), self._clock())
        except (IllegalTransitionError, ActionRequestError) as error:
            await self._note_refusal(callback, ticket, str(error))
            return CallbackOutcome.REFUSED
        return CallbackOutcome.APPLIED

    async def _note_refusal(self, callback: Callback, ticket: Ticket, why: str) -> None:
        """Comment in the timeline, so that people see that the two systems differ now."""
        log.warning("callback_refused", sink=callback.sink, ticket=ticket.id, reason=why)
        if not ticket.open:
            return
        actor = Actor(ActorKind.TICKET_SYSTEM, callback.sink)
        text = f"moved to {callback.status} by {callback.actor}; not followed here: {why}"
        try:
            comment = ActionRequest(TicketAction.COMMENT, actor, text)
            await self._act(ticket.id, comment, self._clock())
        except (IllegalTransitionError, ActionRequestError) as error:
            log.warning("refusal_not_noted", ticket=ticket.id, reason=str(error))


def _last_opened_at(ticket: Ticket) -> float:
    """When the ticket was opened, or reopened the last time."""
    openings = (entry.at for entry in ticket.timeline if entry.event in _OPENINGS)
    return max(openings, default=ticket.detected_at)


def _action(callback: Callback, link: Link, ticket: Ticket) -> TicketAction | None:
    """The action to perform; ``None`` if the ticket is in the stage already, or for an echo."""
    stage = callback.stage
    if stage is None or stage is ticket.stage:
        return None
    if stage is Stage.CLOSED:
        # Our own move there comes back as a callback and is nobody's decision.
        is_echo = link.last_move in _CLOSING_MOVES
        return None if is_echo or not ticket.open else TicketAction.CLOSE
    if not ticket.open:
        return TicketAction.REOPEN if stage in _WORKED_ON or stage is Stage.REOPENED else None
    return ACTIONS.get(stage)


def _request(callback: Callback, action: TicketAction) -> ActionRequest:
    actor = Actor(ActorKind.TICKET_SYSTEM, callback.sink)
    reason = scrub(f"{callback.status} by {callback.actor}", 300)
    fields: dict[str, Any] = {}
    if action is TicketAction.CLOSE:
        resolution = resolution_of(callback.resolution)
        is_fixed = resolution in (Resolution.RESTORED, Resolution.GONE, Resolution.NOT_COMMON)
        fields["resolution"] = "fixed" if is_fixed else resolution.value
    if callback.provider_ticket and action in (TicketAction.ACCEPT, TicketAction.REPORT):
        fields["provider_ticket"] = callback.provider_ticket
    return ActionRequest(action, actor, reason, fields)
