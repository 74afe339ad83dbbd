"""A rule that is taken away while its alert fires is no recovery: the ticket waits for a person."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp.test_utils import TestClient, TestServer

from agent.app import Agent
from agent.states import Stage
from agent.store import UnavailableError
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, Actor
from agent.tickets.lifecycle import ActorKind
from agent.tickets.ticket import Ticket
from agent.web.app import make_app
from tests.app.conftest import Scene, until

BROKEN = "4006220001"
RULE: dict[str, Any] = {
    "alert": "OddNumber",
    "expr": 'numwatch_number_state{state="suspended_violation"} == 1',
    "labels": {"severity": "critical", "symptom": "odd", "scope": "number"},
    "annotations": {"summary": "odd"},
}
OTHER = {**RULE, "alert": "Quiet", "expr": "vector(0) > 1"}


def write_rules(path: Path, *rules: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump({"groups": [{"name": path.stem, "rules": list(rules)}]}))


def remove(path: Path) -> None:
    path.unlink()


async def reload(scene: Scene) -> str:
    """Reload over HTTP as an operator does; returns the answer."""
    async with (
        TestClient(TestServer(make_app(scene.agent.web_services()))) as client,
        client.post("/-/reload", headers=scene.authorized) as answer,
    ):
        assert answer.status == 200
        return await answer.text()


async def firing(scene: Scene, labels: dict[str, str]) -> None:
    """Wait until an alert with ``labels`` fires, as Prometheus' API has it."""
    async with TestClient(TestServer(make_app(scene.agent.web_services()))) as client:
        async with asyncio.timeout(40):
            while True:
                async with client.get("/api/v1/alerts") as answer:
                    alerts = (await answer.json())["data"]["alerts"]
                if any(
                    it["state"] == "firing" and labels.items() <= it["labels"].items()
                    for it in alerts
                ):
                    return
                await asyncio.sleep(0.1)


@pytest.fixture
async def rules(scene: Scene, tmp_path: Path) -> Path:
    """The only rule file in use; its rule fires for the suspended number."""
    path = tmp_path / "rules.d" / "own.yml"
    write_rules(path, RULE, OTHER)
    write_rules(path.with_name("other.yml"), {**OTHER, "alert": "Calm"})
    pattern = str(path.parent / "*.yml")
    scene.write(lambda settings: settings["rules"].update(files=[pattern]))
    await reload(scene)
    await until(lambda: odd(scene), "the rule opens its ticket")
    return path


def odd(scene: Scene) -> Ticket | None:
    """The open ticket of the rule."""
    return next((it for it in scene.agent.tickets.open if it.subject.symptom == "odd"), None)


async def is_kept(scene: Scene) -> Ticket:
    """The ticket, after much more time than a recovery takes here."""
    await until(lambda: (ticket := odd(scene)) and ticket.rule_gone, "its timeline says why")
    await asyncio.sleep(2.5)
    ticket = odd(scene)
    assert ticket is not None, "it was closed as if the fault were over"
    assert ticket.stage is Stage.DIAGNOSING
    (entry,) = [it for it in ticket.timeline if it.event == "rule_gone"]
    assert "OddNumber" in entry.reason
    assert "a person decides" in entry.reason
    return ticket


async def test_a_rule_file_that_is_gone_closes_nothing(scene: Scene, rules: Path) -> None:
    remove(rules)
    answer = await reload(scene)
    assert "rule own/OddNumber{" in answer
    assert "stay open until" in answer
    await is_kept(scene)


async def test_a_rule_that_is_gone_leaves_its_ticket_to_a_person(scene: Scene, rules: Path) -> None:
    write_rules(rules, OTHER)
    assert "is gone from the rule files" in await reload(scene)
    ticket = await is_kept(scene)
    actor = Actor(ActorKind.PERSON, "ann")
    close = ActionRequest(TicketAction.CLOSE, actor, "seen myself", {"resolution": "fixed"})
    assert await scene.agent.act(ticket.id, close) is not None
    assert odd(scene) is None


