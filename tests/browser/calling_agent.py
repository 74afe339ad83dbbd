"""A running agent with a line and three test calls: one that got through, two that did not."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.forks import running_numwatch
from tests.integration.processes import free_port, get, wait_until

ANSWERS, BUSY, SUSPENDED = (f"400622000{n}" for n in (1, 2, 3))
WORLD = f"""
seed: 3
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {{key: demo, secret: demo-secret}}
        numbers:
          - {{number: "{ANSWERS}", bindings: [{{id: a, phone: "01088880001"}}]}}
          - {{number: "{BUSY}", test_call: busy_tone, bindings: [{{id: a, phone: "01088880002"}}]}}
          - number: "{SUSPENDED}"
            test_call: suspended_prompt
            bindings: [{{id: a, phone: "01088880003"}}]
"""
_READY_SECONDS = 60.0
_CALL_SECONDS = 60.0


@dataclass(frozen=True)
class CallingAgent:
    """An agent over real HTTP, and what it called."""

    url: str
    token: str
    calls: dict[str, dict[str, Any]]
    """The documents of its test calls, by number."""

    @property
    def login(self) -> dict[str, str]:
        """The login of an administrator, as Playwright's ``http_credentials``."""
        return {"username": "ops", "password": self.token, "origin": self.url}


@contextmanager
def calling_agent(folder: Path) -> Iterator[CallingAgent]:
    """Run an agent and its world in ``folder``, and have it call every number once."""
    world, config = folder / "world.yaml", folder / "config.yaml"
    world.write_text(WORLD)
    sip = f"127.0.0.1:{free_port()}"
    served = ("--listen", f"127.0.0.1:{free_port()}", "--sip", sip, "--speed", "20")
    simulate = ("simulate", "--world", str(world), *served, "--write-config", str(config))
    with running_numwatch(*simulate, log=folder / "world.log"):
        wait_until(config.exists, _READY_SECONDS, "the configuration is written")
        settings = yaml.safe_load(wait_until(config.read_text, _READY_SECONDS, "it is whole"))
        at = f"127.0.0.1:{free_port()}"
        settings |= {"listen": [at], "data_dir": str(folder / "data")}
        settings["dial"] |= {"listen": 1.0, "longest": 15.0}
        config.write_text(yaml.safe_dump(settings, allow_unicode=True))
        with running_numwatch("run", "--config", str(config), log=folder / "agent.log"):
            url = f"http://{at}"
            wait_until(lambda: get(f"{url}/-/ready"), _READY_SECONDS, "the agent is ready")
            token = (folder / "data" / "access.token").read_text(encoding="utf-8").strip()
            calls = {it: _call(url, token, it) for it in (ANSWERS, BUSY, SUSPENDED)}
            yield CallingAgent(url, token, calls)


def _call(url: str, token: str, number: str) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{url}/api/numbers/{number}/test-call",
        json.dumps({"keep_recording": True}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_CALL_SECONDS) as answer:
        last: dict[str, Any] = json.loads(answer.read().splitlines()[-1])
    call: dict[str, Any] = last["call"]
    return call
