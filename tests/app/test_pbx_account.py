"""A running agent with numbers of an inventory whose phones a PBX account knows."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from agent.states import BindingState
from tests.app.conftest import Scene, until

NUMBER = "4007770001"


@dataclass
class Exchange:
    """Answers as a Kamailio does; ``registered`` may change while it runs."""

    registered: set[str] = field(default_factory=set)
    down: bool = False

    async def handle(self, request: web.Request) -> web.Response:
        call = json.loads(await request.read())
        if self.down:
            return web.Response(status=503)
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": 1}
        if call["method"] == "core.version":
            return web.json_response({**reply, "result": "kamailio"})
        aor = call["params"][1]
        if aor not in self.registered:
            error = {"code": 500, "message": "AOR not found in location table"}
            return web.json_response({**reply, "error": error}, status=500)
        contacts = [{"Contact": {"Address": f"sip:{aor}@10.0.0.1", "Expires": 60}}]
        return web.json_response({**reply, "result": {"AoR": aor, "Contacts": contacts}})


@pytest.fixture
async def exchange(aiohttp_server, scene: Scene, tmp_path: Path) -> Exchange:
    """An exchange, and an agent whose inventory says that its 801 is behind the number."""
    running = Exchange({"801"})
    app = web.Application()
    app.router.add_post("/RPC", running.handle)
    server = await aiohttp_server(app)
    (tmp_path / "numbers.csv").write_text(f"number,company\n{NUMBER},示例公司\n")
    entry = {"number": NUMBER, "account": "lines/hq", "phones": [{"extension": "801"}]}

    def add(settings: dict[str, Any]) -> None:
        file = str(tmp_path / "numbers.csv")
        settings["providers"] += [
            {
                "name": "lines",
                "profile": "static",
                "accounts": [{"id": "hq", "inventory": {"file": file}}],
            },
            {
                "name": "exchange",
                "profile": "kamailio",
                "base_url": str(server.make_url("/RPC")),
                "egress_allow": ["127.0.0.0/8"],
                "accounts": [{"id": "main", "inventory": {"numbers": [entry]}}],
            },
        ]

    scene.write(add)
    assert not (await scene.agent.reload()).errors
    return running


def state(scene: Scene) -> BindingState | None:
    """What the agent knows of extension 801 behind the number."""
    checked = scene.agent.checked("lines", "hq")
    phones = (checked.bindings(NUMBER) if checked else None) or {}
    return phones["801"].state if "801" in phones else None


async def reachable(scene: Scene) -> list[str]:
    page = bytes((await scene.agent.exposition.scrape()).body).decode()
    lines = page.splitlines()
    return [
        line.rpartition(" ")[2]
        for line in lines
        if line.startswith("numwatch_binding_reachable{") and NUMBER in line
    ]


async def test_the_phone_follows_the_pbx_and_is_unknown_while_the_pbx_is_down(
    scene: Scene, exchange: Exchange
) -> None:
    await until(lambda: state(scene) is BindingState.OK, "801 is registered")
    exchange.registered.clear()
    await until(lambda: state(scene) is BindingState.OFF, "801 is not registered any more")
    assert await reachable(scene) in (["0"], ["0.0"])
    exchange.down = True
    await until(lambda: state(scene) is BindingState.UNKNOWN, "the PBX is stale")
    assert await reachable(scene) == []
    exchange.registered, exchange.down = {"801"}, False
    await until(lambda: state(scene) is BindingState.OK, "801 is registered again")


async def test_a_reload_reads_the_file_again_and_a_broken_one_changes_nothing(
    scene: Scene, exchange: Exchange, tmp_path: Path
) -> None:
    file = tmp_path / "numbers.csv"
    await until(lambda: state(scene) is BindingState.OK, "801 is registered")

    def listed() -> list[str]:
        snapshot = scene.agent.fleet.get("lines", "hq")
        return [it.number for it in snapshot.listing.numbers] if snapshot.listing else []

    file.write_text(f"number,company\n{NUMBER},示例公司\n40077700x2,\n")
    errors = (await scene.agent.reload()).errors
    assert len(errors) == 1
    assert f"{file}:3: number: is not a number" in errors[0]
    assert listed() == [NUMBER]
    assert state(scene) is BindingState.OK
    file.write_text(f"number\n{NUMBER}\n4007770002\n")
    assert not (await scene.agent.reload()).errors
    await until(lambda: listed() == [NUMBER, "4007770002"], "the new number is listed")
