"""An account whose money goes without calls: a running agent raises it, and sees it end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.checks import charges
from tests.app.conftest import Scene, running_scene, until
from tests.checks.test_charges import known

STEP = 90.0


@pytest.fixture
async def learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """An agent that knows three days of ``north/hq`` and nothing of ``south/hq``."""
    monkeypatch.setattr(charges, "WINDOW", 8.0)
    stored = dict(known().habits.take_unwritten())
    contacts = {"security": {"name": "Ada", "phone": "1003"}}
    async with running_scene(tmp_path, stored=stored, contacts=contacts) as scene:
        yield scene


async def spend(scene: Scene, account: str, amounts: list[float]) -> None:
    """Set the balance of an account, each time once the agent has seen the sum before."""
    for amount in amounts:
        scene.world.apply({"account": account, "set": {"balance": amount}})
        provider, _, name = account.partition("/")

        def is_seen(provider: str = provider, name: str = name, amount: float = amount) -> bool:
            snapshot = scene.agent.fleet.get(provider, name)
            return bool(snapshot and snapshot.balance and snapshot.balance.amount == amount)

        await until(is_seen, f"{account} has {amount}")


async def test_theft_has_its_ticket_and_fees_and_strangers_have_none(learnt: Scene) -> None:
    await spend(learnt, "north/hq", [5000.0, 4000.0, 3000.0])  # a recharge, and two fees
    charged = learnt.agent.checked("north", "hq")
    assert charged is not None
    assert charged.charges is not None
    assert charged.charges.explained is not None
    assert not charged.charges.is_unusual
    assert learnt.ticket("charges") is None

    await asyncio.gather(
        spend(learnt, "north/hq", [3000.0 - STEP * step for step in range(1, 8)]),
        spend(learnt, "south/hq", [500.0 - 50 * step for step in range(1, 8)]),
    )
    ticket = await until(lambda: learnt.ticket("charges"), "it has its ticket")
    assert (ticket["scope"], ticket["severity"], ticket["account"]) == ("account", "warning", "hq")
    diagnosis = ticket["diagnosis"]
    assert (diagnosis["cause"], diagnosis["party"]) == ("charges_unexplained", "security")
    assert diagnosis["contact"] == "Ada 1003"
    assert {it["fact"] for it in diagnosis["evidence"]} >= {"spent in the last hour"}
    assert any("freeze" in step for step in diagnosis["next_steps"])
    await until(
        lambda: (learnt.ticket("charges") or {})["stage"] == "closed", "nothing more goes", 40.0
    )
    assert learnt.ticket("charges", "south") is None
