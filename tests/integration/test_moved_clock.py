"""A restart with the machine's clock moved: nothing fires early, doubles, or counts as over.

The real agent and its world run under libfaketime. The world goes on while its clock moves; the
agent is killed and starts again by another one.
"""

import contextlib
import json
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.alerting_peers import DOWN, NUMBERS, Process, types, world
from tests.integration.processes import free_port, get, numwatch, running, wait_until
from tests.proof_size import is_full

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

WAIT = 40.0
INTERVAL = 0.5
PENDING = 6.0
"""Seconds that the rule waits: two minutes at this pace."""
LAG = 5.0
"""Seconds that a busy machine's rounds may be behind; a clock that counted would be minutes off."""
HOLD = 3.0
FEW = 6
"""Numbers of the world: enough for one that is broken to be no fault of all."""
MINUTE = 60.0
MOVES = (0, 3, 59, 61, -3, -59, -61) if is_full() else (61,)
"""Minutes the clock is moved by; all of them at full size."""


def library() -> Path:
    """Debian's libfaketime; skips the test where there is none."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.skip("libfaketime is not installed; `make servers` as root installs it")
    return found[0]


@dataclass
class Machine:
    """An agent and its world under one clock."""

    agent: Process
    agent_url: str
    world_url: str
    clock: Path
    moved: float = 0.0

    def move_clock(self, seconds: float) -> None:
        """From now on the time is so much later; a running agent goes by what it was."""
        self.moved = seconds
        self.clock.write_text(f"{seconds:+.0f}\n")
        real = self.agent.command[len(_by_offset(0)) :]
        self.agent.command[:] = _by_offset(seconds) + real

    def now(self) -> float:
        """What the machine's clock says."""
        return time.time() + self.moved

    def set_state(self, number: str, state: str) -> None:
        """Change a number's state in the world."""
        body = json.dumps({"number": number, "set": {"state": state}}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.world_url}/world", body, headers)
        urllib.request.urlopen(request, timeout=5).close()

    def tickets(self, number: str) -> list[dict[str, Any]]:
        """The desk's tickets of a number that is down."""
        desk = json.loads(get(f"{self.world_url}/desk/tickets"))
        return [it for it in desk if it["symptom"] == DOWN and it["number"] == number]

    def stage(self, number: str) -> str:
        """The stage of the number's only ticket at the desk; empty without one."""
        found = self.tickets(number)
        assert len(found) <= 1
        return str(found[0]["stage"]) if found else ""

    def alert(self, number: str) -> dict[str, Any] | None:
        """The number's alert as the embedded rules have it now."""
        alerts = json.loads(get(f"{self.agent_url}/api/v1/alerts"))["data"]["alerts"]
        return next(
            (
                alert
                for alert in alerts
                if (alert["labels"].get("number"), alert["labels"]["alertname"])
                == (number, "NumberNotActive")
            ),
            None,
        )


def _faked(*settings: str) -> list[str]:
    """The beginning of a command whose clock has these ``settings`` of libfaketime."""
    return ["env", f"LD_PRELOAD={library()}", "NO_FAKE_STAT=1", *settings]


def _by_offset(seconds: float) -> list[str]:
    """A clock that is off from the start. The other clocks are off as well, which nobody sees."""
    return _faked(f"FAKETIME={seconds:+.0f}")


def _by_file(clock: Path) -> list[str]:
    """A wall clock that moves when the file does: looked at again every second."""
    wall_only = ("DONT_FAKE_MONOTONIC=1", "FAKETIME_FORCE_MONOTONIC_FIX=0")
    return _faked(f"FAKETIME_TIMESTAMP_FILE={clock}", "FAKETIME_CACHE_DURATION=1", *wall_only)


@contextlib.contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """All of it up, at the right time."""
    clock = folder / "clock"
    clock.write_text("+0\n")
    world_at, agent_at = (f"127.0.0.1:{free_port()}" for _ in range(2))
    (folder / "world.yaml").write_text(yaml.safe_dump(world(NUMBERS[:FEW]), allow_unicode=True))
    config = folder / "agent.yaml"
    simulator = numwatch("simulate", "--world", str(folder / "world.yaml"), "--listen", world_at)
    simulator += ["--write-config", str(config)]
    with (
        contextlib.ExitStack() as ends,
        running([*_by_file(clock), *simulator], folder / "world.log"),
    ):
        wait_until(lambda: get(f"http://{world_at}/world"), WAIT, "the world answers")
        _adapt(config, agent_at)
        command = [*_by_offset(0), *numwatch("run", "--config", str(config))]
        ready = f"http://{agent_at}/-/ready"
        agent = Process(command, ready, folder / "agent", ends)
        agent.start()
        yield Machine(agent, f"http://{agent_at}", f"http://{world_at}", clock)


