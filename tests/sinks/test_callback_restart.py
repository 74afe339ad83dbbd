"""Callbacks of ticket systems before and after a restart over the same data folder, over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from agent.fleet import Fleet
from agent.inbound import InboundWebhooks, Targets
from agent.sinks.callback_actions import Callbacks
from agent.sinks.links import Links, Remote
from agent.states import Stage
from agent.store.database import Database
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, Actor
from agent.tickets.ledger import Ledger
from agent.tickets.lifecycle import ActorKind
from agent.tickets.manager import Tickets
from exporters.telemetry import Telemetry
from tests.sinks.test_callback_hook import SINKS, START, Site, jira, own, signed, standard
from tests.tickets.scene import alert, settings


@asynccontextmanager
async def started(folder: Path, now: float) -> AsyncIterator[Site]:
    """One run over the data folder: what was there goes on, else a ticket is opened."""
    database = await Database.open(folder)
    try:
        chosen = settings(SINKS)
        tickets = Tickets(database, chosen, lambda *_: None, lambda *_: None)
        links, ledger = Links(database), Ledger(database)
        for change in await tickets.observe([alert()], Fleet(), now):
            if change.before is None:
                await links.record_created("helpdesk", change.after.id, Remote("10000", "R"), now)
        callbacks = Callbacks(links, ledger, tickets.act, lambda: made.now)
        webhooks = await InboundWebhooks.open(
            database, chosen, Telemetry(), lambda: made.now, Targets(apply_callback=callbacks.apply)
        )
        app = web.Application()
        app.add_routes(webhooks.routes())
        async with TestClient(TestServer(app)) as client:
            (ticket,) = await ledger.open_tickets()
            made = Site(client, database, ticket)
            made.act, made.now = tickets.act, now
            yield made
    finally:
        await database.close()


async def reopen(site: Site) -> None:
    request = ActionRequest(TicketAction.REOPEN, Actor(ActorKind.PERSON, "ann"), "still broken")
    assert await site.act(site.ticket.id, request, site.now) is not None


@pytest.mark.parametrize("sink", ["helpdesk", "own"])
async def test_the_same_message_after_a_restart_has_no_effect(tmp_path: Path, sink: str) -> None:
    async with started(tmp_path, START) as site:
        body = jira("Done", "done", START) if sink == "helpdesk" else own(site)
        headers = signed(body) if sink == "helpdesk" else standard(body, START)
        assert (await site.post(sink, body, headers))[1] == {"outcome": "taken"}
        assert (await site.read()).stage is Stage.CLOSED
        # At the same second, so that the message is not refused for its time.
        await reopen(site)
    async with started(tmp_path, START + 60) as site:
        before = await site.read()
        assert before.open
        assert await site.post(sink, body, headers) == (200, {"outcome": "repeated"})
        site.now = START + 86400
        status, answer = await site.post(sink, body, headers)
        assert (status, answer.get("outcome")) in {(200, "repeated"), (401, None)}
        assert await site.read() == before


async def test_a_message_older_than_the_tolerance_is_refused_by_a_new_start(tmp_path: Path) -> None:
    async with started(tmp_path, START) as site:
        body = own(site)
        headers = standard(body, START)
    async with started(tmp_path, START + 301) as site:
        assert (await site.post("own", body, headers))[0] == 401
        assert (await site.read()).open
    async with started(tmp_path, START + 299) as site:
        assert await site.post("own", body, headers) == (200, {"outcome": "taken"})
