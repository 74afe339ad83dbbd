"""A dispatcher over real HTTP in simulated time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from agent.sinks.base import RemoteState, RemoteStatus, Sink
from agent.sinks.dispatcher import Dispatcher
from agent.sinks.links import Links
from agent.sinks.registry import SinkContext, build_sinks
from agent.sinks.text import Writer
from agent.store.database import Database
from agent.tickets.outbox.outbox import Outbox
from exporters.telemetry import Telemetry
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.sections import webhook_section
from tests.sinks.systems.server import System
from tests.tickets.scene import START

SystemT = TypeVar("SystemT", bound=System)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class DispatcherHarness:
    """A dispatcher, the sections it is started with, and a clock that tests move."""

    def __init__(self, database: Database, telemetry: Telemetry) -> None:
        self.database = database
        self.telemetry = telemetry
        self.outbox = Outbox(database)
        self.clock = Clock()
        self.clock_steps = 0.0
        self.sections: list[Any] = []
        self.dispatcher: Dispatcher | None = None

    def add(self, name: str, url: str, **keys: object) -> None:
        self.sections.append(webhook_section(url, **{"name": name, **keys}))

    @asynccontextmanager
    async def connect(self, system: SystemT) -> AsyncIterator[SystemT]:
        """Run ``system`` as the sink ``desk``."""
        url = await system.start()
        self.add("desk", url, **{"kind": system.kind, "secret": None, **system.section()})
        yield system
        await self.stop()
        await system.stop()

    async def start(self) -> None:
        sinks = build_sinks(self.sections, self.clock, self.context())
        self.dispatcher = Dispatcher(
            self.database,
            sinks,
            self.telemetry,
            self.clock,
            jitter=lambda: 0.5,
            steady=lambda: self.clock.now - self.clock_steps,
        )
        await self.dispatcher.start()

    async def stop(self, grace: float = 5.0) -> None:
        if self.dispatcher is not None:
            await self.dispatcher.stop(grace)
            self.dispatcher = None

    async def pass_time(self, seconds: float, step: float = 5.0) -> None:
        """Let simulated time pass in steps; after each, what is due is delivered."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now = min(end, self.clock.now + step)
            await self.settle()

    def set_clock(self, seconds: float) -> None:
        """Set the machine's clock forward, or back where negative; no time passes."""
        self.clock.now += seconds
        self.clock_steps += seconds

    async def read_receipts(self, seconds: float) -> None:
        """Let simulated time pass, then read the receipts that are due."""
        self.clock.now += seconds
        await self.running.receipts.read()

    async def settle(self) -> None:
        """Wait until the workers have done what is due now."""
        dispatcher = self.running
        dispatcher.wake()
        async with asyncio.timeout(60):
            while not dispatcher.idle:  # noqa: ASYNC110 - idle is seen from outside, as here
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
            lambda sink, state: self.telemetry.notifications.labels(sink, state).inc(),
        )

    @property
    def running(self) -> Dispatcher:
        assert self.dispatcher is not None
        return self.dispatcher

    @property
    def sink(self) -> Sink:
        (sink,) = self.running.sinks
        return sink

    async def remote_status(self, ticket_id: str) -> RemoteStatus:
        return (await self.running.look_up(ticket_id))["desk"]

    async def remote_state(self, ticket_id: str) -> RemoteState:
        return (await self.remote_status(ticket_id)).state

    async def story(self, writer: ChangeWriter, *kinds: str) -> str:
        """Start, open a ticket and let ``kinds`` of changes follow; returns its id."""
        await self.start()
        ticket = await writer.opened()
        await self.settle()
        for kind in kinds:
            writer.now += 1
            ticket = await writer.changed(ticket, kind)
            await self.pass_time(20, step=10)
        return ticket.id

    def sample(self, name: str, **labels: str) -> float | None:
        return self.telemetry.registry.get_sample_value(name, labels)
