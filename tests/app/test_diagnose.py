"""Diagnosis by command line and API, against a world over real HTTP."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp.test_utils import TestClient, TestServer

from agent.complaints.complaint import Channel, ComplaintReport
from agent.complaints.repository import ComplaintRepository, Obligations
from agent.config.settings import Settings
from agent.diagnosis.area_table import AREAS
from agent.simulator.agent_config import build_config
from agent.simulator.server import SimulatorServer, start
from agent.simulator.world import World
from agent.store.database import Database
from agent.web.app import make_app
from tests.app.conftest import SPEED, WORLD, Scene, quicken, until
from tests.forks import numwatch_ended

BROKEN, WELL = "4006220001", "4006220002"
OFF = [{"number": WELL, "binding": name, "set": {"state": "off"}} for name in ("b1", "b2")]


async def run(*arguments: str, typed: str = "") -> tuple[int, str, str]:
    return await numwatch_ended(*arguments, typed=typed, within=100)


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[tuple[SimulatorServer, Path]]:
    """A world and a configuration, and no agent."""
    async with await start(World.parse(WORLD)) as world:
        config = tmp_path / "config.yaml"
        settings = quicken(build_config(world.world, world.url, SPEED), tmp_path)
        config.write_text(yaml.safe_dump({**settings, "locale": "zh-CN"}, allow_unicode=True))
        yield world, config


async def diagnose(config: Path, number: str, *more: str) -> tuple[int, dict[str, Any]]:
    status, out, err = await run("diagnose", number, "--config", str(config), "--json", *more)
    assert not err
    return status, json.loads(out)


async def test_the_command_tells_well_from_broken_and_remembers(
    alone: tuple[SimulatorServer, Path],
) -> None:
    world, config = alone
    (well, broken) = await asyncio.gather(diagnose(config, WELL), diagnose(config, "400-622-0001"))
    assert (well[0], well[1]["cause"]) == (0, "healthy")
    assert (broken[0], broken[1]["cause"]) == (1, "number_suspended_violation")
    world.apply({"number": WELL, "set": {"routing.wait_seconds": 5}})
    status, changed = await diagnose(config, WELL)
    assert (status, changed["cause"], changed["party"]) == (1, "config_changed", "admin")
    assert any("provisional" in fact["value"] for fact in changed["evidence"])
    world.apply({"provider": "north", "fault": {"kind": "http_500"}})
    status, blind = await diagnose(config, WELL)
    assert (status, blind["cause"], blind["party"]) == (3, "monitoring_blind", "monitoring")


async def test_the_command_asks_and_takes_answers(alone: tuple[SimulatorServer, Path]) -> None:
    world, config = alone
    for entry in OFF:
        world.apply(entry)
    answered, prompted, invalid = await asyncio.gather(
        diagnose(config, WELL, "--answer", "service=no", "--answer", "own_sim_elsewhere=works"),
        run("diagnose", WELL, "--config", str(config), "--ask", typed="perhaps\narrears\n"),
        run("diagnose", WELL, "--config", str(config), "--answer", "service=perhaps"),
    )
    assert (answered[1]["party"], answered[1]["questions"]) == ("holder", [])
    assert prompted[0] == 1
    assert "绑定号码欠费停机" in prompted[1]
    assert "绑定号码所属运营商" in prompted[1]
    assert "应为 no|arrears|barred" in prompted[2]
    assert invalid[0] == 2
    assert "expected no|arrears|barred" in invalid[2]


@pytest.fixture
async def client(scene: Scene) -> AsyncIterator[TestClient[Any, Any]]:
    client = TestClient(TestServer(make_app(scene.agent.web_services())), headers=scene.authorized)
    await client.start_server()
    yield client
    await client.close()


async def test_answers_by_api_are_stored_with_the_ticket_and_revise_it(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    for entry in OFF:
        scene.world.apply(entry)

    def ticket() -> dict[str, Any] | None:
        of_number = (ticket for ticket in scene.desk() if ticket["number"] == WELL)
        off = (ticket for ticket in of_number if ticket["diagnosis"].get("cause") == "binding_off")
        return next(off, None)

    await until(ticket, "a ticket says the phones are off", 30)
    body = {"answers": {"service": "arrears"}, "by": "Li Wei"}
    async with client.post(f"/api/diagnose/{WELL}", json=body) as answer:
        assert answer.status == 200, await answer.text()
        verdict = await answer.json()
    assert (verdict["cause"], verdict["party"]) == ("binding_arrears", "binding_carrier")

    def revised() -> bool:
        return any(
            ticket["number"] == WELL and ticket["diagnosis"].get("cause") == "binding_arrears"
            for ticket in scene.desk()
        )

    await until(revised, "the ticket's diagnosis is revised", 30)
    entries = next(
        ticket["timeline"]
        for ticket in scene.desk()
        if ticket["diagnosis"].get("cause") == "binding_arrears"
    )
    assert any(entry["event"] == "answer" and entry["actor"] == "Li Wei" for entry in entries)


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b'{"answers": {}, "by": "Li Wei"}',
        b'{"answers": {"service": "perhaps"}, "by": "Li Wei"}',
        b'{"answers": {"service": "no"}, "by": ""}',
    ],
)
async def test_answers_that_are_none_are_refused(client: TestClient[Any, Any], body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with client.post(f"/api/diagnose/{WELL}", data=body, headers=headers) as answer:
        assert answer.status == 400
        assert "expected" in await answer.json()


async def test_the_areas_of_mobiles_are_loaded_from_the_start_and_not_by_the_first_question(
    scene: Scene,
) -> None:
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert AREAS.is_loaded or "AreaTable.load_beside" in names
    assert "phonenumbers.geodata" not in sys.modules


async def test_the_command_uses_complaints_of_the_ledger(
    alone: tuple[SimulatorServer, Path],
) -> None:
    """Three callers heard that the number does not exist: nobody is told that all is well."""
    _world, config = alone
    settings = Settings.model_validate(yaml.safe_load(config.read_text()))
    database = await Database.open(Path(settings.data_dir), settings.store)
    complaints = await ComplaintRepository.open(database)
    for index in range(3):
        report = ComplaintReport(
            number=WELL,
            caller=f"1390000111{index}",
            at=time.time() - 60 * index,
            has_time=True,
            channel=Channel.HOTLINE,
            prompt="空号",
            content="",
            reference="",
            handler="",
        )
        await complaints.add(None, report, Obligations(), 100, time.time())
    await database.close()
    status, verdict = await diagnose(config, WELL)
    assert status != 0
    assert verdict["cause"] != "healthy"
    assert any(it["fact"].startswith("heard ") for it in verdict["evidence"])
