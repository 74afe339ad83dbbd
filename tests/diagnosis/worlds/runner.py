"""All worlds of the catalogue on one server: polled, struck, polled again and diagnosed."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from agent.baselines.baseline import BaselineBook
from agent.checks.engine import Checker
from agent.config.settings import Settings
from agent.diagnosis import DiagnosisContext, diagnose_number
from agent.fleet import Fleet
from agent.model import Verdict
from agent.polling.pollers import Pollers
from agent.simulator.server import start
from agent.simulator.world import World
from exporters.telemetry import Telemetry
from tests.diagnosis.worlds.scenario import ONE, Scene

AT = 1_800_000_000.0
"""Friday 2027-01-15 16:00 in Shanghai."""
BEFORE = 300.0
"""Seconds of calls before the first look."""
AFTER = 300.0
"""Seconds between what happens and the last look: three intervals are over."""
TOGETHER = 12
VIEWS = {
    "without phones": ("reachability", "calls"),
    "without routing": ("routing", "balance"),
    "without states of phones": ("reachability", "balance"),
    "without routing of calls": ("routing",),
}
"""What the interfaces of some providers lack."""


@dataclass
class Clock:
    """The time of the world and of the pollers."""

    now: float = AT

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """The catalogue's worlds as one, and what is known of it."""

    scenes: Sequence[Scene]
    folder: Path
    """Where profiles are written."""
    clock: Clock = field(default_factory=Clock)
    fleet: Fleet = field(default_factory=Fleet)
    book: BaselineBook = field(default_factory=BaselineBook)

    def world(self) -> World:
        """One world with every scene's providers."""
        providers = [one for index, it in enumerate(self.scenes) for one in _providers(index, it)]
        return World.parse(json.dumps({"seed": 400, "providers": providers}))

    def settings(self, url: str, only: int | None = None) -> Settings:
        """The configuration of all scenes, or of one."""
        chosen = [(i, it) for i, it in enumerate(self.scenes) if only in (None, i)]
        made = [
            _settings(one, url, self.profile(one["dialect"], scene.view))
            for i, scene in chosen
            for one in _providers(i, scene)
        ]
        return Settings.model_validate({"providers": made, "polling": _POLLING})

    def profile(self, dialect: str, view: str) -> str:
        """The bundled profile, or a copy in ``folder`` that lacks what the view has not."""
        if not view:
            return dialect
        path = self.folder / f"{dialect}-{'-'.join(view.split())}.yaml"
        if not path.exists():
            bundled = files("agent.providers").joinpath(f"profiles/{dialect}.yaml")
            profile = yaml.safe_load(bundled.read_text(encoding="utf-8"))
            whole = {key: part for key, part in profile.items() if key not in VIEWS[view]}
            path.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
        return str(path)

    async def play(self) -> list[Verdict]:
        """Everything that happens in every scene, and the verdicts at the end."""
        async with await start(self.world(), clock=self.clock) as running:
            settings = self.settings(running.url)
            pollers = Pollers(self.fleet, Telemetry(), self.clock, recent_calls=64)
            await pollers.prepare(settings)
            try:
                self.clock.now += BEFORE
                early = {i for i, it in enumerate(self.scenes) if it.seen_before}
                await self._poll(pollers, early)
                before = self._check(settings, early)
                for index, scene in enumerate(self.scenes):
                    for entry in scene.then:
                        running.apply(_filled(entry, index))
                self.clock.now += AFTER
                await self._poll(pollers, set(range(len(self.scenes))))
                await self._poll(pollers, {i for i, it in enumerate(self.scenes) if it.looks > 1})
            finally:
                await pollers.stop()
            after = self._check(settings, set(range(len(self.scenes))), before)
            return [self._verdict(i, running.url, after) for i in range(len(self.scenes))]

    async def _poll(self, pollers: Pollers, scenes: set[int]) -> None:
        gate = asyncio.Semaphore(TOGETHER)

        async def one(key: tuple[str, str]) -> None:
            async with gate:
                await pollers.poll_once(*key)

        keys = [key for key in pollers.accounts() if int(key[0][1:-1]) in scenes]
        await asyncio.gather(*map(one, keys))

    def _check(self, settings: Settings, scenes: set[int], before: Any = None) -> Any:
        checker, former = Checker(settings, self.book), before or {}
        keys = [
            (provider.name, account.id)
            for provider in settings.providers
            for account in provider.accounts
            if int(provider.name[1:-1]) in scenes
        ]
        return {
            key: checker.check(snapshot, self.clock.now, former.get(key))
            for key in keys
            if (snapshot := self.fleet.get(*key)) is not None
        }

    def _verdict(self, index: int, url: str, known: Any) -> Verdict:
        scene = self.scenes[index]
        own = {key: it for key, it in known.items() if int(key[0][1:-1]) == index}
        context = DiagnosisContext(self.settings(url, index), self.clock.now, own, self.book)
        return diagnose_number(
            _filled(ONE, index), context, caller=scene.caller, answers=scene.answers
        )


_POLLING = {
    "intervals": dict.fromkeys(("numbers", "routing", "reachability", "balance", "calls"), 60),
    "timeout": 30,
    "request_timeout": 20,
    "attempts": 1,
    "rate": 1000,
}


def _filled(told: Any, index: int) -> Any:
    """``told`` with the digits of the world ``index`` in it."""
    if isinstance(told, str):
        words = {
            "{n}": f"4006{index:05d}",
            "{t}": f"4008{index:05d}",
            "{p}": f"{index:06d}",
            "{w}": f"w{index}",
        }
        for mark, digits in words.items():
            told = told.replace(mark, digits)
        return told
    if isinstance(told, dict):
        return {key: _filled(value, index) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_filled(value, index) for value in told]
    return told


def _providers(index: int, scene: Scene) -> list[dict[str, Any]]:
    made = []
    for one in scene.providers:
        plain = _filled({key: value for key, value in one.items() if key != "place"}, index)
        name = f"w{index}{one['place']}"
        for account in plain["accounts"]:
            account["credentials"] = _credentials(plain["dialect"], name)
        made.append({"name": name, **plain})
    return made


def _credentials(dialect: str, name: str) -> dict[str, str]:
    if dialect == "twilio":
        return {"sid": "AC" + name.encode().hex().rjust(32, "0"), "token": f"token-{name}"}
    return {"key": f"key-{name}", "secret": f"secret-{name}"}


def _settings(provider: dict[str, Any], url: str, profile: str) -> dict[str, Any]:
    return {
        "name": provider["name"],
        "profile": profile,
        "base_url": f"{url}/{provider['name']}",
        "egress_allow": ["127.0.0.0/8"],
        "accounts": [
            {"id": account["id"], "credentials": account["credentials"]}
            for account in provider["accounts"]
        ],
    }
