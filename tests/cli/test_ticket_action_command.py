"""Actions on tickets: through a running agent, or in the ledger of a stopped one."""

import asyncio
import dataclasses
import json
from pathlib import Path

import yaml
from aiohttp.test_utils import TestServer

from agent.cli.ticket_action import ActionArguments, act_on_ticket
from agent.states import Stage
from agent.store.database import Database
from agent.tickets.actions.action import TicketAction
from agent.tickets.ledger import Ledger
from agent.tickets.manager import Tickets
from agent.tickets.outbox.outbox import Outbox
from agent.web.app import make_app
from tests.web.facts import NOW
from tests.web.ledger import ticket, write
from tests.web.test_actions import TOKEN, secured

ACCEPT = ActionArguments(TicketAction.ACCEPT, "t-1", "on it", "Li Wei")


async def test_a_running_agent_acts(services, database, facts, capsys, monkeypatch) -> None:
    await write(database, ticket())
    tickets = Tickets(database, facts.settings, lambda *_: None, lambda *_: None)
    app = make_app(dataclasses.replace(services, act=lambda it, order: tickets.act(it, order, NOW)))
    secured(facts)
    async with TestServer(app) as server:
        url = str(server.make_url(""))
        assert await asyncio.to_thread(act_on_ticket, ACCEPT, url=url) == 1
        assert "NUMWATCH_TOKEN" in capsys.readouterr().err
        monkeypatch.setenv("NUMWATCH_TOKEN", TOKEN)
        assert await asyncio.to_thread(act_on_ticket, ACCEPT, url=url, as_json=True) == 0
        assert json.loads(capsys.readouterr().out)["stage"] == "accepted"
        close = ActionArguments(TicketAction.CLOSE, "t-1", "done", "Li Wei", ("resolution=fixed",))
        assert await asyncio.to_thread(act_on_ticket, close, url=url) == 1
        assert "confirmed_or_waived" in capsys.readouterr().err
        nameless = dataclasses.replace(ACCEPT, by="")
        assert await asyncio.to_thread(act_on_ticket, nameless, url=url) == 1
        assert "actor: is missing" in capsys.readouterr().err


def test_the_ledger_of_a_stopped_agent_is_written(tmp_path: Path, capsys) -> None:
    account = {"id": "hq", "credentials": {"key": "k", "secret": "s"}}
    provider = {"name": "north", "profile": "generic", "base_url": "http://127.0.0.1:1/"}
    sink = {"name": "desk", "kind": "webhook", "url": "http://127.0.0.1:1/"}
    config = tmp_path / "config.yaml"
    config.write_text(
        yaml.safe_dump({"providers": [{**provider, "accounts": [account]}], "sinks": [sink]})
    )

    async def stage_and_queue(*, prepare: bool) -> tuple[Stage, int]:
        database = await Database.open(tmp_path / "data")
        if prepare:
            await write(database, ticket())
        stored = await Ledger(database).get("t-1")
        queue = (await Outbox(database).queues()).get("desk")
        await database.close()
        assert stored is not None
        return stored.stage, queue.pending if queue else 0

    assert asyncio.run(stage_and_queue(prepare=True)) == (Stage.DIAGNOSING, 0)
    assert act_on_ticket(ACCEPT, config=config) == 0
    assert "t-1: accepted, revision 2" in capsys.readouterr().out
    assert asyncio.run(stage_and_queue(prepare=False)) == (Stage.ACCEPTED, 1)
    unknown = dataclasses.replace(ACCEPT, ticket="t-9")
    assert act_on_ticket(unknown, config=config) == 1
    assert "there is no ticket" in capsys.readouterr().err
