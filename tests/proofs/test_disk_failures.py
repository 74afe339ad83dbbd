"""A disk that is full or broken under the real agent: what it takes is kept, or it is not taken.

Alertmanager posts one alert after the other. Each that is answered with 200 must be in the
ledger; while nothing can be written the answer is 503; and when the disk works again the agent
does too, by itself.
"""

import contextlib
import json
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest

from tests.integration.alerting_peers import TOKEN, Peers, peers
from tests.integration.processes import get, wait_until
from tests.ledger_trouble import fill, small_disk
from tests.proof_size import size
from tests.proofs.preload import compiled
from tests.webhooks.conftest import FOREIGN, entry, message

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]

TIMES = size(1, 5)
"""How often the disk fails."""
HEALED_WITHIN = 30.0
LAG = 60.0
"""Seconds that a busy machine may be behind."""
REFUSED = 5
"""Alerts that are sent while the disk fails, after the first that is refused."""


class Sender:
    """Posts alerts, each another one, and notes what was answered."""

    def __init__(self, scene: Peers) -> None:
        self._url = f"{scene.agent_url}/hooks/alertmanager"
        self.answers: dict[str, int] = {}

    def send(self) -> int:
        """Post another alert; returns the status."""
        name = f"host-{len(self.answers)}"
        body = json.dumps(message(entry({**FOREIGN, "instance": name}, starts=time.time())))
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
        request = urllib.request.Request(self._url, body.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                self.answers[name] = answer.status
        except urllib.error.HTTPError as refusal:
            self.answers[name] = refusal.code
        return self.answers[name]

    def is_refused_again(self) -> bool:
        """Post another alert; returns whether the answer is that it must be sent again."""
        return self.send() == 503

    @property
    def taken(self) -> set[str]:
        """The alerts that were answered with success."""
        return {name for name, status in self.answers.items() if status < 300}


def stored(ledger: Path) -> set[str]:
    """The alerts that are in the ledger."""
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True, timeout=30)) as reader:
        assert reader.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = reader.execute("SELECT document FROM external_alerts").fetchall()
    return {json.loads(document)["labels"]["instance"] for (document,) in rows}


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """The disk is full within the block."""
    filler = fill(disk)
    yield
    filler.unlink()


@contextlib.contextmanager
def broken(sign: Path) -> Iterator[None]:
    """Writes fail within the block."""
    sign.touch()
    yield
    sign.unlink()


def assert_kept_or_refused(
    scene: Peers, ledger: Path, trouble: Callable[[], AbstractContextManager[None]]
) -> None:
    sender = Sender(scene)
    assert sender.send() == 200
    for _ in range(TIMES):
        with trouble():
            wait_until(sender.is_refused_again, LAG, "an alert is refused")
            for _ in range(REFUSED):
                assert sender.send() in {200, 503}
        wait_until(lambda: sender.send() == 200, HEALED_WITHIN + LAG, "alerts are taken again")
        wait_until(lambda: get(f"{scene.agent_url}/-/ready"), HEALED_WITHIN + LAG, "it is ready")
    assert set(sender.answers.values()) == {200, 503}
    assert sender.taken <= stored(ledger)


def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "6m") as disk:

        def adapt(settings: dict[str, Any]) -> None:
            settings["data_dir"] = str(disk / "data")

        with peers(tmp_path, external=False, numbers=["4006220001"], adapt=adapt) as scene:
            assert_kept_or_refused(scene, disk / "data/ledger.db", lambda: full(disk))


def test_a_broken_disk(tmp_path: Path) -> None:
    sign, data = tmp_path / "fails", tmp_path / "data"
    library = compiled("failing_disk", tmp_path)

    def adapt(settings: dict[str, Any]) -> None:
        settings["data_dir"] = str(data)

    environment = ("env", f"LD_PRELOAD={library}", f"DISK_FAILS={sign}")
    options: dict[str, Any] = {"clock": environment, "adapt": adapt}
    with peers(tmp_path, external=False, numbers=["4006220001"], **options) as scene:
        assert_kept_or_refused(scene, data / "ledger.db", lambda: broken(sign))


def test_an_alert_that_was_taken_and_not_kept_would_be_noticed(tmp_path: Path) -> None:
    def adapt(settings: dict[str, Any]) -> None:
        settings["data_dir"] = str(tmp_path / "data")

    with peers(tmp_path, external=False, numbers=["4006220001"], adapt=adapt) as scene:
        sender = Sender(scene)
        assert sender.send() == 200
        scene.agent.kill()
    ledger = tmp_path / "data/ledger.db"
    with closing(sqlite3.connect(ledger)) as other:
        other.execute("DELETE FROM external_alerts")
        other.commit()
    assert sender.taken - stored(ledger) == {"host-0"}
