"""A ticket that test calls open, through a running agent: they close it, and nothing else does."""

from pathlib import Path
from typing import Any

import pytest

from agent.probing.outcome import CallOutcome
from agent.testcalls import service
from agent.testcalls.outcome import CallRequest
from tests.app.conftest import until
from tests.testcalls.conftest import ANSWERS, CONTROL, NORTH, CallScene, calling_scene

pytestmark = pytest.mark.timeout(180)
MOST_CALLS = 6
"""Calls that got through until the fault is over. One that ends just before a round in which the
alert still fires is as old as the alert, and counts for nothing."""


def ticket_at(scene: CallScene, symptom: str) -> dict[str, Any] | None:
    """The desk's newest ticket of a symptom about ``ANSWERS``."""
    tickets = scene.world.world.desk.tickets()
    found = [it for it in tickets if (it["symptom"], it["number"]) == (symptom, ANSWERS)]
    return found[-1] if found else None


async def failed_twice(scene: CallScene) -> dict[str, Any]:
    """The ticket of a number that is busy for two test calls."""
    scene.behave(ANSWERS, "busy")
    for _ in range(2):
        assert ticket_at(scene, "probe_fail_all") is None, "one call is no alert"
        assert (await scene.calls.call(CallRequest(ANSWERS))).outcome is CallOutcome.BUSY
    ticket: dict[str, Any] = await until(
        lambda: ticket_at(scene, "probe_fail_all"), "the desk has its ticket", 40.0
    )
    return ticket


async def test_a_number_that_fails_test_calls_has_a_ticket_until_they_get_through(
    scene: CallScene,
) -> None:
    ticket = await failed_twice(scene)
    assert (ticket["severity"], ticket["scope"], ticket["account"]) == ("critical", "number", "hq")
    assert "from every line" in ticket["title"]

    scene.behave(ANSWERS, "answers")
    before = scene.calls_of(ANSWERS)
    for _ in range(MOST_CALLS):
        assert (await scene.calls.call(CallRequest(ANSWERS))).got_through
        try:
            closed = await until(lambda: _is_over(scene), "it is over", 4.0)
        except pytest.fail.Exception:
            continue
        break
    assert closed
    assert scene.calls_of(ANSWERS) - before >= 2, "one call that gets through is no recovery"
    (entry,) = [it for it in closed["timeline"] if it["event"] == "restored"]
    assert f"test calls from simulated to {ANSWERS} get through" in entry["reason"]


def _is_over(scene: CallScene) -> dict[str, Any] | None:
    ticket = ticket_at(scene, "probe_fail_all")
    return ticket if ticket and ticket["stage"] == "closed" else None


async def test_calls_that_grow_old_close_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "READ_INTERVAL", 0.2)
    async with calling_scene(tmp_path, control_number=CONTROL) as scene:
        ticket = await failed_twice(scene)
        # No configuration may say so: the calls of a moment ago say nothing any more.
        monkeypatch.setitem(scene.agent.settings.dial.__dict__, "stale_after", 0.1)
        await until(lambda: not scene.board.of(NORTH), "the calls are too old")

        def unknown() -> bool:
            own = [it for it in scene.agent.tickets.open if it.id == ticket["id"]]
            return bool(own) and own[0].progress.blind

        await until(unknown, "the alert has ended, and nothing is known", 40.0)
        now = ticket_at(scene, "probe_fail_all")
        assert now is not None
        assert (now["id"], now["stage"]) == (ticket["id"], ticket["stage"])
