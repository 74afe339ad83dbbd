"""The ``baseline`` command, with and without a running agent, against a world over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from agent.simulator.agent_config import build_config
from agent.simulator.server import SimulatorServer, start
from agent.simulator.world import World
from agent.web.app import make_app
from agent.web.services import ReloadOutcome
from tests.app.conftest import SPEED, WORLD, Scene, quicken, until
from tests.forks import numwatch_ended

NUMBER = "4006220002"
EDIT = {"number": NUMBER, "set": {"routing.wait_seconds": 5, "routing.blacklist": ["13900001111"]}}


async def baseline(config: Path, *arguments: str) -> tuple[int, str, str]:
    """The command's exit status and what it printed."""
    return await numwatch_ended("baseline", *arguments, "--config", str(config))


async def baseline_json(config: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    status, out, err = await baseline(config, *arguments, "--json")
    assert not err
    return status, json.loads(out)


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[tuple[SimulatorServer, Path]]:
    """A world and a configuration, and no agent."""
    async with await start(World.parse(WORLD)) as world:
        config = tmp_path / "config.yaml"
        settings = quicken(build_config(world.world, world.url, SPEED), tmp_path)
        config.write_text(yaml.safe_dump(settings, allow_unicode=True))
        yield world, config


async def test_without_an_agent_the_ledger_remembers_from_run_to_run(
    alone: tuple[SimulatorServer, Path],
) -> None:
    world, config = alone
    status, first = await baseline_json(config, "diff", NUMBER)
    assert (status, first["baseline"]["origin"], first["differences"]) == (0, "provisional", [])
    world.apply(EDIT)
    status, second = await baseline_json(config, "diff", NUMBER)
    assert (status, second["drifted"]) == (1, ["wait", "lists"])
    assert {"section": "lists", "field": "blacklist", "was": "none", "now": "139****1111"} in (
        second["differences"]
    )
    status, approved = await baseline_json(
        config, "approve", NUMBER, "--by", "Li Wei", "--note", "winter"
    )
    assert (status, approved["origin"], approved["version"]) == (0, "approved", 1)
    assert (await baseline_json(config, "diff", NUMBER))[0] == 0
    _, out, _ = await baseline(config, "show", NUMBER)
    assert "approved configuration version 1 by Li Wei" in out
    assert "before: first configuration read" in out


async def test_what_is_declared_goes_before_what_was_seen(
    alone: tuple[SimulatorServer, Path],
) -> None:
    world, config = alone
    world.apply(EDIT)
    (config.parent / "declared.yml").write_text(f'"{NUMBER}": {{wait_seconds: 30}}\n')
    settings = yaml.safe_load(config.read_text())
    settings["drift"] = {"declared": ["declared.yml"]}
    config.write_text(yaml.safe_dump(settings, allow_unicode=True))
    status, report = await baseline_json(config, "diff", NUMBER)
    assert (status, report["drifted"]) == (1, ["wait"])
    assert report["baseline"]["origin"] == "declared"
    [difference] = report["differences"]
    assert (difference["was"], difference["now"]) == ("30", "5")


async def test_a_wrong_declaration_is_named_by_file_and_line(
    alone: tuple[SimulatorServer, Path],
) -> None:
    _, config = alone
    (config.parent / "declared.yml").write_text(
        f'# winter\n"{NUMBER}":\n  wait_seconds: soon\n  colour: red\n"4006220009": 5\n'
    )
    settings = yaml.safe_load(config.read_text())
    settings["drift"] = {"declared": ["declared.yml"]}
    config.write_text(yaml.safe_dump(settings, allow_unicode=True))
    status, out, err = await baseline(config, "diff", NUMBER)
    assert (status, out) == (2, "")
    assert f"declared.yml:4: {NUMBER}.colour: is not known here" in err
    assert "declared.yml:5: 4006220009: is no mapping" in err


async def test_a_number_that_nobody_has_is_reported(alone: tuple[SimulatorServer, Path]) -> None:
    _, config = alone
    status, out, err = await baseline(config, "approve", "4009999999")
    assert (status, out) == (1, "")
    assert "no account has 4009999999" in err


async def test_a_running_agent_answers_and_its_alert_ends(scene: Scene) -> None:
    runner = web.AppRunner(make_app(scene.agent.web_services()))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    scene.write(lambda settings: settings.update(listen=[f"127.0.0.1:{port}"]))
    try:
        await until(lambda: scene.agent.baselines.get("north", "hq", NUMBER), "a baseline")
        scene.world.apply(EDIT)
        await until(lambda: scene.ticket("drift"), "the drift has a ticket")
        status, report = await baseline_json(scene.config, "diff", NUMBER)
        assert (status, report["drifted"]) == (1, ["wait", "lists"])
        assert report["since"]
        status, approved = await baseline_json(scene.config, "approve", NUMBER, "--by", "Li Wei")
        assert (status, approved["version"]) == (0, 1)
        await until(
            lambda: (scene.ticket("drift") or {}).get("stage") == "closed",
            "what is approved is drift no longer",
        )
    finally:
        await runner.cleanup()


async def test_a_planned_change_raises_no_alert_until_its_time_is_over(scene: Scene) -> None:
    planned = {"start": "2020-01-01", "end": "2999-01-01", "reason": "move to the new desk"}
    scene.write(lambda settings: settings.update(drift={"planned": [planned]}))
    assert await scene.agent.reload() == ReloadOutcome()
    await until(lambda: scene.agent.baselines.get("north", "hq", NUMBER), "a baseline")
    scene.world.apply(EDIT)
    report = scene.agent.web_services().baselines
    assert report is not None
    checked = lambda: scene.agent.checked("north", "hq")  # noqa: E731
    await until(
        lambda: checked() is not None and checked().drift_sections(NUMBER), "the drift is seen"
    )
    await asyncio.sleep(1.5)
    assert scene.ticket("drift") is None
    over = {**planned, "end": "2020-01-02"}
    scene.write(lambda settings: settings.update(drift={"planned": [over]}))
    assert await scene.agent.reload() == ReloadOutcome()
    await until(lambda: scene.ticket("drift"), "what is left when the time is over is drift")
