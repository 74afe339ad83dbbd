"""One account of a simulated provider, polled by real pollers over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.model import PollStatus, Snapshot
from agent.polling.journal import PollOutcome
from agent.polling.pollers import Pollers
from agent.polling.recorder import ResponseRecorder
from agent.simulator.server import SimulatorServer, start
from agent.states import Capability
from exporters.telemetry import Telemetry
from tests.providers.contract.subject import Subject
from tests.providers.contract.world import world

KEY = ("north", "hq")
AT = 1_800_000_000.0
"""Friday 2027-01-15 16:00 in Shanghai."""
CALLS_FOR = 300.0
"""Seconds of calls before the first poll."""
QUICK = {
    "intervals": dict.fromkeys(map(str, Capability), 60.0),
    "timeout": 5.0,
    "request_timeout": 4.0,
    "attempts": 1,
    "rate": 2000.0,
    "max_pages": 25,
    "max_body": 256 * 1024,
}


@dataclass
class Clock:
    """The time of the world and of the pollers."""

    now: float = AT

    def __call__(self) -> float:
        return self.now


@dataclass
class ContractBench:
    """The pollers of one account and the world that they poll."""

    subject: Subject
    server: SimulatorServer
    settings: Settings
    clock: Clock
    fleet: Fleet = field(default_factory=Fleet)
    telemetry: Telemetry = field(default_factory=Telemetry)

    def __post_init__(self) -> None:
        self.recorder = ResponseRecorder(self.clock)
        self.pollers = Pollers(self.fleet, self.telemetry, self.clock, recorder=self.recorder)

    async def poll(self) -> dict[Capability, PollOutcome]:
        """Poll everything once; how each capability ended."""
        outcomes = await self.pollers.poll_once(*KEY)
        return {outcome.capability: outcome for outcome in outcomes}

    async def polled_well(self) -> Snapshot:
        """The snapshot after a poll, none of which failed."""
        outcomes = await self.poll()
        failed = {it.capability: it.detail for it in outcomes.values() if it.failure}
        assert failed == {}
        return self.snapshot

    @property
    def snapshot(self) -> Snapshot:
        snapshot = self.fleet.get(*KEY)
        assert snapshot is not None
        return snapshot

    def status(self, capability: Capability) -> PollStatus:
        return self.snapshot.polls[capability]

    def begin(self, kind: str, capability: Capability | None = None, **more: Any) -> None:
        """Begin a fault, of one capability or of all."""
        fault = {"kind": kind, **more} | ({"capability": str(capability)} if capability else {})
        self.server.apply({"provider": "north", "fault": fault})

    def end(self) -> None:
        """End every fault."""
        self.server.apply({"provider": "north", "clear": "all"})

    @property
    def account(self) -> Any:
        """The world's account, which knows the truth."""
        return self.server.world.accounts["north/hq"]

    @property
    def requests(self) -> Any:
        """The requests that the provider received."""
        return self.server.world.providers["north"].requests

    def count(self, counter: str, **labels: str) -> float:
        """The sum of a counter's samples that have these labels."""
        return sum(
            sample.value
            for metric in getattr(self.telemetry, counter).collect()
            for sample in metric.samples
            if labels.items() <= sample.labels.items() and sample.name.endswith("_total")
        )


def settings_of(subject: Subject, url: str, secret: str | None, **polling: Any) -> Settings:
    """The configuration of the account; ``secret`` replaces the right one."""
    wrong = {} if secret is None else {subject.secret: secret}
    account = {
        "id": "hq",
        "credentials": {**subject.credentials, **wrong},
        "inventory": {"numbers": list(subject.inventory)},
        **subject.account,
    }
    provider = {
        "name": "north",
        "profile": subject.name,
        "base_url": url + subject.base_path,
        "egress_allow": ["127.0.0.0/8"],
        "options": {name: text.replace("{url}", url) for name, text in subject.options.items()},
        "accounts": [account],
    }
    return Settings.model_validate({"providers": [provider], "polling": {**QUICK, **polling}})


@asynccontextmanager
async def contract_bench(
    subject: Subject, secret: str | None = None, *, begin: bool = False, **polling: Any
) -> AsyncIterator[ContractBench]:
    """A bench whose pollers are prepared, or begun where ``begin`` says so."""
    clock = Clock()
    async with await start(world(subject), clock=clock) as server:
        settings = settings_of(subject, server.base_url("north"), secret, **polling)
        bench = ContractBench(subject, server, settings, clock)
        await (bench.pollers.start if begin else bench.pollers.prepare)(settings)
        clock.now += CALLS_FOR
        try:
            yield bench
        finally:
            await bench.pollers.stop()


async def until(condition: Callable[[], object], what: str, seconds: float = 10.0) -> None:
    """Wait until ``condition`` is true."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"not within {seconds:g} s: {what}") from None