def _adapt(config: Path, listen: str) -> None:
    settings = yaml.safe_load(config.read_text())
    settings["listen"] = [listen]
    settings["polling"]["intervals"] = dict.fromkeys(settings["polling"]["intervals"], 0.4)
    settings["rules"] = {"interval": INTERVAL, "pace": 120 / PENDING}
    settings["tickets"] |= {"hold": HOLD, "reopen_window": 1800}
    config.write_text(yaml.safe_dump(settings, allow_unicode=True))


def began(alert: dict[str, Any]) -> float:
    return datetime.fromisoformat(alert["activeAt"]).timestamp()


@pytest.mark.parametrize("minutes", MOVES)
def test_a_restart_with_the_clock_moved(tmp_path: Path, minutes: int) -> None:
    firing, resolving, pending = NUMBERS[:3]
    with machine(tmp_path) as scene:
        for number in (firing, resolving):
            scene.set_state(number, "suspended_requested")
        for number in (firing, resolving):
            wait_until(lambda: scene.stage(number), WAIT, f"{number} has its ticket")  # noqa: B023 - called at once
        scene.set_state(pending, "suspended_requested")
        before = wait_until(lambda: scene.alert(pending), WAIT, "its alert is pending")
        scene.set_state(resolving, "active")
        wait_until(lambda: scene.stage(resolving) == "observing", WAIT, "it is seen to be over")
        assert before["state"] == "pending"

        killed = time.time()
        scene.agent.kill()
        scene.set_state(resolving, "suspended_requested")
        scene.move_clock(minutes * MINUTE)
        started = time.time()
        scene.agent.start()
        after = wait_until(lambda: scene.alert(pending), WAIT, "its alert is there again")
        away = began(after) - began(before) - scene.moved
        assert started - killed - 1 <= away <= time.time() - killed + INTERVAL + LAG

        wait_until(lambda: scene.stage(pending), WAIT, "it has its ticket when its time has come")
        (ticket,) = scene.tickets(pending)
        alert = wait_until(lambda: scene.alert(pending), WAIT, "its alert fires")
        opened = datetime.fromisoformat(ticket["detected_at"]).timestamp()
        assert opened - began(alert) >= PENDING - 0.01
        assert opened <= scene.now() + 1
        time.sleep(HOLD + 2)
        for number in (firing, resolving, pending):
            (ticket,) = scene.tickets(number)
            assert ticket["stage"] not in ("restored", "closed", "observing"), number
            assert types(ticket).count("ticket.opened") == 1
            assert not {"ticket.resolved", "ticket.closed", "ticket.reopened"} & set(types(ticket))
            scene.set_state(number, "active")
        for number in (firing, resolving, pending):
            wait_until(lambda: scene.stage(number) == "closed", WAIT, f"{number} is over")  # noqa: B023 - called at once
            assert len(scene.tickets(number)) == 1


def test_a_pending_alert_that_was_not_kept_would_be_noticed(tmp_path: Path) -> None:
    """The control: without what the ledger says of it, its time begins anew at the restart."""
    (number,) = NUMBERS[:1]
    with machine(tmp_path) as scene:
        scene.set_state(number, "suspended_requested")
        before = wait_until(lambda: scene.alert(number), WAIT, "its alert is pending")
        wait_until(lambda: scene.stage(number), WAIT, "it has its ticket")
        scene.agent.kill()
        (ledger,) = tmp_path.glob("data/**/ledger.db")
        with contextlib.closing(sqlite3.connect(ledger)) as other:
            other.execute("DELETE FROM keep WHERE name LIKE 'rules/%'")
            other.commit()
        scene.agent.start()
        after = wait_until(lambda: scene.alert(number), WAIT, "its alert is there again")
        assert began(after) >= began(before) + PENDING
