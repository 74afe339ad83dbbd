"""When rules are evaluated: every interval, in a thread, late ones skipped, never two at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from time import monotonic, time

import structlog

from agent.model import Alert
from agent.rules.engine import RuleEngine
from agent.rules.rule import RuleHealth
from exporters.block import Block
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

WEIGHED_EVERY = 10.0
"""Seconds after which the memory of the history is looked at again."""

OnAlerts = Callable[[tuple[Alert, ...], float], Awaitable[None]]


class Scheduler:
    """Evaluates an engine's rules every ``interval`` seconds and hands the alerts on."""

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
        self._task: asyncio.Task[None] | None = None
        self._weighed_at = float("-inf")
        self._failing: dict[tuple[str, str, str], str] = {}

    def start(self) -> None:
        """Evaluate now and then every interval, until :meth:`stop`."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="rules")

    async def stop(self) -> None:
        """Stop; an evaluation that is under way is waited for, its alerts are not handed on."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def evaluate_once(self) -> tuple[Alert, ...]:
        """Evaluate now and hand the alerts on."""
        now = self._clock()
        thread = asyncio.create_task(
            asyncio.to_thread(self._evaluate, now), name="rules-evaluation"
        )
        try:
            alerts = await asyncio.shield(thread)
        except asyncio.CancelledError:
            # The thread cannot be stopped, and the engine must not be used until it is done.
            await asyncio.wait([thread])
            raise
        self._tell()
        await self._on_alerts(alerts, now)
        return alerts

    def _evaluate(self, now: float) -> tuple[Alert, ...]:
        alerts = self.engine.evaluate(self._blocks(), now)
        self._weigh()
        return alerts

    def _weigh(self) -> None:
        """Tell how much the history takes; it changes slowly, and looking costs."""
        at = monotonic()
        if at >= self._weighed_at + WEIGHED_EVERY:
            self._weighed_at = at
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
            self._telemetry.rule_missed.labels(name).inc(missed)
        log.warning("rule_evaluations_missed", missed=missed, interval=self._interval)

    def _tell(self) -> None:
        for group, seconds in self.engine.durations().items():
            self._telemetry.rule_duration.labels(group).observe(seconds)
        for health in self.engine.health():
            self._log_change(health)

    def _log_change(self, health: RuleHealth) -> None:
        """One line when a rule goes bad, one when it is well again."""
        key = (health.group, health.rule, health.expression)
        former = self._failing.get(key, "")
        if health.error and not former:
            self._failing[key] = health.error
            log.error("rule_failed", group=health.group, rule=health.rule, error=health.error)
        elif former and health.ok:
            del self._failing[key]
            log.info("rule_recovered", group=health.group, rule=health.rule)
