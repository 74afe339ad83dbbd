"""A healthy fleet through a week: no ticket, and no verdict but healthy."""

import random
from pathlib import Path

import pytest

from agent.checks.engine import Checker
from agent.config.settings import Metrics, Settings
from agent.diagnosis import DiagnosisContext, diagnose_number
from agent.fleet import Fleet
from agent.polling.pollers import Pollers
from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.series import SeriesBuilder
from agent.simulator.server import SimulatorServer, start
from agent.simulator.world import World
from agent.states import Cause, Severity
from agent.tickets.decide.faults import faults_of
from exporters.telemetry import Telemetry
from tests.diagnosis.worlds.runner import AT, Clock, ScenarioRunner
from tests.proof_size import is_full

WHOLE = is_full()
FLEET, DAYS = (10_000, 7) if WHOLE else (80, 2)
HOUR = 3600.0
DIAGNOSIS_INTERVAL = 12
"""Hours between two diagnoses of every number."""
NOISY = 50
"""One number of so many has an unreachable phone, for an hour."""
PASSING = ("busy", "no_answer", "off", "out_of_area", "rejected")
FIRST = 4006000000
SEVERITIES = (Severity.CRITICAL, Severity.WARNING)


def world() -> World:
    results = "{answered: 0.9, no_answer: 0.05, busy: 0.03, abandoned: 0.02}"
    return World.parse(
        f"""
seed: 11
providers:
  - name: w0a
    dialect: generic
    accounts:
      - id: hq
        credentials: {{key: key-w0a, secret: secret-w0a}}
        balance: 90000
        daily_spend: 40
        page_size: 1000
        generate:
          - {{count: {FLEET}, first: "{FIRST}", calls: {{per_hour: 0.5, results: {results}}}}}
faults:
  - {{provider: w0a, kind: http_500, share: 0.01}}
"""
    )


def settings(folder: Path, url: str) -> Settings:
    profile = ScenarioRunner((), folder).profile("generic", "without routing of calls")
    hourly = dict.fromkeys(("numbers", "routing", "reachability", "balance", "calls"), HOUR)
    account = {"id": "hq", "credentials": {"key": "key-w0a", "secret": "secret-w0a"}}
    provider = {
        "name": "w0a",
        "profile": profile,
        "base_url": f"{url}/w0a",
        "egress_allow": ["127.0.0.0/8"],
        "accounts": [account],
    }
    polling = {"intervals": hourly, "attempts": 4, "rate": 5000, "timeout": 120, "max_pages": 1000}
    return Settings.model_validate({"providers": [provider], "polling": polling})


class Week:
    """The agent's parts, an hour at a time."""

    def __init__(self, running: SimulatorServer, clock: Clock, folder: Path) -> None:
        self.settings = settings(folder, running.url)
        self.clock, self.running, self.fleet = clock, running, Fleet()
        self.pollers = Pollers(self.fleet, Telemetry(), clock)
        self.checker, self.series = Checker(self.settings), SeriesBuilder(Metrics())
        rules = Path(__file__).parents[2] / "alert_rules"
        self.engine = RuleEngine(load_rules(sorted(rules.glob("*.yml"))))
        self.known = None
        self.coin = random.Random(11)
        self.noisy: list[str] = []

    async def hour(self) -> list[str]:
        """Returns the alerts that would open tickets after one more hour."""
        self._stir()
        self.clock.now += HOUR
        await self.pollers.poll_once("w0a", "hq")
        snapshot = self.fleet.get("w0a", "hq")
        self.known = self.checker.check(snapshot, self.clock.now, self.known)
        blocks = self.series.build(snapshot, self.known, self.clock.now)
        alerts = self.engine.evaluate(blocks, self.clock.now)
        return [name for it in faults_of(alerts, SEVERITIES).values() for name in it.names]

    def _stir(self) -> None:
        """Makes other phones unreachable than an hour ago."""
        before = set(self.noisy)
        for number in self.noisy:
            self._set(number, "ok")
        chosen = self.coin.sample(range(FLEET), max(1, FLEET // NOISY))
        self.noisy = [str(FIRST + it) for it in chosen if str(FIRST + it) not in before]
        for number in self.noisy:
            self._set(number, self.coin.choice(PASSING))

    def _set(self, number: str, state: str) -> None:
        name = self.coin.choice(("b1", "b2")) if state != "ok" else None
        for binding in ("b1", "b2") if name is None else (name,):
            self.running.apply({"number": number, "binding": binding, "set": {"state": state}})

    def verdicts(self) -> dict[str, str]:
        """Every verdict but healthy, by number."""
        context = DiagnosisContext(self.settings, self.clock.now, {("w0a", "hq"): self.known})
        found = {name: diagnose_number(name, context) for name in self.known.names}
        return {name: it.cause for name, it in found.items() if it.cause != Cause.HEALTHY}


@pytest.mark.timeout(7200)
async def test_nothing_is_ticketed_and_every_verdict_is_healthy(tmp_path):
    clock = Clock(AT)
    async with await start(world(), clock=clock) as running:
        week = Week(running, clock, tmp_path)
        await week.pollers.prepare(week.settings)
        try:
            for hour in range(DAYS * 24):
                assert await week.hour() == [], hour
                if hour % DIAGNOSIS_INTERVAL == 0:
                    assert week.verdicts() == {}, hour
            assert len(week.known.names) == FLEET
            assert len(week.verdicts()) == 0
        finally:
            await week.pollers.stop()


async def test_the_same_week_with_a_fault_in_it_is_not_quiet(tmp_path):
    """The control: a fault is noticed in the same week."""
    clock = Clock(AT)
    async with await start(world(), clock=clock) as running:
        week = Week(running, clock, tmp_path)
        await week.pollers.prepare(week.settings)
        try:
            assert await week.hour() == []
            running.apply({"number": str(FIRST), "set": {"state": "suspended_violation"}})
            names = [name for _ in range(3) for name in await week.hour()]
            assert names
            assert week.verdicts() == {str(FIRST): "number_suspended_violation"}
        finally:
            await week.pollers.stop()
