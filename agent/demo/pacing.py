"""The pace of the story: its world's time goes on only while the agent follows it.

The agent polls and evaluates in real time, and how fast it can do so is the machine's affair. Time
that the agent did not see would have faults come and go unnoticed, and complaints arrive before
the fault that explains them; so the world is told again and again to go on, and stands still when
nobody tells it.
"""

import asyncio
import time
from collections.abc import Iterable

import aiohttp

from agent.app import Agent
from agent.demo.world import World
from agent.model import Snapshot

FASTEST = 10.0
"""Times as fast as the story can be told: its agent evaluates every two seconds of the story, and
does that five times a second at most."""
_LEAD_SECONDS = 3.0
"""World seconds by which the story may be ahead of the agent."""
_LOOK_SECONDS = 0.1


class Pacer:
    """Lets the world of ``agent`` go on, again and again.

    Args:
        agent: Who polls the world.
        world: Whose time it is.
        speed: Seconds of the world in a second.
    """

    def __init__(self, agent: Agent, world: World, speed: float) -> None:
        self._agent = agent
        self._world = world
        self._lead = _LEAD_SECONDS / speed
        self._evaluations = -1.0
        self._evaluated_at = float("-inf")
        self.elapsed = 0.0
        """World seconds since the beginning, as the world last said."""

    async def run(self) -> None:
        """Let the world go on until cancelled."""
        async with aiohttp.ClientSession() as session:
            while True:
                if self._is_following():
                    elapsed = await self._world.go_on(session, self._lead)
                    self.elapsed = self.elapsed if elapsed is None else elapsed
                await asyncio.sleep(min(_LOOK_SECONDS, self._lead / 2))

    def _is_following(self) -> bool:
        snapshots = tuple(self._agent.fleet.snapshots())
        accounts = sum(len(provider.accounts) for provider in self._agent.settings.providers)
        polled = len(snapshots) == accounts and is_polled(snapshots, time.time(), self._lead)
        return self._evaluates() and polled

    def _evaluates(self) -> bool:
        families = self._agent.telemetry.rule_duration.collect()
        samples = (it for family in families for it in family.samples)
        counted = sum(it.value for it in samples if it.name.endswith("_count"))
        now = time.monotonic()
        if counted != self._evaluations:
            self._evaluations, self._evaluated_at = counted, now
        return now - self._evaluated_at <= self._agent.settings.rules.interval + self._lead


def is_polled(snapshots: Iterable[Snapshot], now: float, lead: float) -> bool:
    """Whether everything is polled as often as it should be, or ``lead`` seconds later.

    A poll that fails is no reason to wait: that an API does not answer is part of a story.
    """
    return all(
        status.failure is not None or now - (status.last_attempt or 0.0) <= status.interval + lead
        for snapshot in snapshots
        for status in snapshot.polls.values()
    )
