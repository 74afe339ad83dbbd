"""Faults come and go while the agent is killed: what the desk must and must not have then."""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.integration.alerting_peers import Peers, types
from tests.integration.processes import wait_until

WAIT = 180.0
"""Seconds within which a desk has a ticket, and within which it is closed, on a busy machine."""
IN_FLIGHT = 4
"""Numbers that are broken at once; more wait for the others to be mended."""
LONGEST_LIFE = 1.5
KILLED_WHILE_STARTING = 0.25
"""Share of the lives that end while the agent starts."""
CLOCKS_APART = 1.5
"""Seconds by which the clock that mends and the desk's may differ."""

Trouble = Callable[[Peers, random.Random], AbstractContextManager[None]]
"""Something else that goes wrong around a kill."""


@contextlib.contextmanager
def no_trouble(_scene: Peers, _chance: random.Random) -> Iterator[None]:
    """Nothing but the kill."""
    yield


def numbers_for(kills: int) -> tuple[str, ...]:
    """A number for every kill: each breaks once."""
    return tuple(f"4006{place:06}" for place in range(kills))


@dataclass
class Campaign:
    """Breaks a number for every kill, and mends it once the desk has its ticket."""

    scene: Peers
    kills: int
    chance: random.Random
    trouble: Trouble = no_trouble
    now: Callable[[], float] = time.time
    """The clock of the desk's machine."""
    mended_at: dict[str, float] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    killed: int = 0

    def run(self) -> None:
        """Break, kill, start again and mend until all kills are done and all is closed."""
        waiting = list(numbers_for(self.kills))
        while self.killed < self.kills:
            if waiting and len(self.broken) < IN_FLIGHT:
                self._break(waiting.pop())
            self._mend_one()
            with self.trouble(self.scene, self.chance):
                self._kill_once()
            self.scene.agent.start()
        for number in waiting[:IN_FLIGHT]:
            self._break(number)
        wait_until(self._mend_all, WAIT, "every fault has its ticket")
        self.scene.closed(*self.mended_at, within=WAIT)

    def _break(self, number: str) -> None:
        self.scene.break_number(number)
        self.broken.append(number)

    def _mend_one(self) -> None:
        ready = [it for it in self.broken if self.scene.tickets(it)]
        if ready:
            self._mend(self.chance.choice(ready))

    def _mend_all(self) -> bool:
        while any(self.scene.tickets(it) for it in self.broken):
            self._mend_one()
        return not self.broken

    def _mend(self, number: str) -> None:
        self.broken.remove(number)
        self.mended_at[number] = self.now()
        self.scene.mend_number(number)

    def _kill_once(self) -> None:
        """Kill it after a part of its life; now and then also while it starts again."""
        time.sleep(self.chance.random() * LONGEST_LIFE)
        self.scene.agent.kill()
        self.killed += 1
        if self.killed < self.kills and self.chance.random() < KILLED_WHILE_STARTING:
            self.scene.agent.launch()
            time.sleep(self.chance.random() * 2 * LONGEST_LIFE)
            self.scene.agent.kill()
            self.killed += 1

    def verdict(self) -> dict[str, list[str]]:
        """What went wrong, by kind; every list is empty when nothing did."""
        return verdict(self.scene.desk(), self.mended_at)


def verdict(desk: list[dict[str, Any]], mended_at: dict[str, float]) -> dict[str, list[str]]:
    """What the tickets at ``desk`` show, for faults that were all seen and were mended then."""
    by_number = {number: [t for t in desk if t["number"] == number] for number in mended_at}
    return {
        "lost": [number for number, tickets in by_number.items() if not tickets],
        "doubled": [
            number
            for number, tickets in by_number.items()
            if len(tickets) > 1 or any(types(t).count("ticket.opened") > 1 for t in tickets)
        ],
        "left open": [t["id"] for t in desk if t["stage"] != "closed"],
        "false recoveries": [
            number
            for number, tickets in by_number.items()
            if any(_ended_early(it, mended_at[number]) for it in tickets)
        ],
        "without a fault": [t["id"] for t in desk if t["number"] not in mended_at],
    }


def _ended_early(ticket: dict[str, Any], mended_at: float) -> bool:
    return "ticket.reopened" in types(ticket) or any(
        datetime.fromisoformat(delivery["at"]).timestamp() < mended_at - CLOCKS_APART
        for delivery in ticket["deliveries"]
        if delivery["type"] in {"ticket.resolved", "ticket.closed"}
    )
