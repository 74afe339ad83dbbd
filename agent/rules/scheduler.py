"""The schedule of rule evaluations: at an interval, in a thread, never two at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import monotonic, time
from typing import TypeVar

import structlog

from agent.clock import AgentClock
from agent.event_loop import BackgroundTask
from agent.masking import mask_text
from agent.model import Alert
from agent.rules.engine import RuleEngine
from agent.rules.rule import RuleHealth
from exporters.block import Block
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

MEMORY_INTERVAL = 10.0
"""Seconds between two measurements of the history's memory."""

Result = TypeVar("Result")
OnAlerts = Callable[[tuple[Alert, ...], float], Awaitable[None]]


class Scheduler:
    """Evaluates an engine's rules every ``interval`` seconds and passes on the alerts.

    An evaluation that takes longer than the interval makes the next ones be skipped and counted.

    An :class:`~agent.clock.AgentClock` follows the machine's clock before each evaluation.
    """

    def __init__(
        self,
        engine: RuleEngine,
        blocks: Callable[[], Sequence[Block]],
        on_alerts: OnAlerts,
        telemetry: Telemetry,
        interval: float,
        clock: Callable[[], float] = time,
    ) -> None:
        self.engine = engine
        self._blocks = blocks
        self._on_alerts = on_alerts
        self._telemetry = telemetry
        self._interval = interval
        self._clock = clock
        self._task = BackgroundTask("rules", self._run)
        self._measured_at = float("-inf")
        self._failing: dict[tuple[str, str, str], str] = {}

    def start(self) -> None:
        """Evaluate now and then at every interval, until :meth:`stop`."""
        self._task.start()

    async def stop(self) -> None:
        """Stop; waits for a running evaluation, whose alerts are dropped."""
        await self._task.stop()

    async def evaluate_once(self) -> tuple[Alert, ...]:
        """Evaluate now and pass the alerts on; returns them."""
        if isinstance(self._clock, AgentClock):
            await self._clock.follow(self._clock_was_set)
        now = self._clock()
        alerts = await _in_thread(partial(self._evaluate, now))
        self._report()
        await self._on_alerts(alerts, now)
        return alerts

    async def _clock_was_set(self, step: float) -> None:
        log.warning("clock_was_set", seconds=round(step, 3))
        await _in_thread(partial(self.engine.clock_was_set, step))

    def _evaluate(self, now: float) -> tuple[Alert, ...]:
        alerts = self.engine.evaluate(self._blocks(), now)
        self._measure_history()
        return alerts

    def _measure_history(self) -> None:
        """Publish the memory of the history, not at every evaluation: measuring takes time."""
        at = monotonic()
        if at >= self._measured_at + MEMORY_INTERVAL:
            self._measured_at = at
            self._telemetry.rule_history.set(self.engine.history_bytes())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            try:
                await self.evaluate_once()
            except Exception:
                log.exception("rule_evaluation_failed")
            due += self._interval
            missed = max(0, int((loop.time() - due) // self._interval) + 1)
            if missed:
                due += missed * self._interval
                self._count_missed(missed)
            await asyncio.sleep(due - loop.time())

    def _count_missed(self, missed: int) -> None:
        for name in {group.name for group in self.engine.ruleset.groups}:
            self._telemetry.rule_missed.labels(mask_text(name)).inc(missed)
        log.warning("rule_evaluations_missed", missed=missed, interval=self._interval)

    def _report(self) -> None:
        for group, seconds in self.engine.durations().items():
            # Everybody reads the metrics: a phone in a group's name is masked as in its rules.
            self._telemetry.rule_duration.labels(mask_text(group)).observe(seconds)
        for health in self.engine.health():
            self._log_change(health)

    def _log_change(self, health: RuleHealth) -> None:
        """Log once when a rule starts to fail and once when it recovers."""
        key = (health.group, health.rule, health.expression)
        former = self._failing.get(key, "")
        if health.error and not former:
            self._failing[key] = health.error
            log.error("rule_failed", group=health.group, rule=health.rule, error=health.error)
        elif former and health.ok:
            del self._failing[key]
            log.info("rule_recovered", group=health.group, rule=health.rule)


async def _in_thread(function: Callable[[], Result]) -> Result:
    """The result of ``function`` in a thread; a cancellation waits for its end.

    A thread cannot be cancelled, and the engine must not be used again before it ends.
    """
    thread = asyncio.create_task(asyncio.to_thread(function), name="rules-evaluation")
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        await asyncio.wait([thread])
        raise
