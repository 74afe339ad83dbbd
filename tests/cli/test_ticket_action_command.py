"""The command line's acts: a running agent is asked, a stopped one's ledger is written."""

import asyncio
import dataclasses
import json
from pathlib import Path

import yaml
from aiohttp.test_utils import TestServer

from agent.cli.ticket_action import Wanted, act_on
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

ACCEPT = Wanted(TicketAction.ACCEPT, "t-1", "on it", "Li Wei")


async def test_a_running_agent_is_asked(state, database, facts, capsys, monkeypatch) -> None:
    await write(database, ticket())
    tickets = Tickets(database, facts.settings, lambda *_: None, lambda *_: None)
    app = make_app(dataclasses.replace(state, act=lambda it, order: tickets.act(it, order, NOW)))
    secured(facts)
    async with TestServer(app) as server:
        url = str(server.make_url(""))
        assert await asyncio.to_thread(act_on, ACCEPT, url=url) == 1
        assert "NUMWATCH_TOKEN" in capsys.readouterr().err
        monkeypatch.setenv("NUMWATCH_TOKEN", TOKEN)
        assert await asyncio.to_thread(act_on, ACCEPT, url=url, as_json=True) == 0
        assert json.loads(capsys.readouterr().out)["stage"] == "accepted"
        close = Wanted(TicketAction.CLOSE, "t-1", "done", "Li Wei", ("resolution=fixed",))
        assert await asyncio.to_thread(act_on, close, url=url) == 1
        assert "confirmed_or_waived" in capsys.readouterr().err
        nameless = dataclasses.replace(ACCEPT, by="")
        assert await asyncio.to_thread(act_on, nameless, url=url) == 1
        assert "actor: is missing" in capsys.readouterr().err


def test_the_ledger_of_a_stopped_agent_is_written(tmp_path: Path, capsys) -> None:
    account = {"id": "hq", "credentials": {"key": "k", "secret": "s"}}
    provider = {"name": "north", "profile": "generic", "base_url": "http://127.0.0.1:1/"}
    sink = {"name": "desk", "kind": "webhook", "url": "http://127.0.0.1:1/"}
    config = tmp_path / "config.yaml"
    config.write_text(
        yaml.safe_dump({"providers": [{**provider, "accounts": [account]}], "sinks": [sink]})
    )

    async def kept(*, prepare: bool) -> tuple[Stage, int]:
        database = await Database.open(tmp_path / "data")
        if prepare:
            await write(database, ticket())
        found = await Ledger(database).get("t-1")
        queue = (await Outbox(database).queues()).get("desk")
        await database.close()
        assert found is not None
        return found.stage, queue.pending if queue else 0

    assert asyncio.run(kept(prepare=True)) == (Stage.DIAGNOSING, 0)
    assert act_on(ACCEPT, config=config) == 0
    assert "t-1 is accepted, revision 2" in capsys.readouterr().out
    assert asyncio.run(kept(prepare=False)) == (Stage.ACCEPTED, 1)
    unknown = dataclasses.replace(ACCEPT, ticket="t-9")
    assert act_on(unknown, config=config) == 1
    assert "there is no ticket" in capsys.readouterr().err
