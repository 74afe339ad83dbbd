"""What people do in a ticket system moves our ticket: once, in order, where its stage allows."""

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

Perform = Callable[[str, ActionRequest, float], Awaitable[Change | None]]
"""``agent.tickets.manager.Tickets.act``."""

ACTS: Mapping[Stage, TicketAction] = {
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
"""The act that leads to each stage; a ticket system leads to no other."""
_WORKED_ON = frozenset({Stage.ACCEPTED, Stage.DIAGNOSING, Stage.DISPATCHED, Stage.ON_SITE})
_MOVED_BY_US = frozenset({"restored", "closed"})


class Callbacks:
    """Does what ticket systems say.

    Args:
        links: What tickets are called there, and what was heard.
        ledger: The tickets.
        act: Does one act.
        clock: Epoch seconds.
    """

    def __init__(
        self, links: Links, ledger: Ledger, act: Perform, clock: Callable[[], float]
    ) -> None:
        self._links = links
        self._ledger = ledger
        self._act = act
        self._clock = clock

    async def take(self, said: Callback) -> CallbackOutcome:
        """Do what ``said`` says; its effect is durable when this returns.

        A repeat has no effect, and neither has what was changed there before something that was
        heard already: systems post again, and in any order.

        Raises:
            StoreError: when the ledger refuses.
        """
        if await self._links.knows_callback(said.sink, said.message):
            return CallbackOutcome.REPEATED
        link = await self._link(said)
        ticket = await self._ledger.get(link.ticket_id) if link is not None else None
        if link is None or ticket is None:
            return CallbackOutcome.UNKNOWN
        if link.heard_at is not None and said.at < link.heard_at:
            return CallbackOutcome.LATE
        outcome = await self._follow(said, link, ticket)
        await self._links.heard(said.sink, ticket.id, said.at)
        await self._links.note_callback(said.sink, said.message, self._clock())
        log.info(
            "callback_heard",
            sink=said.sink,
            ticket=ticket.id,
            status=said.status.partition("\n")[0],
            outcome=outcome.value,
        )
        return outcome

    async def _link(self, said: Callback) -> Link | None:
        if said.remote:
            return await self._links.by_remote(said.sink, said.remote)
        known = await self._ledger.get(said.ticket_id)
        if known is None or known.id != said.ticket_id:
            return None
        return await self._links.get(said.sink, known.id) or Link(said.sink, known.id)

    async def _follow(self, said: Callback, link: Link, ticket: Ticket) -> CallbackOutcome:
        act = _act_of(said, link, ticket)
        if act is None:
            return CallbackOutcome.NOTHING
        try:
            await self._act(ticket.id, _order(said, act), self._clock())
        except (IllegalTransitionError, ActionRequestError) as error:
            await self._note_refusal(said, ticket, str(error))
            return CallbackOutcome.REFUSED
        return CallbackOutcome.TAKEN

    async def _note_refusal(self, said: Callback, ticket: Ticket, why: str) -> None:
        """What cannot be followed is in the timeline: people have to know that it was not."""
        log.warning("callback_refused", sink=said.sink, ticket=ticket.id, reason=why)
        if not ticket.open:
            return
        status = said.status.partition("\n")[0]
        told = f"moved to {status} by {said.actor}; not followed here: {why}"
        order = ActionRequest(TicketAction.COMMENT, Actor(ActorKind.TICKET_SYSTEM, said.sink), told)
        try:
            await self._act(ticket.id, order, self._clock())
        except (IllegalTransitionError, ActionRequestError) as error:
            log.warning("refusal_not_noted", ticket=ticket.id, reason=str(error))


def _act_of(said: Callback, link: Link, ticket: Ticket) -> TicketAction | None:
    """What is to be done; nothing where it is so already, or where it is our own echo."""
    stage = said.stage
    if stage is None or stage is ticket.stage:
        return None
    if stage is Stage.CLOSED:
        echo = link.moved in _MOVED_BY_US
        return None if echo or not ticket.open else TicketAction.CLOSE
    if not ticket.open:
        return TicketAction.REOPEN if stage in _WORKED_ON or stage is Stage.REOPENED else None
    return ACTS.get(stage)


def _order(said: Callback, act: TicketAction) -> ActionRequest:
    actor = Actor(ActorKind.TICKET_SYSTEM, said.sink)
    status = said.status.partition("\n")[0]
    reason = scrub(f"{status} by {said.actor}", 300)
    fields: dict[str, Any] = {}
    if act is TicketAction.CLOSE:
        resolution = resolution_of(said.resolution)
        is_fixed = resolution in (Resolution.RESTORED, Resolution.GONE, Resolution.NOT_COMMON)
        fields["resolution"] = "fixed" if is_fixed else resolution.value
    if said.provider_ticket and act in (TicketAction.ACCEPT, TicketAction.REPORT):
        fields["provider_ticket"] = said.provider_ticket
    return ActionRequest(act, actor, reason, fields)
