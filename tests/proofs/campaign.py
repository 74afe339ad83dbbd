"""Faults come and go while the agent is killed: what the desk must and must not have then."""

import contextlib
import random
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tests.integration.alerting_peers import Peers, types
from tests.integration.processes import wait_until
from tests.proofs.quick_starts import quick_starts

WAIT = 180.0
"""Seconds within which a desk has a ticket, and within which it is closed, on a busy machine."""
IN_FLIGHT = 8
"""Numbers that are broken at once; more wait for the others to be mended."""
BROKEN_AT_ONCE = 2
"""Numbers that break before a kill."""
LONGEST_LIFE = 1.5
STARTED_IN_TROUBLE = 0.7
"""Share of the starts for which what went wrong still does."""
TROUBLED = 0.75
"""Share of the lives after the first in which something else goes wrong; in the others tickets get
on."""
KILLED_WHILE_STARTING = 0.6
"""Share of the starts that a kill ends, and another start follows."""
PART = 100
"""The most kills of one campaign: it has a number for each, which are polled all the time."""
ENDED = frozenset({"ticket.resolved", "ticket.closed"})

Trouble = Callable[[Peers, random.Random], AbstractContextManager[None]]
"""Something else that goes wrong around a kill."""


@contextlib.contextmanager
def no_trouble(_scene: Peers, _chance: random.Random) -> Iterator[None]:
    """Nothing but the kill."""
    yield


def parts_of(kills: int) -> list[int]:
    """``kills`` in parts of at most :data:`PART`; each is a campaign of its own."""
    return [min(PART, kills - done) for done in range(0, kills, PART)]


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
    may_mend: Callable[[str], bool] = lambda _number: True
    """Whether the alert of a broken number is known again, after what went wrong."""
    brings: Callable[[], Collection[str]] = tuple
    """The symptoms of faults that the trouble itself has been."""
    broken: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    """Numbers whose ticket said that it was over while they were broken."""
    killed: int = 0

    def run(self) -> None:
        """Break, kill, start again and mend until all kills are done and all is closed.

        The agent is ended then; the desk is not.
        """
        with quick_starts(self.scene.agent):
            self._run()

    def _run(self) -> None:
        waiting = list(numbers_for(self.kills))
        while self.killed < self.kills:
            for _ in range(min(BROKEN_AT_ONCE, len(waiting), IN_FLIGHT - len(self.broken))):
                self._break(waiting.pop())
            for _ in range(BROKEN_AT_ONCE):
                self._mend_one()
            is_troubled = not self.killed or self.chance.random() < TROUBLED
            with (self.trouble if is_troubled else no_trouble)(self.scene, self.chance):
                self._kill()
            if not self.scene.agent.is_running:
                self.scene.agent.launch()
            self.scene.agent.wait_until_ready()
        if waiting:
            self._break(waiting.pop())
        wait_until(self._mend_one, WAIT, "every fault has its ticket")
        self.scene.closed(*self.mended, within=WAIT)

    def _break(self, number: str) -> None:
        self.scene.break_number(number)
        self.broken.append(number)

    def _mend_one(self) -> bool:
        """Mend a number that the desk has a ticket of; returns whether none is broken."""
        tickets = self.scene.tickets(*self.broken)
        known = {ticket["number"] for ticket in tickets}
        ready = [it for it in self.broken if it in known and self.may_mend(it)]
        if ready:
            number = self.chance.choice(ready)
            if any(ENDED & set(types(it)) for it in tickets if it["number"] == number):
                self.early.append(number)
            self.broken.remove(number)
            self.mended.append(number)
            self.scene.mend_number(number)
        return not self.broken

    def _kill(self) -> None:
        """Kill it after a part of its life; often also while it starts again, and once more."""
        time.sleep(self.chance.random() * LONGEST_LIFE)
        self.scene.agent.kill()
        self.killed += 1
        while self.chance.random() < STARTED_IN_TROUBLE:
            self.scene.agent.launch()
            time.sleep(self.chance.random() * 2 * LONGEST_LIFE)
            if self.killed == self.kills or self.chance.random() > KILLED_WHILE_STARTING:
                return
            self.scene.agent.kill()
            self.killed += 1

    def verdict(self) -> dict[str, list[str]]:
        """What went wrong, by kind; every list is empty when nothing did."""
        return verdict(self.scene.desk(), self.mended, self.early, self.brings())


def verdict(
    desk: list[dict[str, Any]],
    mended: Sequence[str],
    early: Sequence[str] = (),
    brings: Collection[str] = (),
) -> dict[str, list[str]]:
    """What the tickets at ``desk`` show, for numbers that each were broken and mended once.

    ``brings`` are the symptoms of faults that there were beside them.
    """
    by_number = {number: [t for t in desk if t["number"] == number] for number in mended}
    return {
        "lost": [number for number, tickets in by_number.items() if not tickets],
        "doubled": [
            number
            for number, tickets in by_number.items()
            if len(tickets) > 1 or any(types(t).count("ticket.opened") > 1 for t in tickets)
        ],
        "left open": [t["id"] for t in desk if t["stage"] != "closed"],
        "false recoveries": [
            *early,
            *(t["number"] for t in desk if "ticket.reopened" in types(t)),
        ],
        "without a fault": [
            f"{t['id']} {t['symptom']}"
            for t in desk
            if t["number"] not in mended and t["symptom"] not in brings
        ],
    }
