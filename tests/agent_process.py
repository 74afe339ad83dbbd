"""A simulated world and an agent, each a process of its own, as an operator starts them."""

import contextlib
import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.forks import running_numwatch
from tests.integration.processes import RunningProcess, free_port, get, wait_until

TOKEN = "Zq7-token-of-the-tests-0123456789abcdef"
_START = 60.0
"""Seconds within which a busy machine starts an agent."""

Settings = dict[str, Any]


@dataclass(frozen=True)
class AgentProcess:
    """A running agent with ``web.token`` set to :data:`TOKEN`."""

    url: str
    world_url: str
    process: RunningProcess
    config: Path
    log: Path

    def get(self, path: str) -> bytes:
        """The body of a good answer, read with the token."""
        request = urllib.request.Request(
            self.url + path, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())

    def json(self, path: str) -> Any:
        """The JSON of a good answer."""
        return json.loads(self.get(path))

    def resident(self) -> int:
        """Bytes of memory the process holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024


@contextlib.contextmanager
def agent_process(
    folder: Path, world: Settings, change: Callable[[Settings], None] = lambda _: None
) -> Iterator[AgentProcess]:
    """An agent that watches ``world`` with the written configuration after ``change``."""
    port, world_port = free_port(), free_port()
    url, world_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{world_port}"
    plan, config, log = folder / "world.yaml", folder / "config.yaml", folder / "agent.log"
    plan.write_text(yaml.safe_dump(world, allow_unicode=True), encoding="utf-8")
    simulate = (
        *("simulate", "--world", str(plan), "--listen", f"127.0.0.1:{world_port}"),
        *("--speed", "10", "--write-config", str(config)),
    )
    with running_numwatch(*simulate, log=folder / "world.log"):
        wait_until(lambda: get(f"{world_url}/world"), _START, "the world is served")
        settings = yaml.safe_load(config.read_text(encoding="utf-8"))
        settings |= {"data_dir": str(folder / "data"), "listen": [f"127.0.0.1:{port}"]}
        settings["web"] = {**settings.get("web", {}), "token": TOKEN}
        change(settings)
        config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        config.chmod(0o600)
        with running_numwatch("run", "--config", str(config), log=log) as process:
            agent = AgentProcess(url, world_url, process, config, log)
            wait_until(lambda: get(f"{url}/-/ready"), _START, f"ready; {log}")
            yield agent


def small_world() -> Settings:
    """Two numbers of one account: one suspended, which has a ticket, and one that is well."""
    phones = [
        {"id": "b1", "phone": "13800000001", "kind": "mobile", "position": 1, "state": "ok"},
        {"id": "b2", "phone": "02287654321", "kind": "landline", "position": 2, "state": "ok"},
    ]
    numbers = [
        {"number": "4006220001", "state": "suspended_violation", "company": "示例公司"},
        {"number": "4006220002", "state": "active"},
    ]
    account = {
        "id": "hq",
        "credentials": {"key": "demo", "secret": "demo-secret"},
        "balance": 500,
        "currency": "CNY",
        "numbers": [
            {**number, "network_state": "active", "bindings": phones} for number in numbers
        ],
    }
    return {
        "seed": 7,
        "providers": [{"name": "north", "dialect": "generic", "accounts": [account]}],
    }
