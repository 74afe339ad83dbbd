"""Runs scenarios on one simulator: poll, apply the events, poll again, diagnose."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from agent.baselines.baseline import BaselineBook
from agent.checks.engine import Checker
from agent.config.settings import Settings
from agent.diagnosis import DiagnosisContext, diagnose_number
from agent.diagnosis.caller_reports import CallerReport
from agent.fleet import Fleet
from agent.polling.pollers import Pollers
from agent.simulator.server import start
from agent.simulator.world import World
from agent.verdict import Verdict
from exporters.telemetry import Telemetry
from tests.diagnosis.worlds.scenario import ONE, Said, Scenario

AT = 1_800_000_000.0
"""Friday 2027-01-15 16:00 in Shanghai."""
BEFORE = 300.0
"""Seconds of calls before the first poll."""
AFTER = 300.0
"""Seconds between the events and the next poll, long enough for three intervals."""
CONCURRENT_POLLS = 12
VIEWS = {
    "without phones": ("reachability", "calls"),
    "without routing": ("routing", "balance"),
    "without states of phones": ("reachability", "balance"),
    "without routing of calls": ("routing",),
}
"""The capabilities that the interfaces of some providers lack."""


@dataclass(frozen=True)
class Interface:
    """What the configuration of an account needs for the API of a provider."""

    credentials: Mapping[str, str]
    options: Mapping[str, str] = field(default_factory=dict)
    needs_inventory: bool = False
    """Whether the API does not say which number a phone belongs to."""


@dataclass
class Clock:
    """The time of the world and of the pollers."""

    now: float = AT

    def __call__(self) -> float:
        return self.now


@dataclass
class ScenarioRunner:
    """Runs scenarios in one simulated world."""

    scenarios: Sequence[Scenario]
    folder: Path
    """Where the profiles of limited interfaces are written."""
    interface: Interface | None = None
    """That of every provider; ``None`` for what the catalogue's own dialects need."""
    clock: Clock = field(default_factory=Clock)
    fleet: Fleet = field(default_factory=Fleet)
    book: BaselineBook = field(default_factory=BaselineBook)

    def world(self) -> World:
        """One world with every scenario's providers."""
        providers = [
            provider
            for index, scenario in enumerate(self.scenarios)
            for provider in _providers(index, scenario, self.interface)
        ]
        return World.parse(json.dumps({"seed": 400, "providers": providers}))

    def settings(self, url: str, only: int | None = None) -> Settings:
        """The configuration of all scenarios, or of one."""
        chosen = [(i, it) for i, it in enumerate(self.scenarios) if only in (None, i)]
        providers = [
            _settings(
                provider, url, self.profile(provider["dialect"], scenario.view), self.interface
            )
            for i, scenario in chosen
            for provider in _providers(i, scenario, self.interface)
        ]
        return Settings.model_validate({"providers": providers, "polling": _POLLING})

    def profile(self, dialect: str, view: str) -> str:
        """The bundled profile, or a copy in ``folder`` without what the view lacks."""
        if not view:
            return dialect
        path = self.folder / f"{dialect}-{'-'.join(view.split())}.yaml"
        if not path.exists():
            bundled = files("agent.providers").joinpath(f"profiles/{dialect}.yaml")
            profile = yaml.safe_load(bundled.read_text(encoding="utf-8"))
            whole = {key: part for key, part in profile.items() if key not in VIEWS[view]}
            path.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
        return str(path)

    async def run(self) -> list[Verdict]:
        """Runs every scenario and returns the verdicts at the end."""
        async with await start(self.world(), clock=self.clock) as running:
            settings = self.settings(running.url)
            pollers = Pollers(self.fleet, Telemetry(), self.clock)
            await pollers.prepare(settings)
            try:
                self.clock.now += BEFORE
                early = {i for i, it in enumerate(self.scenarios) if it.polled_before}
                await self._poll(pollers, early)
                before = self._check(settings, early)
                for index, scenario in enumerate(self.scenarios):
                    for entry in scenario.events:
                        running.apply(_with_digits(entry, index))
                self.clock.now += AFTER
                await self._poll(pollers, set(range(len(self.scenarios))))
                await self._poll(
                    pollers, {i for i, it in enumerate(self.scenarios) if it.polls > 1}
                )
            finally:
                await pollers.stop()
            after = self._check(settings, set(range(len(self.scenarios))), before)
            return [self._verdict(i, running.url, after) for i in range(len(self.scenarios))]

    async def _poll(self, pollers: Pollers, scenarios: set[int]) -> None:
        gate = asyncio.Semaphore(CONCURRENT_POLLS)

        async def poll(key: tuple[str, str]) -> None:
            async with gate:
                await pollers.poll_once(*key)

        keys = [key for key in pollers.accounts() if int(key[0][1:-1]) in scenarios]
        await asyncio.gather(*map(poll, keys))

    def _check(self, settings: Settings, scenarios: set[int], before: Any = None) -> Any:
        checker, previous = Checker(settings, self.book), before or {}
        keys = [
            (provider.name, account.id)
            for provider in settings.providers
            for account in provider.accounts
            if int(provider.name[1:-1]) in scenarios
        ]
        return {
            key: checker.check(snapshot, self.clock.now, previous.get(key))
            for key in keys
            if (snapshot := self.fleet.get(*key)) is not None
        }

    def _verdict(self, index: int, url: str, known: Any) -> Verdict:
        scenario = self.scenarios[index]
        own = {key: it for key, it in known.items() if int(key[0][1:-1]) == index}
        reports = [_report(it, self.clock.now) for it in scenario.reports]
        context = DiagnosisContext(
            self.settings(url, index), self.clock.now, own, self.book, lambda _number: reports
        )
        return diagnose_number(
            _with_digits(ONE, index), context, caller=scenario.caller, answers=scenario.answers
        )


