"""10,000 accounts of 100 numbers polled by a running agent: whether it keeps pace.

The agent runs as a user runs it, with all rules and a page of metrics that is asked for once a
minute; the provider is a process of its own that notes when each account's listing is asked for.
Measured are the longest time between two polls of one account beside the interval that is
configured, for how long the event loop was blocked, and the processor time of a polled number.

``NUMWATCH_BENCH_ACCOUNTS`` sets the number of accounts where the machine is small or busy; they are
polled the more often the fewer they are.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.bench._measured_agent import LIMIT
from tests.bench._small_fleet import accounts_served, settings_of
from tests.bench.fleet import line, peak_memory_mib
from tests.integration.processes import free_port, get, running, wait_until

ACCOUNTS = int(os.environ.get("NUMWATCH_BENCH_ACCOUNTS", "10000"))
NUMBERS = 100
INTERVAL = max(20.0, ACCOUNTS * 0.03)
"""Seconds between two polls of an account: as many accounts a second whatever their number."""
POLLS = 2
"""Polls that are waited for, of each account."""
SCRAPED_EVERY = 60.0
LONGEST_STEP = 1.1
"""How many intervals may be between two polls."""
MEMORY_YARDSTICK_MIB = 2048.0
STARTING = 900.0


def run() -> Iterable[dict[str, Any]]:
    """Pace, event loop, processor time and memory of one agent."""
    with tempfile.TemporaryDirectory() as home, accounts_served(NUMBERS) as url:
        folder, at = Path(home), f"127.0.0.1:{free_port()}"
        settings = settings_of(folder, url, ACCOUNTS, INTERVAL)
        config, figures = folder / "config.yaml", folder / "figures.json"
        settings |= {"data_dir": str(folder / "data"), "listen": [at]}
        config.write_text(json.dumps(settings), encoding="utf-8")
        config.chmod(0o600)
        command = [sys.executable, "-m", "tests.bench._measured_agent", str(figures)]
        command += ["run", "--config", str(config)]
        with running(command, folder / "agent.log") as process:
            wait_until(lambda: get(f"http://{at}/-/healthy"), STARTING, "the agent answers")
            before = cpu_seconds(process.pid)
            begun = watched(url, at)
            spent = cpu_seconds(process.pid) - before
            memory = peak_memory_mib(process.pid)
        loop = json.loads(figures.read_text(encoding="utf-8"))
    yield from _lines(begun, spent, memory, loop)


def _lines(
    begun: Mapping[str, Sequence[float]], spent: float, memory: float, loop: Mapping[str, float]
) -> Iterable[dict[str, Any]]:
    size = {"accounts": ACCOUNTS, "numbers": ACCOUNTS * NUMBERS}
    steps = [later - former for times in begun.values() for former, later in pairwise(times)]
    late = sum(step > LONGEST_STEP * INTERVAL for step in steps)
    pace = {"steps": len(steps), "late": late, "shortest": min(steps)}
    yield line("pace_longest_step", max(steps), INTERVAL, "s", **size, **pace)
    yield line("pace_loop_blocked_max", loop["blocked_max"], LIMIT, "s", **loop)
    polls = sum(map(len, begun.values()))
    each = spent / (polls * NUMBERS)
    yield {"bench": "pace_cpu_of_a_polled_number", "ours": each * 1e6, "unit": "us", "polls": polls}
    yield line("pace_memory", memory, MEMORY_YARDSTICK_MIB, "MiB", **size)


def watched(url: str, agent: str) -> dict[str, list[float]]:
    """When each account was polled, once all were polled often enough."""
    scraped = time.monotonic()
    deadline = scraped + 2 * (POLLS + 1) * INTERVAL
    while True:
        begun: dict[str, list[float]] = json.loads(get(f"{url}/begun", timeout=60))
        if len(begun) == ACCOUNTS and min(map(len, begun.values())) >= POLLS:
            return begun
        if time.monotonic() > deadline:
            message = (
                f"of {ACCOUNTS} accounts {len(begun)} were polled, many less than {POLLS} times"
            )
            raise TimeoutError(message)
        if time.monotonic() > scraped + SCRAPED_EVERY:
            scraped = time.monotonic()
            get(f"http://{agent}/metrics", timeout=STARTING)
        time.sleep(1.0)


def cpu_seconds(pid: int, *, with_ended: bool = False) -> float:
    """Seconds of processor time of a process so far, all threads.

    ``with_ended`` adds that of its processes that have ended.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = fields[11:15] if with_ended else fields[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
