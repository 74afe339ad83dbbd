"""What people do with a complaint while a round puts it to its ticket stays done."""

import asyncio
from typing import Any

import pytest

from tests.web.conftest import client, database, facts, services
from tests.web.facts import DOWN, NOW
from tests.web.test_complaint_pages import Agent, agent

__all__ = ["agent", "client", "database", "facts", "services"]


async def test_an_act_during_a_round_stays(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    await agent.evaluate()
    sent = {"number": DOWN, "caller": "13900001111", "reference": "R-1"}
    taken = await (await agent.client.post("/hooks/complaints", json=sent)).json()
    alerts = await agent.correlator.collect_alerts(agent.facts.fleet, NOW)
    await agent.tickets.observe(alerts, agent.facts.fleet, NOW)
    reached, go_on = asyncio.Event(), asyncio.Event()
    attach = agent.tickets.attach_complaints

    async def slow(*arguments: Any) -> Any:
        reached.set()
        await go_on.wait()
        return await attach(*arguments)

    monkeypatch.setattr(agent.tickets, "attach_complaints", slow)
    fleet = agent.facts.fleet
    attaching = asyncio.create_task(agent.correlator.attach_and_release(fleet, NOW))
    async with asyncio.timeout(10):
        await reached.wait()
    monkeypatch.setattr(agent.tickets, "attach_complaints", attach)
    path = f"/api/complaints/{taken['id']}"
    body = {"action": "comment", "actor": "Li Wei", "text": "called back"}
    act = asyncio.create_task(agent.client.post(f"{path}/actions", json=body))
    # Either it is done by now, or it waits for the round.
    await asyncio.wait({act}, timeout=0.5)
    go_on.set()
    await attaching
    assert (await act).status == 200
    stored = await (await agent.client.get(path)).json()
    assert stored["ticket"]
    assert [entry["text"] for entry in stored["filed"]] == ["called back"]
