"""A number with calls as it never had: a running agent asks a person, and sees it end."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.checks import call_habits
from agent.checks.unusual_calls import UnusualReason
from agent.simulator.entities import CallRecord
from agent.states import CallResult
from tests.app.conftest import Scene, running_scene, until

STOLEN, UNKNOWN = "4006220002", "4008110001"


@pytest.fixture
async def learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """An agent that knows a week of ``4006220002`` and nothing of ``4008110001``."""
    for name in ("WINDOW", "LOOKBACK"):
        monkeypatch.setattr(call_habits, name, 5.0)
    monkeypatch.setattr(call_habits, "STEP", 0.5)
    async with running_scene(tmp_path, stored={"calls/north/hq": page()}) as scene:
        yield scene


def page() -> bytes:
    """What is stored of an account whose number had two calls at once, and two from abroad."""
    return msgspec.msgpack.encode({"known": {STOLEN: dict.fromkeys(UnusualReason, (168, 2))}})


def call(scene: Scene, provider: str, number: str, count: int, caller: str) -> None:
    """So many calls that began just now, answered for two seconds."""
    account = scene.world.world.accounts[f"{provider}/hq"]
    for each in range(count):
        key, at = f"{number}-{caller}-{each}", time.time()
        record = CallRecord(key, number, "b1", caller, at, CallResult.ANSWERED, 1.0, 2.0)
        account.add_call(record)


async def test_theft_is_a_question_that_ends_and_usual_and_unknown_calls_are_none(
    learnt: Scene,
) -> None:
    call(learnt, "north", STOLEN, 2, "13800000077")
    call(learnt, "south", UNKNOWN, 30, "+85261234567")

    def compared(provider: str, number: str) -> object:
        checked = learnt.agent.checked(provider, "hq")
        return checked and checked.compared_calls.get(number)

    await until(lambda: compared("north", STOLEN), "its calls are compared")
    assert learnt.ticket("unusual_calls") is None

    bursts: list[float] = []

    def ticket_of_theft() -> dict[str, Any] | None:
        # The thief goes on until the ticket is there, however slowly the agent polls here.
        if not bursts or time.monotonic() - bursts[-1] > 1.0:
            bursts.append(time.monotonic())
            call(learnt, "north", STOLEN, 30, f"+852612345{len(bursts):02}")
        return learnt.ticket("unusual_calls")

    ticket = await until(ticket_of_theft, "it has its ticket")
    assert (ticket["scope"], ticket["severity"], ticket["number"]) == ("number", "warning", STOLEN)
    diagnosis = ticket["diagnosis"]
    assert (diagnosis["cause"], diagnosis["party"]) == ("unknown", "admin")
    assert any("campaign" in question for question in diagnosis["questions"])
    assert "852612345" not in str(ticket)
    await until(
        lambda: (learnt.ticket("unusual_calls") or {})["stage"] == "closed", "it is over", 40.0
    )
    assert [it for it in learnt.desk() if it["symptom"] == "unusual_calls"] == [
        learnt.ticket("unusual_calls")
    ]
    assert learnt.ticket("unusual_calls", "south") is None
    assert compared("south", UNKNOWN) is None
