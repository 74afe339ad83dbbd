"""A reload takes up a good configuration and leaves everything alone for a bad one."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent.app import Agent
from agent.plan import PlanError
from agent.store import StoreError
from agent.web.app import make_app
from agent.web.services import ReloadOutcome
from tests.app.conftest import Scene, until
from tests.proof_size import size


def gauge(scene: Scene) -> float:
    return float(scene.agent.telemetry.config_reload_successful.collect()[0].samples[0].value)


def drop_south(settings: dict[str, Any]) -> None:
    settings["providers"] = [p for p in settings["providers"] if p["name"] != "south"]


def misspell(settings: dict[str, Any]) -> None:
    settings["providers"][0]["profil"] = settings["providers"][0].pop("profile")


async def test_a_good_reload_is_taken_up(scene: Scene) -> None:
    scene.write(drop_south)
    assert await scene.agent.reload() == ReloadOutcome()
    assert [snapshot.key for snapshot in scene.agent.fleet.snapshots()] == ["north/hq"]
    page = await scene.agent.exposition.scrape()
    assert b'provider="north"' in bytes(page.body)
    await until(lambda: scene.agent.checked("south", "hq") is None, "south is forgotten")


async def test_a_bad_reload_changes_nothing_and_says_every_error(scene: Scene) -> None:
    before = scene.config.read_text()
    scene.write(misspell)
    lines = (await scene.agent.reload()).errors
    assert len(lines) == 2
    assert all(line.startswith(str(scene.config)) for line in lines)
    assert gauge(scene) == 0
    assert len(scene.agent.fleet.snapshots()) == 2
    revision = scene.agent.fleet.snapshots()[0].revision
    await until(lambda: scene.agent.fleet.snapshots()[0].revision > revision, "polls go on")
    scene.config.write_text(before)
    assert await scene.agent.reload() == ReloadOutcome()
    assert gauge(scene) == 1


async def test_a_blank_token_is_refused_and_the_one_in_force_stays(
    scene: Scene, aiohttp_client
) -> None:
    """Tried live: with a blank one in force, a request without any header would pass."""
    client = await aiohttp_client(make_app(scene.agent.web_services()))
    for blank in ("", " ", "${UNSET_HERE:-}", "\u200b" * 20, "\u3164" * 20, "short"):
        scene.write(lambda settings, blank=blank: settings.update(web={"token": blank}))
        answer = await client.post("/-/reload", headers=scene.authorized)
        assert (answer.status, "web.token: is" in await answer.text()) == (400, True)
        for nothing in ({}, {"Authorization": ""}, {"Authorization": "Basic Og=="}):
            assert (await client.post("/-/reload", headers=nothing)).status in {401, 429}
    scene.write(lambda settings: settings.update(web={"token": "a token of sixteen and more"}))
    assert (await client.post("/-/reload", headers=scene.authorized)).status == 200
    new = {"Authorization": "Bearer a token of sixteen and more"}
    assert (await client.post("/-/reload", headers=scene.authorized)).status == 401
    assert (await client.post("/-/reload", headers=new)).status == 200


async def test_a_bad_rule_file_is_refused_like_a_bad_configuration(
    scene: Scene, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text("groups: [{name: g, rules: [{alert: A, expr: 'sum('}]}]")

    def use(settings: dict[str, Any]) -> None:
        settings["rules"]["files"] = [str(rules)]

    scene.write(use)
    lines = (await scene.agent.reload()).errors
    assert lines
    assert str(rules) in lines[0]


async def test_many_bad_and_good_reloads_lose_nothing(scene: Scene) -> None:
    await until(lambda: scene.ticket("number_down"), "the suspended number has its ticket")
    good = scene.config.read_text()
    for turn in range(size(15, 50)):
        scene.write(misspell)
        assert (await scene.agent.reload()).errors
        scene.config.write_text(good + f"# {turn}\n")
        assert await scene.agent.reload() == ReloadOutcome()
    assert gauge(scene) == 1
    assert scene.all_failures("north") == 0
    tickets = [ticket for ticket in scene.desk() if ticket["symptom"] == "number_down"]
    assert [ticket["deliveries"][0]["type"] for ticket in tickets] == ["ticket.opened"]
    assert tickets[0]["stage"] not in ("closed", "restored", "observing")


async def test_an_account_that_a_reload_takes_away_is_noticed(scene: Scene) -> None:
    """The control: what the reloads above must not lose is seen to be lost where it is."""
    await until(lambda: scene.ticket("number_down"), "the suspended number has its ticket")
    scene.write(lambda settings: settings["providers"].pop(0))
    assert await scene.agent.reload() == ReloadOutcome()
    assert scene.agent.fleet.get("north", "hq") is None
    assert gauge(scene) == 1


async def test_a_bad_configuration_does_not_start(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("providers: []\n")
    with pytest.raises(PlanError, match=r"config\.yaml:1: providers"):
        await Agent(config).start()


async def test_two_agents_never_share_a_ledger(scene: Scene) -> None:
    with pytest.raises(StoreError):
        await Agent(scene.config).start()
    await asyncio.sleep(0)
    assert scene.agent.ready() is None
