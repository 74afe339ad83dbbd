"""What an agent costs as tickets come and go: figures by cycle, and whether they stay flat."""

import json
import os
import statistics
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.integration.alerting_peers import Peers
from tests.integration.processes import wait_until

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_COUNTS_OF_TASKS = 6


class CountingDesk:
    """A desk that keeps no tickets, only which were opened and which were closed."""

    def __init__(self) -> None:
        self.opened: set[str] = set()
        self.closed: set[str] = set()
        self.twice: list[str] = []
        self._messages: set[str] = set()
        desk = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                desk.take(self.headers["webhook-id"], json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, message: str, delivery: dict[str, Any]) -> None:
        """Count one delivery; the same message again is the same delivery."""
        if message in self._messages:
            return
        self._messages.add(message)
        identity = delivery["data"]["id"]
        if delivery["type"] == "ticket.opened":
            (self.twice.append if identity in self.opened else self.opened.add)(identity)
        elif delivery["type"] == "ticket.closed":
            self.closed.add(identity)

    def stop(self) -> None:
        """Take nothing more."""
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True)
class Figures:
    """What the agent has used by the end of a cycle."""

    tickets: int
    cpu: float
    """Seconds of processor time since its start."""
    rounds: int
    """Rounds of the rules since its start."""
    memory: int
    descriptors: int
    threads: int
    tasks: int
    disk: int
    """Bytes of all its files."""


def figures(scene: Peers, tickets: int, tasks: Path, data: Path) -> Figures:
    """The agent's figures now."""
    assert scene.agent.popen is not None
    process = Path(f"/proc/{scene.agent.popen.pid}")
    stat = (process / "stat").read_text().rpartition(")")[2].split()
    return Figures(
        tickets=tickets,
        cpu=(int(stat[11]) + int(stat[12])) / _TICKS,
        rounds=int(scene.metric("numwatch_rule_evaluation_duration_seconds_count")),
        memory=int((process / "statm").read_text().split()[1]) * _PAGE,
        descriptors=len(list((process / "fd").iterdir())),
        threads=len(list((process / "task").iterdir())),
        tasks=_lasting_tasks(tasks),
        disk=sum(it.stat().st_size for it in data.iterdir()),
    )


def _lasting_tasks(counts: Path) -> int:
    """The fewest tasks of a few counts one after the other: some exist for one delivery only."""
    fewest, seen = sys.maxsize, 0
    while seen < _COUNTS_OF_TASKS:
        before = counts.stat().st_mtime_ns
        wait_until(lambda: counts.stat().st_mtime_ns != before, 60, "tasks are counted again")  # noqa: B023 - called at once
        fewest, seen = min(fewest, int(counts.read_text() or sys.maxsize)), seen + 1
    return fewest


@dataclass(frozen=True)
class Bounds:
    """How far figures may drift while what goes on is the same."""

    cpu: float = 1.6
    """Processor time of a round in the second half, by that in the first."""
    memory: int = 24 * 2**20
    """Bytes gained in the second half."""
    handles: int = 5
    """Descriptors, threads and tasks gained in the second half."""
    disk: float = 1.3
    """Bytes of a ticket in the second half, by those in the first."""


def drifts(cycles: Sequence[Figures], bounds: Bounds = Bounds()) -> dict[str, float]:
    """The figures that did not stay flat in the second half of ``cycles``, with how far not.

    The first cycle is not compared: caches fill.
    """
    assert len(cycles) >= 5
    begin, middle, end = cycles[0], cycles[len(cycles) // 2], cycles[-1]
    found = {
        "cpu": (_cpu_of_a_round(middle, end) / _cpu_of_a_round(begin, middle), bounds.cpu),
        "disk": (_bytes_of_a_ticket(middle, end) / _bytes_of_a_ticket(begin, middle), bounds.disk),
        "memory": (float(end.memory - middle.memory), bounds.memory),
    }
    for name in ("descriptors", "threads", "tasks"):
        values = [getattr(it, name) for it in cycles[len(cycles) // 2 :]]
        half = len(values) // 2
        found[name] = (
            statistics.median(values[-half:]) - statistics.median(values[:half]),
            bounds.handles,
        )
    return {name: value for name, (value, most) in found.items() if value > most}


def _cpu_of_a_round(begin: Figures, end: Figures) -> float:
    return (end.cpu - begin.cpu) / max(1, end.rounds - begin.rounds)


def _bytes_of_a_ticket(begin: Figures, end: Figures) -> float:
    return max(1, end.disk - begin.disk) / max(1, end.tickets - begin.tickets)


def table(cycles: Sequence[Figures]) -> str:
    """The figures as lines of text, a cycle each."""
    names = [it.name for it in fields(Figures)]
    return "\n".join(
        ["\t".join(names), *("\t".join(map(str, asdict(it).values())) for it in cycles)]
    )
