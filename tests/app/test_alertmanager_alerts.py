"""Alertmanager and the embedded rules report the same fault into one ticket."""

import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from agent.app import Agent
from agent.web.app import make_app
from tests.app.conftest import Scene, until

BROKEN, WELL = "4006220001", "4006220002"
LABELS = {
    "alertname": "NumberNotActive",
    "severity": "critical",
    "symptom": "number_down",
    "scope": "number",
    "provider": "north",
    "account": "hq",
    "replica": "a",
}
START, END = "2026-01-01T00:00:00.000Z", "2026-01-01T00:10:00.000Z"


@pytest.fixture
async def client(scene: Scene) -> AsyncIterator[TestClient[Any, Any]]:
    client = TestClient(TestServer(make_app(scene.agent.web_services())), headers=scene.authorized)
    await client.start_server()
    yield client
    await client.close()


async def send(client: TestClient[Any, Any], labels: dict[str, str], *, over: bool = False) -> None:
    alert = {
        "status": "resolved" if over else "firing",
        "labels": labels,
        "annotations": {},
        "startsAt": START,
        "endsAt": END if over else "0001-01-01T00:00:00Z",
    }
    body = {"version": "4", "alerts": [alert]}
    async with client.post("/hooks/alertmanager", json=body) as answer:
        assert answer.status == 200, await answer.text()


def of(scene: Scene, **facts: str) -> list[dict[str, Any]]:
    """The desk's tickets with these fields."""
    return [t for t in scene.desk() if all(t[name] == fact for name, fact in facts.items())]


async def test_the_same_fault_reported_by_both_is_one_ticket(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    ticket = await until(lambda: scene.ticket("number_down"), "the rules open the ticket")
    await send(client, LABELS | {"number": BROKEN})
    scene.world.apply({"number": BROKEN, "set": {"state": "active"}})
    revision = scene.agent.fleet.get("north", "hq").revision + 20
    await until(lambda: scene.agent.fleet.get("north", "hq").revision > revision, "it is polled")
    (still,) = of(scene, symptom="number_down")
    assert (still["id"], still["stage"]) == (ticket["id"], "diagnosing"), (
        "Alertmanager still reports it"
    )
    await send(client, LABELS | {"number": BROKEN}, over=True)
    await until(lambda: of(scene, stage="closed"), "the ticket is closed")
    assert len(of(scene, symptom="number_down")) == 1


async def test_a_resolve_is_no_recovery_by_itself(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    def alone(settings: dict[str, Any]) -> None:
        settings["rules"]["enabled"] = False

    scene.write(alone)
    assert not (await scene.agent.reload()).errors
    await send(client, LABELS | {"number": BROKEN})
    await until(lambda: of(scene, symptom="number_down"), "Alertmanager alone opens the ticket")
    await send(client, LABELS | {"number": BROKEN}, over=True)
    revision = scene.agent.fleet.get("north", "hq").revision + 20
    await until(lambda: scene.agent.fleet.get("north", "hq").revision > revision, "it is polled")
    assert not of(scene, stage="closed"), "the polls say that it is still suspended"
    scene.world.apply({"number": BROKEN, "set": {"state": "active"}})
    await until(lambda: of(scene, symptom="number_down", stage="closed"), "polls see it well")


async def test_foreign_alerts_have_tickets_of_their_own_that_close(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    hosts = [{"alertname": "HostDown", "instance": name, "severity": "critical"} for name in "ab"]
    for labels in hosts:
        await send(client, labels)
    tickets = await until(
        lambda: len(of(scene, scope="agent")) == 2 and scene.desk(), "two tickets"
    )
    causes = {t["diagnosis"]["cause"] for t in tickets if t["scope"] == "agent"}
    assert causes == {"unknown"}, "nothing is known of it here"
    await send(client, hosts[0], over=True)
    await until(lambda: of(scene, scope="agent", stage="closed"), "the first is closed")
    (open_ticket,) = [t for t in of(scene, scope="agent") if t["stage"] != "closed"]
    assert "instance=b" in open_ticket["title"]


async def test_a_restart_still_knows_what_alertmanager_reported(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    await send(client, {"alertname": "HostDown", "severity": "critical"})
    (alert,) = await scene.agent.webhooks.firing_alerts()
    await scene.agent.stop()
    scene.agent = Agent(scene.config)
    await scene.agent.start()
    assert [restored.labels for restored in await scene.agent.webhooks.firing_alerts()] == [
        alert.labels
    ]
    await until(lambda: of(scene, scope="agent"), "its ticket is opened")


async def test_a_late_firing_of_a_healthy_number_opens_nothing_and_hides_nothing(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    await send(client, LABELS | {"number": WELL})
    revision = scene.agent.fleet.get("north", "hq").revision + 20
    await until(lambda: scene.agent.fleet.get("north", "hq").revision > revision, "it is polled")
    assert not of(scene, number=WELL), "nothing is broken"
    before = time.time()
    scene.world.apply({"number": WELL, "set": {"state": "suspended_violation"}})
    (ticket,) = await until(lambda: of(scene, number=WELL), "the real fault has its ticket")
    assert ticket["deliveries"][0]["type"] == "ticket.opened"
    assert ticket["diagnosis"]["cause"] == "number_suspended_violation"
    assert datetime.fromisoformat(ticket["started_at"]).timestamp() > before - 2
    assert not any(clock["breached"] for clock in ticket["clocks"])


async def test_a_repeat_is_believed_while_nothing_contradicts_it(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    await send(client, LABELS | {"number": WELL, "symptom": "odd"})
    await until(lambda: of(scene, number=WELL, symptom="odd"), "no fact speaks against it")


async def test_a_foreign_alert_about_a_healthy_number_has_its_ticket(
    scene: Scene, client: TestClient[Any, Any]
) -> None:
    await send(client, LABELS | {"number": WELL, "alertname": "CallsFail"})
    await until(lambda: of(scene, number=WELL), "another system may see more than we do")
