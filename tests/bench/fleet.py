"""100,000 numbers with two bindings each, polled, checked, evaluated by the rules and scraped.

The whole agent runs as a user runs it, against a simulated world in a process of its own;
memory and loop lag are read from the operating system and from the agent's own metrics.
"""

import gzip
import json
import re
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.integration.processes import free_port, get, numwatch, running, wait_until

NUMBERS = 100_000
MEMORY_YARDSTICK_MIB = 600.0
LAG_YARDSTICK_SECONDS = 0.05
WATCH_SECONDS = 60.0
SCRAPE_SECONDS = 5.0


def run() -> Iterable[dict[str, Any]]:
    """Peak memory and longest loop lag of an agent that watches a large fleet."""
    with tempfile.TemporaryDirectory() as folder, watched_fleet(Path(folder)) as (agent, pid):
        ready_at = time.monotonic()
        while time.monotonic() < ready_at + WATCH_SECONDS:
            page = scrape(agent)
            time.sleep(SCRAPE_SECONDS)
        lag = metric(page, "numwatch_event_loop_lag_max_seconds")
        numbers = sum(metrics(page, "numwatch_account_numbers"))
        peak = peak_memory_mib(pid)
        yield line("fleet_memory", peak, MEMORY_YARDSTICK_MIB, "MiB", numbers=numbers)
        yield line("fleet_loop_lag_max", lag, LAG_YARDSTICK_SECONDS, "s", numbers=numbers)


def line(bench: str, ours: float, peer: float, unit: str, **facts: float) -> dict[str, Any]:
    """One line of the report; ``peer`` is the yardstick where there is no peer to run."""
    return {"bench": bench, "ours": ours, "peer": peer, "ratio": ours / peer, "unit": unit, **facts}


@contextmanager
def watched_fleet(folder: Path) -> Iterator[tuple[str, int]]:
    """An agent that has polled all of a generated fleet; gives its address and process id."""
    world_at, agent_at = (f"127.0.0.1:{free_port()}" for _ in range(2))
    world, config = folder / "world.yaml", folder / "config.yaml"
    world.write_text(json.dumps(fleet_world()))
    simulate = numwatch("simulate", "--world", str(world), "--listen", world_at)
    with running([*simulate, "--write-config", str(config)], folder / "world.log"):
        wait_until(config.exists, 60, "the world has written the agent's configuration")
        wait_until(lambda: get(f"http://{world_at}/world/events"), 120, "the world answers")
        settings = yaml.safe_load(config.read_text())
        settings["providers"][0]["polling"] = demanding(settings["providers"][0].get("polling", {}))
        config.write_text(yaml.safe_dump(settings, allow_unicode=True))
        run_agent = numwatch("run", "--config", str(config), "--listen", agent_at)
        with running(run_agent, folder / "agent.log") as process:
            agent = f"http://{agent_at}"
            wait_until(lambda: polled(agent), 300, "the whole fleet is polled")
            yield agent, process.pid


def fleet_world() -> dict[str, Any]:
    """One account with the whole fleet, a hundredth of it not healthy."""
    generate = {"count": NUMBERS, "first": "4006000000", "bindings": 2, "unhealthy": 0.01}
    account = {
        "id": "hq",
        "credentials": {"key": "demo", "secret": "demo-secret"},
        "balance": 100_000.0,
        "currency": "CNY",
        "page_size": 100,
        "generate": [generate],
    }
    return {
        "seed": 7,
        "providers": [{"name": "north", "dialect": "generic", "accounts": [account]}],
    }


def demanding(polling: dict[str, Any]) -> dict[str, Any]:
    """Poll the whole fleet every half minute without a rate limit that matters."""
    intervals = {"numbers": "30s", "reachability": "30s", "routing": "60s", "calls": "60s"}
    limits = {"rate": 1000, "concurrency": 8, "timeout": "120s", "max_pages": 10_000}
    return {**polling, **limits, "intervals": {**polling.get("intervals", {}), **intervals}}


def polled(agent: str) -> bool:
    """Whether numbers and bindings of the whole fleet are on the metrics page."""
    time.sleep(SCRAPE_SECONDS)
    page = scrape(agent)
    return page.count(b"\nnumwatch_binding_state{") >= 2 * NUMBERS


def scrape(agent: str) -> bytes:
    """The metrics page as Prometheus asks for it, compressed."""
    request = urllib.request.Request(f"{agent}/metrics", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return gzip.decompress(answer.read())


def metrics(page: bytes, name: str) -> list[float]:
    """The values of every sample of a family."""
    pattern = re.compile(rb"^" + name.encode() + rb"(?:\{[^\n]*\})? (\S+)$", re.MULTILINE)
    return [float(value) for value in pattern.findall(page)]


def metric(page: bytes, name: str) -> float:
    """The largest value of a family."""
    return max(metrics(page, name))


def peak_memory_mib(pid: int) -> float:
    """The most memory a process has had resident so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    kibibytes = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert kibibytes, "this machine does not tell a process' peak memory"
    return int(kibibytes[1]) / 1024
