"""Rules on time: in a thread, never two at once, late ones counted."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agent.clock import AgentClock
from agent.model import Alert
from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.rules.scheduler import Scheduler
from exporters.block import Block
from exporters.telemetry import Telemetry
from tests.rules.series import up

RULES = "groups: [{name: numbers, rules: [{alert: Down, expr: up == 0}]}]"
FAILING = "groups: [{name: numbers, rules: [{alert: Down, expr: up / on () up == 0}]}]"


class Slow(RuleEngine):
    """Takes its time, and notices when it is used twice at once."""

    seconds = 0.0
    running = 0
    overlapped = False
    thread = ""

    def evaluate(self, blocks: Sequence[Block], now: float) -> tuple[Alert, ...]:
        self.running += 1
        self.overlapped |= self.running > 1
        self.thread = threading.current_thread().name
        time.sleep(self.seconds)
        self.running -= 1
        return super().evaluate(blocks, now)


@pytest.fixture
def engine(tmp_path: Path) -> Slow:
    path = tmp_path / "rules.yml"
    path.write_text(RULES, encoding="utf-8")
    return Slow(load_rules([path]))


def missed(telemetry: Telemetry) -> float:
    name = "numwatch_rule_group_iterations_missed_total"
    return telemetry.registry.get_sample_value(name, {"group": "numbers"}) or 0.0


def evaluations(telemetry: Telemetry) -> float:
    name = "numwatch_rule_evaluation_duration_seconds_count"
    return telemetry.registry.get_sample_value(name, {"group": "numbers"}) or 0.0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in a thread
            await asyncio.sleep(0.005)


async def until_delivered(calls: list[tuple[tuple[Alert, ...], float]], count: int) -> None:
    await until(lambda: len(calls) >= count)


def collect() -> tuple[list[tuple[tuple[Alert, ...], float]], object]:
    calls: list[tuple[tuple[Alert, ...], float]] = []

    async def take(alerts: tuple[Alert, ...], now: float) -> None:
        calls.append((alerts, now))

    return calls, take


async def test_alerts_are_handed_on_every_interval(engine: Slow) -> None:
    calls, take = collect()
    telemetry = Telemetry()
    scheduler = Scheduler(engine, lambda: [up(a=0)], take, telemetry, 0.02, lambda: 1000.0)
    scheduler.start()
    await until_delivered(calls, 3)
    await scheduler.stop()
    assert [alert.name for alert in calls[0][0]] == ["Down"]
    assert calls[0][1] == 1000.0
    assert evaluations(telemetry) >= 3
    assert engine.thread != threading.main_thread().name


async def test_late_evaluations_are_skipped_counted_and_never_overlap(engine: Slow) -> None:
    engine.seconds = 0.12
    calls, take = collect()
    telemetry = Telemetry()
    scheduler = Scheduler(engine, lambda: [up(a=0)], take, telemetry, 0.05)
    scheduler.start()
    await until_delivered(calls, 3)
    await scheduler.stop()
    assert not engine.overlapped
    assert missed(telemetry) >= 2 * 2


async def test_on_time_nothing_is_missed(engine: Slow) -> None:
    """The control of the one above."""
    calls, take = collect()
    telemetry = Telemetry()
    scheduler = Scheduler(engine, lambda: [up(a=0)], take, telemetry, 1.0)
    scheduler.start()
    await until_delivered(calls, 2)
    await scheduler.stop()
    assert missed(telemetry) == 0


async def test_stopping_waits_for_the_evaluation_under_way(engine: Slow) -> None:
    engine.seconds = 0.2
    calls, take = collect()
    scheduler = Scheduler(engine, list, take, Telemetry(), 5.0)
    scheduler.start()
    await until(lambda: engine.running > 0)
    await scheduler.stop()
    assert engine.running == 0
    assert calls == []


async def test_a_consumer_that_fails_does_not_stop_the_rules(engine: Slow) -> None:
    calls: list[float] = []

    async def fail(_alerts: tuple[Alert, ...], now: float) -> None:
        calls.append(now)
        raise RuntimeError("the ledger is closed")

    scheduler = Scheduler(engine, list, fail, Telemetry(), 0.02)
    scheduler.start()
    await until(lambda: len(calls) >= 3)
    await scheduler.stop()


@pytest.mark.parametrize("step", [3600.0, -86400.0])
async def test_a_stop_while_series_are_made_anew_loses_no_step_of_the_clock(
    engine: Slow, step: float
) -> None:
    ahead = [0.0]
    clock = AgentClock(lambda: time.time() + ahead[0])
    told: list[float] = []
    engine.clock_was_set = told.append  # type: ignore[method-assign]
    renewing = asyncio.Event()

    async def renew() -> None:
        renewing.set()
        await asyncio.Event().wait()

    clock.subscribe(renew=renew)
    _calls, take = collect()
    scheduler = Scheduler(engine, list, take, Telemetry(), 0.02, clock)
    ahead[0] = step
    scheduler.start()
    async with asyncio.timeout(10):
        await renewing.wait()
    await scheduler.stop()
    assert told == [pytest.approx(step, abs=1)]
