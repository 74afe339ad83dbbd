"""What else goes wrong while an agent is killed: its disk, its ledger, its clock, its rules."""

import contextlib
import json
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.integration.alerting_peers import Peers
from tests.integration.processes import ROOT, get, wait_until
from tests.ledger_trouble import fill
from tests.proofs.preload import Clock

WAIT = 120.0
STEPS = (3600.0, -3600.0, 86400.0, -86400.0)
"""Seconds by which a clock is set."""
LONGEST_TROUBLE = 3.0
RULES = "numwatch.yml"
"""The file with the rules about numbers."""


@dataclass(frozen=True)
class LockedLedger:
    """Another process has the ledger locked for a while."""

    ledger: Path

    @contextlib.contextmanager
    def __call__(self, _scene: Peers, chance: random.Random) -> Iterator[None]:
        """The ledger is locked within the block."""
        with closing(sqlite3.connect(self.ledger, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(chance.random() * LONGEST_TROUBLE)
            yield
            other.execute("ROLLBACK")


@dataclass(frozen=True)
class FullDisk:
    """The disk of the ledger fills up and has room again later."""

    disk: Path

    @contextlib.contextmanager
    def __call__(self, _scene: Peers, chance: random.Random) -> Iterator[None]:
        """The disk is full within the block."""
        filler = fill(self.disk)
        time.sleep(chance.random() * LONGEST_TROUBLE)
        yield
        filler.unlink()


@dataclass(frozen=True)
class SetClock:
    """The clock of the agent's machine, and of the desk's, is set; half the time also back."""

    clock: Clock

    @contextlib.contextmanager
    def __call__(self, _scene: Peers, chance: random.Random) -> Iterator[None]:
        """The clock is set before the block, and perhaps again after it."""
        self.clock.set(0 if self.clock.off else chance.choice(STEPS))
        time.sleep(chance.random() * LONGEST_TROUBLE)
        yield
        if chance.random() < 1 / 2:
            self.clock.set(0)


@dataclass(frozen=True)
class RulesGone:
    """The rules about numbers are taken away, and put back, by reloads."""

    folder: Path

    @classmethod
    def in_folder(cls, folder: Path, settings: dict[str, Any]) -> "RulesGone":
        """With rule files of its own, which ``settings`` use from now on."""
        shutil.copytree(ROOT / "alert_rules", folder)
        settings["rules"]["files"] = [f"{folder}/*.yml"]
        return cls(folder)

    @contextlib.contextmanager
    def __call__(self, scene: Peers, _chance: random.Random) -> Iterator[None]:
        """The rules are gone within the block."""
        file = self.folder / RULES
        text = file.read_text()
        groups = yaml.safe_load(text)["groups"]
        others = [it for it in groups if it["name"] != "numwatch_numbers"]
        replace_file(file, yaml.safe_dump({"groups": others}))
        reload(scene)
        wait_for_rounds(scene)
        yield
        replace_file(file, text)
        reload(scene)


def replace_file(file: Path, text: str) -> None:
    """Write ``file`` at once: an agent that starts meanwhile reads all of it, before or after."""
    written = file.with_suffix(".new")
    written.write_text(text)
    written.replace(file)


def is_watched(scene: Peers, ledger: Path, number: str) -> bool:
    """Whether the number's alert fires again and its ticket waits for no person any more."""
    alerts = json.loads(get(f"{scene.agent_url}/api/v1/alerts"))["data"]["alerts"]
    if not any(it["labels"].get("number") == number and it["state"] == "firing" for it in alerts):
        return False
    wait_for_rounds(scene)
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True, timeout=30)) as reader:
        query = "SELECT document FROM tickets WHERE number = ? AND open"
        documents = [json.loads(it) for (it,) in reader.execute(query, [number])]
    return bool(documents) and not any(it.get("rule_gone") for it in documents)


def wait_for_rounds(scene: Peers) -> None:
    """Wait until whatever the rules find now is written: a round ends before the next begins."""
    count = "numwatch_rule_evaluation_duration_seconds_count"
    groups = len(json.loads(get(f"{scene.agent_url}/api/v1/rules"))["data"]["groups"])
    seen = scene.metric(count)
    wait_until(lambda: scene.metric(count) >= seen + 2 * groups, WAIT, "two more rounds")


def reload(scene: Peers) -> None:
    """Have the running agent read its configuration and rules again; nothing if it is killed."""
    if not scene.agent.is_running:
        return
    # Before that it would end by the signal.
    scene.agent.wait_until_ready()
    name = "numwatch_config_last_reload_success_timestamp_seconds"
    before = scene.metric(name)
    assert scene.agent.popen is not None
    scene.agent.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: scene.metric(name) > before, WAIT, "the configuration is loaded again")
