"""The agent's configuration for a simulated world: what polls it and sends tickets to its desk."""

import hashlib
import math
from pathlib import Path
from typing import Any

import yaml

from agent.simulator.account import Account
from agent.simulator.dialects import Dialect, name_of
from agent.simulator.entities import Binding
from agent.simulator.world import Provider, World
from agent.states import BindingKind

_INTERVALS = {
    "numbers": 5.0,
    "routing": 15.0,
    "reachability": 5.0,
    "balance": 5.0,
    "calls": 10.0,
}
"""World seconds between two polls."""
AGENT_LISTEN = "127.0.0.1:10400"
"""The default address of the agent."""
PACE = 10
"""How much more than the speed the `for` of rules is shortened: no story lasts for hours."""
_SMALLEST = 0.05
_PAGES_A_SECOND = 100.0
"""Pages of a large account that two small cores serve and read without strain."""
_ROUTINGS_A_SECOND = 200.0
_LARGE = 1000
_MOST_LISTED = 5000
LOOPBACK = ("127.0.0.0/8", "::1/128")
"""Networks that the configuration must allow, because the world is on this machine."""


def build_config(
    world: World,
    base_url: str,
    speed: float = 1.0,
    *,
    listen: str = AGENT_LISTEN,
    complaints_secret: str | None = None,
) -> dict[str, Any]:
    """The agent's configuration as plain values, ready for YAML.

    ``base_url`` is the simulator's address; ``speed`` divides every interval, as it divides the
    world's. ``complaints_secret`` is what the world signs its complaints with.
    """
    url = base_url.rstrip("/")
    signed = {"secret": complaints_secret} if complaints_secret else {}
    return {
        "listen": [listen],
        "data_dir": data_dir(world),
        "polling": _polling(speed),
        "providers": [_provider(provider, url, speed) for provider in world.providers.values()],
        "rules": {"pace": PACE * speed, "interval": max(0.2, 2 / speed)},
        "tickets": {
            "hold": 20 / speed,
            "reopen_window": 1800 / speed,
            # Nobody of this world confirms a repair, and nobody objects.
            "confirmation": {"waive_after": 0},
        },
        "sinks": [_desk(world, url, speed)],
        "intake": {"complaints": {**signed, "stands": 1800 / speed}},
    }


def dial_section(trunk: str) -> dict[str, Any]:
    """The section with which numbers of the world are called at its SIP endpoint ``trunk``."""
    caller = {
        "name": "simulated",
        "trunk": trunk,
        "user": "100",
        "local_address": trunk.rpartition(":")[0],
        "consent": "nobody: the phones are simulated",
        "daily_budget": 1000,
        "hours": ["00:00-24:00"],
    }
    return {"callers": [caller], "longest": 20.0, "listen": 3.0}


def data_dir(world: World) -> str:
    """The data folder of this world's agent, the same whenever the world is served again.

    Worlds with the same numbers must not share one: stored state would be wrong in the other.
    """
    content = f"{world.plan!r}".encode()
    return f"./data/{hashlib.sha256(content).hexdigest()[:12]}"


def write_config(path: Path, config: dict[str, Any]) -> None:
    """Writes the configuration where only its owner can read it: it holds credentials."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    head = "# Written by `numwatch simulate`: polls the simulated world, uses its desk.\n"
    text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
    path.write_text(head + text, encoding="utf-8")


def _polling(speed: float) -> dict[str, Any]:
    """A fast world needs short timeouts and pauses, or an outage ends before it is noticed."""
    return {
        "intervals": {
            name: max(_SMALLEST, seconds / speed) for name, seconds in _INTERVALS.items()
        },
        "timeout": max(2.0, 8 / speed),
        "request_timeout": max(1.0, 4 / speed),
        "connect_timeout": 2.0,
        "attempts": 2,
        "rate": 200.0,
        "breaker_pause": max(0.5, 5 / speed),
    }


def _provider(provider: Provider, url: str, speed: float) -> dict[str, Any]:
    # Only an adapter of several products or hosts has options without which it reads less.
    base_url = f"{url}/{provider.name}"
    options = {
        name: text.replace("{url}", base_url)
        for name, text in getattr(provider.dialect, "agent_options", {}).items()
    }
    needs_inventory = getattr(provider.dialect, "needs_inventory", False)
    return {
        "name": provider.name,
        "profile": name_of(type(provider.dialect)),
        "base_url": base_url + getattr(provider.dialect, "base_path", ""),
        "egress_allow": list(LOOPBACK),
        **({"options": options} if options else {}),
        "accounts": [
            {
                **_account(account, speed),
                **(_inventory(account, provider.dialect) if needs_inventory else {}),
            }
            for account in provider.accounts
        ],
    }


def _inventory(account: Account, dialect: Dialect) -> dict[str, Any]:
    has_phones = getattr(dialect, "needs_extensions", False)
    numbers = [
        {
            "number": number.number,
            "company": number.company,
            **({"phones": list(map(_phone, number.bindings))} if has_phones else {}),
        }
        for number in account.listed()
    ]
    return {"inventory": {"numbers": numbers[:_MOST_LISTED]}}


def _phone(binding: Binding) -> dict[str, Any]:
    key = "extension" if binding.kind is BindingKind.PBX else "phone"
    known = {"id": binding.id, "kind": str(binding.kind), "position": binding.position}
    return {**known, key: binding.phone}


def _account(account: Account, speed: float) -> dict[str, Any]:
    section: dict[str, Any] = {
        "id": account.id,
        "credentials": dict(account.credentials),
        "thresholds": {"notice": account.notice, "stop": account.stop},
    }
    if len(account.numbers) > _LARGE:
        section["polling"] = _large(account, speed)
    return section


def _large(account: Account, speed: float) -> dict[str, Any]:
    """A large account is given the time its pages need, and polled no faster than that."""
    numbers, bindings = len(account.listed()), account.binding_count()
    pages = {
        "numbers": math.ceil(numbers / account.page_size),
        "reachability": math.ceil(bindings / account.page_size),
    }
    needed = {name: count / _PAGES_A_SECOND for name, count in pages.items()}
    needed["routing"] = numbers / _ROUTINGS_A_SECOND
    intervals = {name: max(_SMALLEST, seconds / speed) for name, seconds in _INTERVALS.items()}
    intervals |= {name: max(intervals[name], round(needed[name], 1)) for name in needed}
    return {
        **_polling(speed),
        "intervals": intervals,
        "timeout": min(3600.0, round(30 + 2 * max(needed.values()))),
        "request_timeout": 30.0,
        "rate": 2000.0,
        "concurrency": 16,
        "max_pages": min(100_000, 200 + 2 * max(pages.values())),
        "max_numbers": max(100_000, 2 * numbers),
        "max_records": max(500_000, 2 * bindings),
        "max_bytes": 1024**3,
        "max_cpu": max(5.0, (numbers + bindings) / 10_000),
    }


def _desk(world: World, url: str, speed: float) -> dict[str, Any]:
    sink: dict[str, Any] = {
        "name": "desk",
        "kind": "webhook",
        "url": f"{url}/desk/tickets",
        "egress_allow": list(LOOPBACK),
        "retry_first": max(0.2, 2 / speed),
        "retry_longest": max(1.0, 30 / speed),
    }
    if world.plan.desk.secret is not None:
        sink["secret"] = world.plan.desk.secret
    return sink
