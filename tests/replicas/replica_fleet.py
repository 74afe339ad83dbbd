"""Several agents on one PostgreSQL, each a process of its own, over one simulated world."""

import contextlib
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import Popen
from typing import Any

import yaml

from agent.config.store import Store
from tests.agent_process import TOKEN
from tests.integration.processes import free_port, get, numwatch, running, wait_until
from tests.postgresql_server import PostgresqlServer

START = 90.0
"""Seconds within which a busy machine starts an agent."""
NUMBER = "4006220001"
"""The number that is suspended."""


class Desk:
    """A sink that remembers the ids of what it was sent."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                desk.ids.append(self.headers["webhook-id"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class ReplicaProcess:
    """One replica."""

    url: str
    folder: Path
    process: Popen[bytes] = field(repr=False)

    def get(self, path: str) -> bytes:
        request = urllib.request.Request(
            self.url + path, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())

    def post(self, path: str, document: object) -> int:
        request = urllib.request.Request(
            self.url + path,
            data=json.dumps(document).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)

    def accounts(self) -> set[str]:
        """The accounts of which this replica's page of metrics has series."""
        lines = self.get("/metrics").decode().splitlines()
        epochs = [line for line in lines if line.startswith("numwatch_account_lease_epoch{")]
        return {line.split('account="')[1].split('"')[0] for line in epochs}

    @property
    def log(self) -> str:
        return (self.folder / "agent.log").read_text(errors="replace")


class ReplicaFleet:
    """Starts replicas that share a database and a world."""

    def __init__(
        self, folder: Path, postgresql: PostgresqlServer, store: Store, settings: dict[str, Any]
    ) -> None:
        self._folder = folder
        self._postgresql = postgresql
        self._store = store
        self._settings = settings
        self._running = contextlib.ExitStack()
        self.desk = Desk()
        self.replicas: list[ReplicaProcess] = []

    def close(self) -> None:
        self._running.close()
        self.desk.close()

    def sql(self, statement: str) -> list[str]:
        return self._postgresql.execute_in(self._store, statement)

    def start(self, count: int = 1) -> list[ReplicaProcess]:
        """Start so many more; each is ready when this returns."""
        started = [self._start() for _ in range(count)]
        for replica in started:
            wait_until(
                lambda replica=replica: get(f"{replica.url}/-/ready"),
                START,
                lambda replica=replica: replica.log[-4000:],
            )
        return started

    def _start(self) -> ReplicaProcess:
        folder = self._folder / f"replica-{len(self.replicas)}"
        folder.mkdir()
        port = free_port()
        assert self._store.url is not None
        settings = {
            **self._settings,
            "data_dir": str(folder / "data"),
            "listen": [f"127.0.0.1:{port}"],
            "store": {"url": self._store.url.reveal(), "replicas": True},
            "sinks": [
                {
                    "name": "desk",
                    "kind": "webhook",
                    "url": self.desk.url,
                    "egress_allow": ["127.0.0.0/8"],
                }
            ],
        }
        settings["web"] = {**settings.get("web", {}), "token": TOKEN}
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        config.chmod(0o600)
        process = self._running.enter_context(
            running(numwatch("run", "--config", str(config)), folder / "agent.log")
        )
        replica = ReplicaProcess(f"http://127.0.0.1:{port}", folder, process)
        self.replicas.append(replica)
        return replica

    def holders(self) -> dict[str, str]:
        """The process that holds each lease now."""
        rows = self.sql(
            "SELECT name, place FROM leases WHERE name NOT LIKE 'member:%'"
            " AND expires_at > date_part('epoch', clock_timestamp())"
        )
        pairs = (row.rsplit("|", 1) for row in rows)
        return {name: place.rpartition(" ")[2] for name, place in pairs}

    def until(self, condition: Callable[[], object], what: str, seconds: float = 40.0) -> float:
        """Wait for ``condition``; returns after how many seconds it was true."""
        began = time.monotonic()
        wait_until(
            condition,
            seconds,
            # Not from the database, which may be what does not answer.
            lambda: "\n".join((what, *(it.log[-1500:] for it in self.replicas))),
        )
        return time.monotonic() - began


def _quiet(settings: dict[str, Any]) -> None:
    """Intervals at which a busy machine finds no fact stale, and what a receiver needs."""
    settings["polling"] = {
        **settings.get("polling", {}),
        "intervals": dict.fromkeys(("numbers", "routing", "reachability", "balance", "calls"), 2),
        "stale_intervals": 15,
    }
    settings["rules"] = {**settings.get("rules", {}), "interval": 1}
    settings["intake"] = {"alertmanager": {"enabled": True, "token": TOKEN}}


def world(accounts: int = 6) -> dict[str, Any]:
    """Accounts of one number each; that of the first is suspended."""
    phones = [{"id": "b1", "phone": "13800000001", "kind": "mobile", "position": 1, "state": "ok"}]
    return {
        "seed": 7,
        "providers": [
            {
                "name": "north",
                "dialect": "generic",
                "accounts": [
                    {
                        "id": f"a{index}",
                        "credentials": {"key": f"demo{index}", "secret": "demo-secret"},
                        "balance": 500,
                        "currency": "CNY",
                        "numbers": [
                            {
                                "number": f"400622000{index + 1}",
                                "state": "active" if index else "suspended_violation",
                                "network_state": "active",
                                "bindings": phones,
                            }
                        ],
                    }
                    for index in range(accounts)
                ],
            }
        ],
    }


@contextlib.contextmanager
def replica_fleet(
    folder: Path,
    postgresql: PostgresqlServer,
    store: Store,
    change: Callable[[dict[str, Any]], None] = lambda _: None,
) -> Iterator[ReplicaFleet]:
    """A fleet without replicas yet."""
    world_port = free_port()
    plan, config = folder / "world.yaml", folder / "config.yaml"
    plan.write_text(yaml.safe_dump(world(), allow_unicode=True), encoding="utf-8")
    simulate = numwatch(
        *("simulate", "--world", str(plan), "--listen", f"127.0.0.1:{world_port}"),
        *("--speed", "10", "--write-config", str(config)),
    )
    with running(simulate, folder / "world.log"):
        wait_until(lambda: get(f"http://127.0.0.1:{world_port}/world"), START, "the world")
        settings = yaml.safe_load(config.read_text(encoding="utf-8"))
        _quiet(settings)
        change(settings)
        fleet = ReplicaFleet(folder, postgresql, store, settings)
        try:
            yield fleet
        finally:
            fleet.close()
