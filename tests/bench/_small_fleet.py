"""The configuration of an agent that watches accounts of ``_small_accounts``, and its server."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

import agent.providers
from agent.states import Capability

POLLED = (Capability.NUMBERS, Capability.REACHABILITY, Capability.BALANCE)
_PROFILES = Path(agent.providers.__file__).parent / "profiles"


@contextmanager
def accounts_served(numbers: int) -> Iterator[str]:
    """The address of a server of accounts with so many numbers each."""
    command = [sys.executable, "-m", "tests.bench._small_accounts", str(numbers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


def settings_of(folder: Path, url: str, accounts: int, interval: float) -> dict[str, Any]:
    """The settings of an agent that polls so many accounts every ``interval`` seconds.

    Writes its profile into ``folder``: the generic one without what is asked for number by number.
    """
    profile = yaml.safe_load((_PROFILES / "generic.yaml").read_text(encoding="utf-8"))
    for left_out in ("routing", "calls", "pushes"):
        del profile[left_out]
    profile["name"] = "listed"
    (folder / "listed.yaml").write_text(yaml.safe_dump(profile, allow_unicode=True))
    north = {
        "name": "north",
        "profile": str(folder / "listed.yaml"),
        "base_url": f"{url}/north",
        "egress_allow": ["127.0.0.0/8"],
        "accounts": [
            {"id": f"a{index}", "credentials": {"key": f"k{index}", "secret": "s"}}
            for index in range(accounts)
        ],
    }
    return {
        "polling": {"intervals": dict.fromkeys(map(str, POLLED), interval), "timeout": "60s"},
        "providers": [north],
    }
