"""``numwatch tickets``: over a running agent's API, and on the ledger of a stopped one."""

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from agent.config.secret import Secret
from agent.store.database import Database
from agent.tickets.ledger import Ledger
from agent.tickets.outbox.outbox import Outbox
from agent.web.app import make_app
from agent.web.services import WebServices
from agent.webhooks.auth import TokenCheck
from exporters.exposition import Exposition
from exporters.telemetry import Telemetry
from tests.forks import numwatch_ended
from tests.sinks.change_writer import ChangeWriter
from tests.tickets.scene import START, Scene, settings
from tests.web.conftest import OWN_TOKEN

CONFIG = """
providers:
  - name: north
    profile: generic
    base_url: http://127.0.0.1:9
    accounts:
      - id: hq
        credentials: {key: k, secret: s}
"""


async def run(call: str) -> tuple[int | None, str, str]:
    """The command in a process of its own, as the command line calls it."""
    code = (
        f"import sys\nfrom pathlib import Path\nfrom agent.cli.tickets import *\nsys.exit({call})"
    )
    environ = {"COLUMNS": "200", "PATH": "", "NUMWATCH_TOKEN": OWN_TOKEN}
    return await numwatch_ended(code=code, environ=environ)


@pytest.fixture
async def agent(database: Database):
    """A running agent's API over a real ledger."""
    scene, outbox = Scene(), Outbox(database)

    services = WebServices(
        fleet=scene.fleet,
        exposition=Exposition(Telemetry("1").render),
        tickets=Ledger(database),
        settings=settings,
        check_result=scene.checked_of,
        diagnose=lambda _number, _caller: asyncio.sleep(0),
        reload=lambda: asyncio.sleep(0, []),
        ready=lambda: None,
        replay=lambda ticket: outbox.replay(ticket, START),
        version="1",
        started_at=START,
        clock=lambda: START + 60,
        tokens=TokenCheck(lambda: Secret(OWN_TOKEN)),
    )
    server = TestServer(make_app(services))
    await server.start_server()
    yield str(server.make_url("/"))
    await server.close()


async def test_tickets_of_a_running_agent(database: Database, agent: str) -> None:
    writer = ChangeWriter(database, "desk")
    ticket = await writer.opened(1)
    await writer.changed(await writer.opened(2), "ticket.closed")
    code, out, err = await run(f"list_tickets(url={agent!r}, as_json=True)")
    assert (code, err) == (0, "")
    assert {it["number"] for it in json.loads(out)} == {"4006220001", "4006220002"}
    code, out, _err = await run(f"list_tickets(url={agent!r}, is_open=True)")
    assert code == 0
    assert ticket.id in out
    assert "4006220002" not in out
    code, out, _err = await run(f"show_ticket({ticket.id!r}, url={agent!r})")
    assert code == 0
    assert "it broke" in out
    code, out, err = await run(f"show_ticket('NW/../X', url={agent!r})")
    assert (code, out) == (1, "")
    assert "there is no ticket 'NW/../X'" in err


async def test_dead_letters_are_replayed_through_the_agent(database: Database, agent: str) -> None:
    ticket = await ChangeWriter(database, "desk").opened(1)
    outbox = Outbox(database)
    row = await outbox.claim("desk", START)
    assert row is not None
    await outbox.bury(row, "gone", START)
    code, out, _err = await run(f"replay({ticket.id!r}, url={agent!r}, as_json=True)")
    assert (code, json.loads(out)) == (0, {"replayed": 1})
    assert await outbox.dead_letters() == []


async def test_nobody_there_says_what_to_do(unused_tcp_port: int) -> None:
    code, out, err = await run(f"list_tickets(url='http://127.0.0.1:{unused_tcp_port}')")
    assert (code, out) == (1, "")
    assert "no agent answers" in err
    assert "--config" in err


async def test_the_ledger_of_a_stopped_agent_is_read_and_of_a_running_one_is_not(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG)
    database = await Database.open(tmp_path / "data")
    ticket = await ChangeWriter(database, "desk").opened(1)
    call = f"show_ticket({ticket.id!r}, config=Path({str(config)!r}), as_json=True)"
    code, _out, err = await run(call)
    assert code == 1
    assert "in use by another numwatch agent" in err
    await database.close()
    code, out, err = await run(call)
    assert (code, err) == (0, "")
    assert json.loads(out)["id"] == ticket.id


async def test_a_bad_configuration_is_two(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("nothing: 1\n")
    code, _out, err = await run(f"list_tickets(config=Path({str(config)!r}))")
    assert code == 2
    assert "config.yaml:1: nothing" in err
