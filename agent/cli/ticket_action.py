"""What ``numwatch tickets accept`` and its like do: one act on one ticket.

They ask the agent at ``url``, with the token in the environment variable ``NUMWATCH_TOKEN``
where it asks for one; with ``config`` they write to the ledger of a stopped agent instead.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from rich.console import Console

from agent import logging
from agent.cli.ticket_sources import DEFAULT_URL, SourceError
from agent.config.load import ConfigError, load
from agent.config.settings import Log, Settings
from agent.store.database import Database
from agent.store.errors import StoreError
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor, person_name
from agent.tickets.actions.specs import ACTION_SPECS
from agent.tickets.document import document
from agent.tickets.lifecycle import ActorKind, IllegalTransitionError
from agent.tickets.manager import Tickets

FAILED = 1
BAD_CONFIG = 2
TOKEN_VARIABLE = "NUMWATCH_TOKEN"  # noqa: S105 - the variable's name
_TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True)
class Wanted:
    """One act, as the command line tells it."""

    act: TicketAction
    ticket: str
    reason: str
    by: str
    fields: Sequence[str] = ()
    """``NAME=VALUE``, as the act's form has them."""


def act_on(
    wanted: Wanted, *, url: str | None = None, config: Path | None = None, as_json: bool = False
) -> int:
    """Do it and print how the ticket stands then; 0, or 1 and why it cannot be done."""
    logging.configure(Log(level="error", format="console"))
    try:
        actor = Actor(ActorKind.PERSON, person_name(wanted.by))
        given = _fields(wanted.act, wanted.fields)
        order = ActionRequest(wanted.act, actor, wanted.reason, given)
        settings = None if config is None else load(config)
        told = asyncio.run(_done(order, wanted.ticket, url, settings))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIG
    except (ActionRequestError, IllegalTransitionError, StoreError, SourceError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    if as_json:
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        Console().print(f"{told['id']} is {told['stage']}, revision {told['revision']}")
    return 0


def _fields(act: TicketAction, given: Sequence[str]) -> dict[str, str]:
    fields = dict(part.partition("=")[::2] for part in given)
    wrong = next((part for part in given if "=" not in part), None)
    if wrong is not None:
        known = ", ".join(field.name for field in ACTION_SPECS[act].fields) or "no field at all"
        raise ActionRequestError(f"--set {wrong}: is not NAME=VALUE; {act} knows {known}")
    return fields


async def _done(
    order: ActionRequest, ticket: str, url: str | None, settings: Settings | None
) -> dict[str, Any]:
    if settings is None:
        return await _asked(order, ticket, url or DEFAULT_URL)
    return await _written(order, ticket, settings)


async def _written(order: ActionRequest, ticket: str, settings: Settings) -> dict[str, Any]:
    """Done in the ledger itself; the sinks are told when the agent starts."""
    database = await Database.open(Path(settings.data_dir))
    try:
        tickets = Tickets(database, settings, lambda *_: None, lambda *_: None)
        change = await tickets.act(ticket, order, time.time())
    finally:
        await database.close()
    if change is None:
        raise SourceError(f"there is no ticket {ticket!r}; numwatch tickets list has them")
    return document(change.after, time.time())


async def _asked(order: ActionRequest, ticket: str, url: str) -> dict[str, Any]:
    token = os.environ.get(TOKEN_VARIABLE, "")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    address = f"{url.rstrip('/')}/api/tickets/{quote(ticket, safe='')}/actions"
    body = {
        "action": order.action.value,
        "actor": order.actor.name,
        "reason": order.reason,
        "fields": dict(order.fields),
    }
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers) as session,
            session.post(address, json=body) as answer,
        ):
            told = await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise SourceError(
            f"no agent answers at {url}; say where one does with --url, or act in the ledger of"
            " a stopped one with --config"
        ) from error
    if not answer.ok:
        hint = f"; set {TOKEN_VARIABLE}" if answer.status == HTTPStatus.UNAUTHORIZED else ""
        raise SourceError(f"{told.get('error', answer.status)}{hint}")
    return dict(told)