def _report(said: Said, now: float) -> CallerReport:
    callers = (said.caller,) if said.caller else ()
    return CallerReport(now - 120, said.who, said.words, callers=callers)


_POLLING = {
    "intervals": dict.fromkeys(("numbers", "routing", "reachability", "balance", "calls"), 60),
    "timeout": 30,
    "request_timeout": 20,
    "attempts": 1,
    "rate": 1000,
}


def _with_digits(entry: Any, index: int) -> Any:
    """``entry`` with the digits of the scenario ``index`` for its placeholders."""
    if isinstance(entry, str):
        placeholders = {
            "{n}": f"4006{index:05d}",
            "{t}": f"4008{index:05d}",
            "{p}": f"{index:06d}",
            "{w}": f"w{index}",
        }
        for placeholder, digits in placeholders.items():
            entry = entry.replace(placeholder, digits)
        return entry
    if isinstance(entry, dict):
        return {key: _with_digits(value, index) for key, value in entry.items()}
    if isinstance(entry, list | tuple):
        return [_with_digits(value, index) for value in entry]
    return entry


def _providers(index: int, scenario: Scenario, interface: Interface | None) -> list[dict[str, Any]]:
    providers = []
    for provider in scenario.providers:
        entry = {key: value for key, value in provider.items() if key != "suffix"}
        entry = _with_digits(entry, index)
        name = f"w{index}{provider['suffix']}"
        for account in entry["accounts"]:
            account["credentials"] = (
                dict(interface.credentials) if interface else _credentials(entry["dialect"], name)
            )
        providers.append({"name": name, **entry})
    return providers


def _credentials(dialect: str, name: str) -> dict[str, str]:
    if dialect == "twilio":
        return {"sid": "AC" + name.encode().hex().rjust(32, "0"), "token": f"token-{name}"}
    return {"key": f"key-{name}", "secret": f"secret-{name}"}


def _settings(
    provider: dict[str, Any], url: str, profile: str, interface: Interface | None
) -> dict[str, Any]:
    base_url = f"{url}/{provider['name']}"
    options = interface.options if interface else {}
    return {
        "options": {name: text.replace("{url}", base_url) for name, text in options.items()},
        "name": provider["name"],
        "profile": profile,
        "base_url": base_url,
        "egress_allow": ["127.0.0.0/8"],
        "accounts": [
            {
                "id": account["id"],
                "credentials": account["credentials"],
                **(_inventory(account) if interface and interface.needs_inventory else {}),
            }
            for account in provider["accounts"]
        ],
    }


def _inventory(account: dict[str, Any]) -> dict[str, Any]:
    """The inventory of the account's numbers and phones, as they are in the world."""
    keys = ("id", "phone", "kind", "position")
    numbers = [
        {
            "number": number["number"],
            "phones": [{key: it[key] for key in keys} for it in number["bindings"]],
        }
        for number in account["numbers"]
    ]
    return {"inventory": {"numbers": numbers}}
