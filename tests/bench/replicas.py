"""1, 2 and 4 replicas on one PostgreSQL: the processor time of a polled number, of all together.

Every case has a fleet and a provider of its own; the same accounts are polled in the same rhythm.
Counted is the processor time of the replicas' processes between two moments at which the accounts
are divided, by the numbers that were polled meanwhile; that of PostgreSQL, all of its processes, is
beside it. ``of_a_core`` says how busy each was.

``overhead`` is what sharing costs: how much more a number costs than with as many agents that know
nothing of each other, each with its part of the accounts and a database of its own. ``over_one`` is
how much more it costs than with one agent that has all accounts: processes cost something by
themselves, many polls at a time cost less each, and two cores of which both are busy may each do
less than one of them alone.

``NUMWATCH_BENCH_NUMBERS`` sets the numbers in all; accounts have a hundred each.
``NUMWATCH_BENCH_INTERVAL`` sets the seconds between two polls of an account.
"""

import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench._small_fleet import accounts_served, settings_of
from tests.bench.pace import cpu_seconds
from tests.integration.processes import (
    RunningProcess,
    free_port,
    get,
    numwatch,
    running,
    wait_until,
)
from tests.postgresql_server import PostgresqlServer

NUMBERS = 100
ACCOUNTS = int(os.environ.get("NUMWATCH_BENCH_NUMBERS", "10000")) // NUMBERS
REPLICAS = (1, 2, 4)
INTERVAL = float(os.environ.get("NUMWATCH_BENCH_INTERVAL", "1.25"))
"""Seconds between two polls of an account."""
WATCHED = 60.0
"""Seconds for which processor time is counted."""
PATIENCE = 300.0
OVERHEAD = 0.1
"""How much more a number may cost than with one replica."""


@dataclass(frozen=True)
class Cost:
    """What one case took."""

    replicas: Sequence[float]
    """Seconds of processor time of each replica."""
    database: float
    polled: int
    """Numbers that were polled."""
    held: Sequence[int]
    """Accounts of each replica at the end."""

    @property
    def each(self) -> float:
        """Seconds of processor time of a polled number."""
        return sum(self.replicas) / self.polled


def run() -> Iterable[dict[str, Any]]:
    """One line for each count of replicas."""
    if shutil.which("initdb") is None and not list(Path("/usr/lib/postgresql").glob("*/bin")):
        yield {"bench": "replicas", "error": "PostgreSQL is not installed (Debian's postgresql)"}
        return
    server = PostgresqlServer()
    server.start()
    try:
        one: Cost | None = None
        for count in REPLICAS:
            apart = measured(server, count, are_replicas=False)
            shared = measured(server, count, are_replicas=True)
            one = one or shared
            yield _line(count, shared, apart, one)
    finally:
        server.remove()


def _line(count: int, shared: Cost, apart: Cost, one: Cost) -> dict[str, Any]:
    return {
        "bench": f"replicas_{count}",
        "ours": shared.each * 1e6,
        "peer": apart.each * 1e6,
        "ratio": shared.each / apart.each,
        "unit": "us",
        "overhead": shared.each / apart.each - 1,
        "overhead_yardstick": OVERHEAD,
        "over_one": shared.each / one.each - 1,
        "of_database": shared.database / shared.polled * 1e6,
        "polled": shared.polled,
        "of_a_core": [round(it / WATCHED, 3) for it in shared.replicas],
        "apart_of_a_core": [round(it / WATCHED, 3) for it in apart.replicas],
        "held": list(shared.held),
    }


def measured(server: PostgresqlServer, count: int, *, are_replicas: bool) -> Cost:
    """What so many agents cost: replicas, or agents that have a part of the accounts each."""
    names = [server.make_database() for _ in range(1 if are_replicas else count)]
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        folder = Path(home)
        url = stack.enter_context(accounts_served(NUMBERS))
        whole = settings_of(folder, url, ACCOUNTS, INTERVAL)
        agents = []
        for index in range(count):
            settings = whole if are_replicas else _part(whole, index, count)
            name = names[index % len(names)]
            settings = {**settings, "store": {"url": server.local_url(name), "replicas": True}}
            agents.append(_started(stack, folder / str(index), settings))
        wait_until(lambda: _divided(agents), PATIENCE, "the accounts are not divided")
        wait_until(lambda: _polled(url) >= 3 * ACCOUNTS, PATIENCE, "the accounts are not polled")
        before = [cpu_seconds(process.pid) for _, process in agents]
        database, polled = _database_seconds(server), _polled(url)
        time.sleep(WATCHED)
        after = [cpu_seconds(process.pid) for _, process in agents]
        spent = [late - early for early, late in zip(before, after, strict=True)]
        cost = Cost(
            spent,
            _database_seconds(server) - database,
            (_polled(url) - polled) * NUMBERS,
            [len(_held(at)) for at, _ in agents],
        )
    for name in names:
        server.drop_database(name)
    return cost


def _part(settings: dict[str, Any], index: int, count: int) -> dict[str, Any]:
    """``settings`` with every so many-th account."""
    (north,) = settings["providers"]
    return {**settings, "providers": [{**north, "accounts": north["accounts"][index::count]}]}


def _started(
    stack: ExitStack, folder: Path, settings: dict[str, Any]
) -> tuple[str, RunningProcess]:
    """A replica: its address, and its process."""
    folder.mkdir()
    at = f"127.0.0.1:{free_port()}"
    config = folder / "config.yaml"
    own = {**settings, "data_dir": str(folder / "data"), "listen": [at]}
    config.write_text(json.dumps(own), encoding="utf-8")
    config.chmod(0o600)
    command = numwatch("run", "--config", str(config))
    return at, stack.enter_context(running(command, folder / "agent.log"))


def _held(at: str) -> set[str]:
    """The accounts that a replica exposes."""
    lines = get(f"http://{at}/metrics", timeout=60).decode().splitlines()
    epochs = [line for line in lines if line.startswith("numwatch_account_lease_epoch{")]
    return {line.split('account="')[1].split('"')[0] for line in epochs}


def _divided(agents: Sequence[tuple[str, RunningProcess]]) -> bool:
    """Whether each account is exposed by exactly one replica, and each replica has some."""
    held = [_held(at) for at, _ in agents]
    counts = Counter(account for accounts in held for account in accounts)
    return all(held) and len(counts) == ACCOUNTS and set(counts.values()) == {1}


def _polled(url: str) -> int:
    """The polls of listings so far."""
    return sum(map(len, json.loads(get(f"{url}/begun", timeout=60)).values()))


def _database_seconds(server: PostgresqlServer) -> float:
    """Seconds of processor time of the server so far, of processes that have ended too."""
    first, *others = server.processes
    return cpu_seconds(first, with_ended=True) + sum(map(cpu_seconds, others))
