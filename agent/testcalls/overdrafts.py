"""Callers whose daily budget does not suffice for what plans ask of them.

How many numbers a plan by account or grade names is known only while the agent runs; of plans that
name their numbers the configuration is checked (:mod:`agent.config.dial_plans`).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Final

from agent.config.dial import Caller
from agent.config.dial_plans import calls_a_day, open_share
from agent.i18n import Message
from agent.testcalls.planned import Planned

_HOUR: Final = 3600.0


@dataclass(frozen=True)
class Overdraft:
    """A caller of which plans ask more calls a day than it may make."""

    caller: str
    plans: tuple[str, ...]
    needed: float
    """Calls a day."""
    budget: int
    every: float
    """The shortest planned time between two calls of a number, in seconds."""

    @property
    def rarer(self) -> float:
        """How many times as rarely as planned each number is called, on the whole."""
        return self.needed / self.budget if self.budget else inf

    @property
    def text(self) -> Message:
        """What follows, and what to change."""
        values = {
            "caller": self.caller,
            "plans": ", ".join(self.plans),
            "needed": round(self.needed),
            "budget": self.budget,
        }
        if not self.budget:
            return Message(
                "The plans {plans} ask for {needed} calls a day of {caller}, whose daily_budget is "
                "0: nobody is called. Set its daily_budget, or take it out of the plans.",
                values,
            )
        values["planned"] = f"{self.every / _HOUR:.3g}"
        values["instead"] = f"{self.every * self.rarer / _HOUR:.3g}"
        return Message(
            "The plans {plans} ask for {needed} calls a day of {caller}, whose daily_budget is "
            "{budget}: numbers that are to be called every {planned} hours are called about every "
            "{instead} hours. Plan fewer numbers, a longer every or a larger daily_budget.",
            values,
        )


def overdrafts(planned: Iterable[Planned], callers: Iterable[Caller]) -> tuple[Overdraft, ...]:
    """The callers that cannot make all that is planned, in the order of ``callers``.

    Args:
        planned: What all who share the budgets call.
        callers: The callers of the configuration.
    """
    by_caller: defaultdict[str, list[Planned]] = defaultdict(list)
    for it in planned:
        by_caller[it.caller].append(it)
    found = []
    for caller in callers:
        own = by_caller.get(caller.name, [])
        share = open_share(caller.hours)
        # The time that a plan spreads calls over makes them rarer, too.
        intervals = [it.following(0.0) for it in own]
        needed = sum(calls_a_day(it, share) for it in intervals)
        if needed > caller.daily_budget:
            plans = tuple(sorted({it.plan for it in own}))
            every = min(it.every for it in own)
            found.append(Overdraft(caller.name, plans, needed, caller.daily_budget, every))
    return tuple(found)