async def test_rules_switched_off_close_nothing(scene: Scene, rules: Path) -> None:
    scene.write(lambda settings: settings["rules"].update(enabled=False))
    assert "stay open until" in await reload(scene)
    await is_kept(scene)


@pytest.mark.parametrize(
    "changed",
    [{**RULE, "alert": "Odder"}, {**RULE, "labels": {**RULE["labels"], "severity": "warning"}}],
    ids=["renamed", "labels changed"],
)
async def test_a_rule_that_changed_goes_on_with_the_same_ticket(
    scene: Scene, rules: Path, changed: dict[str, Any]
) -> None:
    before = odd(scene)
    assert before is not None
    write_rules(rules, {**changed, "for": "40s"}, OTHER)
    await reload(scene)
    labels = {**changed["labels"], "alertname": changed["alert"]}
    await firing(scene, labels)
    after = odd(scene)
    assert after is not None
    assert after.id == before.id
    assert "rule_gone" not in {it.event for it in after.timeline}, "another rule watches it"
    scene.world.apply({"number": BROKEN, "set": {"state": "active"}})
    await until(lambda: odd(scene) is None, "a real recovery closes it")


async def test_a_rule_with_another_symptom_leaves_the_former_ticket_open(
    scene: Scene, rules: Path
) -> None:
    write_rules(rules, {**RULE, "labels": {**RULE["labels"], "symptom": "odder"}}, OTHER)
    assert "changed its group or its labels" in await reload(scene)
    await is_kept(scene)


async def test_a_rule_that_went_while_the_agent_was_stopped_closes_nothing(
    scene: Scene, rules: Path
) -> None:
    await asyncio.sleep(0.5)
    await scene.agent.stop()
    remove(rules)
    scene.agent = Agent(scene.config)
    await scene.agent.start()
    await is_kept(scene)


async def test_what_a_restart_after_the_reload_still_knows(scene: Scene, rules: Path) -> None:
    remove(rules)
    await reload(scene)
    await is_kept(scene)
    await scene.agent.stop()
    scene.agent = Agent(scene.config)
    await scene.agent.start()
    await is_kept(scene)


async def test_a_rule_that_goes_while_tickets_cannot_be_written_is_known_after_a_restart(
    scene: Scene, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = 0

    async def refuse(*_: object) -> None:
        nonlocal refused
        refused += 1
        raise UnavailableError("the disk is full", passes=True)

    monkeypatch.setattr(scene.agent.tickets, "observe", refuse)
    remove(rules)
    await reload(scene)
    rounds = refused + 3
    await until(lambda: refused >= rounds, "the rules were evaluated without it")
    await scene.agent.stop()
    scene.agent = Agent(scene.config)
    await scene.agent.start()
    await is_kept(scene)


async def test_a_kill_between_a_ticket_and_the_state_of_its_alert_loses_no_rule(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes after the ticket's commit is never reached, and then its rule is taken away."""
    path = tmp_path / "rules.d" / "own.yml"
    write_rules(path, RULE)
    write_rules(path.with_name("other.yml"), OTHER)

    async def killed(*_: object) -> None:
        raise UnavailableError("killed", passes=True)

    monkeypatch.setattr(scene.agent._runtime_state, "save", killed)
    scene.write(lambda it: it["rules"].update(files=[str(path.parent / "*.yml")]))
    await reload(scene)
    await until(lambda: odd(scene), "the rule opens its ticket")
    await scene.agent.stop()
    remove(path)
    scene.agent = Agent(scene.config)
    await scene.agent.start()
    await is_kept(scene)


@pytest.mark.usefixtures("rules")
async def test_a_reload_without_changes_says_nothing(scene: Scene) -> None:
    assert await reload(scene) == "configuration reloaded\n"
