"""``numwatch tickets accept``, ``reject`` ...: one action on one ticket.

With a configuration the ledger of a stopped agent is changed instead of asking a running one;
its sinks deliver the change when it starts.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.cli.client import Document
from agent.cli.language import locale, say
from agent.cli.ledger_client import open_client
from agent.cli.runner import CommandError, ExitStatus, print_json, run_command
from agent.cli.words import Words
from agent.i18n import Message, contextual
from agent.store import StoreError
from agent.terminal.grid import paragraph
from agent.terminal.output import console, print_lines
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor, person_name
from agent.tickets.actions.specs import ACTION_SPECS
from agent.tickets.lifecycle import ActorKind, IllegalTransitionError

_DONE = Message("{id}: {stage}, revision {revision}")
_NO_PAIR = Message("is not NAME=VALUE; {action} knows {known}")
_NO_TICKET = Message("there is no ticket {ticket!r}; numwatch tickets list has them")


@dataclass(frozen=True)
class ActionArguments:
    """The arguments of the command."""

    action: TicketAction
    ticket: str
    reason: str
    by: str
    fields: Sequence[str] = ()
    """``NAME=VALUE`` each, by the names of the action's form."""


def act_on_ticket(
    arguments: ActionArguments,
    *,
    url: str | None = None,
    config: Path | None = None,
    as_json: bool = False,
) -> int:
    """Act on a ticket and print its stage; returns 1 when it cannot be done."""

    def command() -> int:
        ticket = asyncio.run(_act(arguments, url, config))
        if as_json:
            print_json(ticket)
        else:
            stage = Words(locale()).label(ticket["stage"])
            text = _DONE.with_values(id=ticket["id"], stage=stage, revision=ticket["revision"])
            print_lines(paragraph(say(text), console().width))
        return ExitStatus.OK

    return run_command(command, failures=(ActionRequestError, IllegalTransitionError, StoreError))


async def _act(arguments: ActionArguments, url: str | None, config: Path | None) -> Document:
    actor = Actor(ActorKind.PERSON, person_name(arguments.by))
    fields = _fields(arguments.action, arguments.fields)
    request = ActionRequest(arguments.action, actor, arguments.reason, fields)
    async with open_client(url, config) as client:
        ticket = await client.act(arguments.ticket, request)
    if ticket is None:
        raise CommandError(say(_NO_TICKET.with_values(ticket=arguments.ticket)))
    return ticket


def _fields(action: TicketAction, pairs: Sequence[str]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            known = ", ".join(field.name for field in ACTION_SPECS[action].fields)
            values = {"action": action.value, "known": known or contextual("value", "none")}
            raise ActionRequestError(_NO_PAIR.with_values(**values), f"--set {pair}")
    return dict(pair.partition("=")[::2] for pair in pairs)
