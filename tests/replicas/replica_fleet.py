"""Several agents on one PostgreSQL, each a process of its own, over one simulated world."""

import contextlib
import http.client
import json
import re
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from agent.config.store import Store
from tests.agent_process import TOKEN
from tests.integration.processes import (
    RunningProcess,
    free_port,
    get,
    numwatch,
    running,
    wait_until,
)
from tests.postgresql_server import PostgresqlServer
from tests.proofs.quick_starts import Forker, forked
from tests.replicas.world_thread import WorldThread

START = 90.0
"""Seconds within which a busy machine starts an agent."""
LOOPBACK = "127.0.0.1"
NETWORKS = ["127.0.0.0/8", "10.0.0.0/8"]
PREPARED = "tests.proofs.prepared_agent"
NUMBER = "4006220001"
"""The number that is suspended."""


class Desk:
    """A sink that remembers the ids of what it was sent."""

    def __init__(self, host: str = LOOPBACK) -> None:
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

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self.url = f"http://{host}:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def repeats(self) -> Counter[str]:
        """How often each id came again."""
        return Counter(self.ids) - Counter(set(self.ids))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class ReplicaProcess:
    """One replica."""

    url: str
    folder: Path
    process: RunningProcess = field(repr=False)

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

    def submit(self, form: str, page: str, shown_by: "ReplicaProcess | None" = None) -> str:
        """Send a form that ``shown_by``, or this one, has shown on ``page``; where it leads to."""
        login = {"Authorization": f"Bearer {TOKEN}"}
        shown = urllib.request.Request((shown_by or self).url + page, headers=login)
        with urllib.request.urlopen(shown, timeout=20) as answer:
            cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
            token = re.findall(r'name="csrf_token" value="(\w+)"', answer.read().decode())[0]
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=20)
        headers = {**login, "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", form, f"csrf_token={token}", headers)
        redirected = connection.getresponse()
        text = redirected.read().decode()
        connection.close()
        return str(redirected.headers.get("Location") or f"{redirected.status} {text}")

    def accounts(self) -> set[str]:
        """The accounts of which this replica's page of metrics has series."""
        lines = self.get("/metrics").decode().splitlines()
        epochs = [line for line in lines if line.startswith("numwatch_account_lease_epoch{")]
        return {line.split('account="')[1].split('"')[0] for line in epochs}

    @property
    def log(self) -> str:
        return (self.folder / "agent.log").read_text(errors="replace")


class ReplicaFleet:
    """Starts replicas that share a database and a world.

    Args:
        folder: Where they have their files.
        postgresql: The server that is asked about them.
        store: The database as they reach it.
        world: What they watch.
        settings: Their configuration but for what each has of its own.
        prepared: The module that starts them.
        host: Where their desk is.
    """

    def __init__(
        self,
        folder: Path,
        postgresql: PostgresqlServer,
        store: Store,
        world: WorldThread,
        settings: dict[str, Any],
        prepared: str = PREPARED,
        host: str = LOOPBACK,
    ) -> None:
        self._folder = folder
        self._postgresql = postgresql
        self.store = store
        self.world = world
        self._settings = settings
        self._running = contextlib.ExitStack()
        self.desk = Desk(host)
        self.replicas: list[ReplicaProcess] = []
        first = self._write_config(folder / "prepared", f"{LOOPBACK}:{free_port()}", store)
        command = [sys.executable, "-m", prepared, "run", "--config", str(first)]
        self._forker = Forker(command, folder / "forker.log")

    def close(self) -> None:
        self._running.close()
        self._forker.stop()
        self.desk.close()

    def sql(self, statement: str) -> list[str]:
        return self._postgresql.execute_in(self.store, statement)

    def start(
        self,
        count: int = 1,
        store: Store | None = None,
        before: Sequence[str] = (),
        listen_at: str = LOOPBACK,
        within: float = START,
    ) -> list[ReplicaProcess]:
        """Start so many more; each is ready when this returns, ``within`` so many seconds each.

        They reach the database by ``store`` if it is not the fleet's way. ``before`` is put before
        the command of each, and makes its start longer.
        """
        started = [self.launch(store, before, listen_at) for _ in range(count)]
        for replica in started:
            wait_until(
                lambda replica=replica: get(f"{replica.url}/-/ready"),
                within,
                lambda replica=replica: replica.log[-4000:],
            )
        return started

    def launch(
        self, store: Store | None = None, before: Sequence[str] = (), listen_at: str = LOOPBACK
    ) -> ReplicaProcess:
        """Start one more, as :meth:`start` does, and wait for nothing."""
        folder = self._folder / f"replica-{len(self.replicas)}"
        listen = f"{listen_at}:{free_port()}"
        config = self._write_config(folder, listen, store or self.store)
        log = folder / "agent.log"
        starting: contextlib.AbstractContextManager[RunningProcess] = (
            running([*before, *numwatch("run", "--config", str(config))], log)
            if before
            else forked(self._forker, log, config)
        )
        process = self._running.enter_context(starting)
        replica = ReplicaProcess(f"http://{listen}", folder, process)
        self.replicas.append(replica)
        return replica

    def _write_config(self, folder: Path, listen: str, store: Store) -> Path:
        folder.mkdir()
        assert store.url is not None
        desk = {"name": "desk", "kind": "webhook", "url": self.desk.url}
        settings = {
            **self._settings,
            "data_dir": str(folder / "data"),
            "listen": [listen],
            "store": {"url": store.url.reveal(), "replicas": True},
            "sinks": [{**desk, "egress_allow": NETWORKS}],
        }
        settings["web"] = {**settings.get("web", {}), "token": TOKEN}
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        config.chmod(0o600)
        return config

    @property
    def accounts(self) -> list[str]:
        """The accounts there are."""
        providers = self._settings["providers"]
        return [account["id"] for provider in providers for account in provider["accounts"]]

    @property
    def living(self) -> list[ReplicaProcess]:
        """Those that have not ended."""
        return [it for it in self.replicas if it.process.poll() is None]

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
    for provider in settings["providers"]:
        provider["egress_allow"] = NETWORKS
    settings["rules"] = {**settings.get("rules", {}), "interval": 1}
    settings["intake"] = {"alertmanager": {"enabled": True, "token": TOKEN}}


def number_of(index: int) -> str:
    """A number of the world; it belongs to the account of the index modulo their count."""
    return f"400622{index + 1:04}"


def world(accounts: int = 6, numbers: int = 1) -> dict[str, Any]:
    """Accounts of ``numbers`` numbers each; the very first is suspended."""
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
                                "number": number_of(index + place * accounts),
                                "state": "active" if index + place else "suspended_violation",
                                "network_state": "active",
                                "bindings": phones,
                            }
                            for place in range(numbers)
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
    plan: dict[str, Any] | None = None,
    prepared: str = PREPARED,
    host: str = LOOPBACK,
) -> Iterator[ReplicaFleet]:
    """A fleet without replicas yet, over the world of ``plan``, which is at ``host``."""
    watched = WorldThread(plan or world(), folder, host)
    try:
        settings = watched.settings()
        _quiet(settings)
        change(settings)
        fleet = ReplicaFleet(folder, postgresql, store, watched, settings, prepared, host)
        try:
            yield fleet
        finally:
            fleet.close()
    finally:
        watched.close()
