"""The machine's clock is set while the real agent runs: polls go on, nothing fires or ends early.

The agent and its world share the clock, as processes of one machine do. Their monotonic clocks
are left alone.
"""

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.alerting_peers import Peers, peers, types
from tests.integration.processes import get, wait_until
from tests.proof_size import is_full
from tests.proofs.preload import Clock

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(1200)]

HOUR, DAY = 3600, 86400
STEPS = (HOUR, 0, -HOUR, 0, DAY, 0, -DAY, 0) if is_full() else (HOUR, -DAY, 0)
"""Where the clock is set to, one after the other, in seconds off the right time."""
BROKEN, RECOVERING, WELL = NUMBERS = ("4006220001", "4006220002", "4006220003")
INTERVAL = 2.0
"""Seconds between two polls."""
HOLD = 20.0
WAIT = 180.0
LAG = 8.0
"""Seconds that a busy machine's polls may be behind; a wait by the wall clock is an hour off."""


def adapt(settings: dict[str, Any]) -> None:
    settings["polling"]["intervals"] = dict.fromkeys(settings["polling"]["intervals"], INTERVAL)
    settings["tickets"]["hold"] = HOLD


class Polls:
    """The polls of the numbers that the agent has begun."""

    def __init__(self, scene: Peers) -> None:
        self._scene = scene

    @property
    def count(self) -> float:
        return self._scene.metric("numwatch_poll_attempts_total", capability="numbers")

    def next_within(self, seconds: float) -> None:
        """Wait for one more; fails after so many seconds."""
        before = self.count
        wait_until(lambda: self.count > before, seconds, "another poll")


def test_polls_go_on_and_nothing_comes_early(tmp_path: Path) -> None:
    clock, chance = Clock(tmp_path), random.Random(15)
    options: dict[str, Any] = {"numbers": NUMBERS, "clock": clock.command, "adapt": adapt}
    with peers(tmp_path, external=False, **options) as scene:
        scene.break_number(BROKEN)
        scene.one_ticket(BROKEN)
        polls = Polls(scene)
        for off in STEPS:
            scene.break_number(RECOVERING)
            wait_until(lambda: open_at_desk(scene), WAIT, "it has an open ticket")
            scene.mend_number(RECOVERING)
            wait_until(lambda: stage(scene) == "observing", WAIT, "its recovery is held")
            held_since = time.monotonic()
            time.sleep(chance.random() * INTERVAL)
            seen, tickets = polls.count, len(scene.desk())
            clock.set(off)
            polls.next_within(1.5 * INTERVAL + LAG)
            polls.next_within(1.5 * INTERVAL + LAG)
            passed = time.monotonic() - held_since
            assert passed > HOLD - LAG or stage(scene) != "closed", "it was closed early"
            assert polls.count - seen <= 2 + passed / INTERVAL, "polls came all at once"
            wait_until(lambda: stage(scene) == "closed", HOLD + WAIT, "it is closed in its time")
            assert "data_stopped" not in timeline(scene), "its facts looked old"
            opened = [it.get("title") for it in scene.desk()[tickets:]]
            assert not opened, "a clock that was set opened tickets"
        (ticket,) = scene.tickets(BROKEN)
        assert not {"ticket.resolved", "ticket.closed", "ticket.reopened"} & set(types(ticket))
        assert not scene.tickets(WELL)


def stage(scene: Peers) -> str:
    """The stage of the newest ticket of the number that recovers."""
    return str(scene.tickets(RECOVERING)[-1]["stage"])


def timeline(scene: Peers) -> list[str]:
    """What happened to that ticket, by the agent's own record."""
    identity = scene.tickets(RECOVERING)[-1]["id"]
    ticket = json.loads(get(f"{scene.agent_url}/api/tickets/{identity}"))
    return [entry["event"] for entry in ticket["timeline"]]


def open_at_desk(scene: Peers) -> bool:
    return bool(scene.tickets(RECOVERING)) and stage(scene) not in {
        "closed",
        "restored",
        "observing",
    }


def test_a_program_that_waits_by_the_wall_clock_is_seen_to_stand_still(tmp_path: Path) -> None:
    """The control: the clock is really set, and a wait by it does not end in its time."""
    clock = Clock(tmp_path)
    code = (
        "import time; end = time.time() + 2; print('waits', flush=True)\n"
        "while time.time() < end: time.sleep(0.05)"
    )
    command = [*clock.command, sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == b"waits\n"
        clock.set(-HOUR)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(5)
        clock.set(HOUR)
        assert waiting.wait(WAIT) == 0
