"""Tickets, alerts and baselines survive a restart: nothing doubled, nothing taken for over."""

import asyncio

from agent.app import Agent
from tests.app.conftest import Scene, until


async def test_a_restart_opens_no_second_ticket(scene: Scene) -> None:
    first = await until(lambda: scene.ticket("number_down"), "the number has its ticket")
    await scene.agent.stop()
    scene.agent = Agent(scene.config)
    await scene.agent.start()
    try:
        await until(lambda: scene.agent.ready() is None, "the agent is ready again")
        await asyncio.sleep(1.5)
        again = [ticket for ticket in scene.desk() if ticket["symptom"] == "number_down"]
        assert [ticket["id"] for ticket in again] == [first["id"]]
        types = [delivery["type"] for delivery in again[0]["deliveries"]]
        assert types.count("ticket.opened") == 1
        assert "ticket.resolved" not in types
        scene.world.apply({"number": "4006220001", "set": {"state": "active"}})
        await until(
            lambda: (scene.ticket("number_down") or {}).get("stage") == "closed",
            "the restarted agent closes the ticket",
        )
    finally:
        await scene.agent.stop()


async def test_drift_is_told_against_the_baseline_of_the_run_before(scene: Scene) -> None:
    await until(
        lambda: scene.agent.baselines.get("north", "hq", "4006220002"), "a baseline is taken"
    )
    await asyncio.sleep(0.5)
    await scene.agent.stop()
    scene.world.apply({"number": "4006220002", "set": {"routing.wait_seconds": 5}})
    scene.agent = Agent(scene.config)
    await scene.agent.start()
    try:
        ticket = await until(lambda: scene.ticket("drift"), "the edit made meanwhile is told")
        assert ticket["number"] == "4006220002"
    finally:
        await scene.agent.stop()
