"""A dispatcher over real HTTP in simulated time."""

import asyncio
from typing import Any

from agent.sinks.dispatcher import Dispatcher
from agent.sinks.links import Links
from agent.sinks.registry import SinkContext, build_sinks
from agent.sinks.text import Writer
from agent.store.database import Database
from agent.tickets.outbox.outbox import Outbox
from exporters.telemetry import Telemetry
from tests.sinks.test_webhook import settings
from tests.tickets.scene import START


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class Post:
    """A dispatcher over real HTTP in simulated time."""

    def __init__(self, database: Database, telemetry: Telemetry) -> None:
        self.database = database
        self.telemetry = telemetry
        self.outbox = Outbox(database)
        self.clock = Clock()
        self.sections: list[Any] = []
        self.dispatcher: Dispatcher | None = None

    def add(self, name: str, url: str, **more: object) -> None:
        self.sections.append(settings(url, **{"name": name, **more}))

    async def start(self) -> None:
        sinks = build_sinks(self.sections, self.clock, self.context())
        self.dispatcher = Dispatcher(
            self.database, sinks, self.telemetry, self.clock, jitter=lambda: 0.5
        )
        await self.dispatcher.start()

    async def stop(self, grace: float = 5.0) -> None:
        if self.dispatcher is not None:
            await self.dispatcher.stop(grace)
            self.dispatcher = None

    async def pass_time(self, seconds: float, step: float = 5.0) -> None:
        """Let simulated time pass in steps, the workers looking after each."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now = min(end, self.clock.now + step)
            await self.settle()

    async def settle(self) -> None:
        """Wait until the workers have done what is due now."""
        assert self.dispatcher is not None
        self.dispatcher.wake()
        async with asyncio.timeout(10):
            while not self.idle():  # noqa: ASYNC110 - idle is seen from outside, as here
                await asyncio.sleep(0.002)

    def context(self) -> SinkContext:
        refused = self.telemetry.sink_steps_refused
        failed = self.telemetry.sink_template_errors
        return SinkContext(
            Links(self.database),
            Writer("zh-CN", "https://numwatch.example.com"),
            self.clock,
            lambda sink, step: refused.labels(sink, step).inc(),
            lambda sink, part: failed.labels(sink, part).inc(),
        )

    def idle(self) -> bool:
        assert self.dispatcher is not None
        return self.dispatcher.idle

    def sample(self, name: str, **labels: str) -> float | None:
        return self.telemetry.registry.get_sample_value(name, labels)
