"""What is called by plan: a number by a caller, how often, and when again where it is refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from agent.model import AccountKey
from agent.probing.book import Refusal

Pair = tuple[str, str]
"""A number and a caller."""

_LONGEST_PAUSE: Final = 60.0
_LEAST_PAUSE: Final = 1.0
_FIRST_WITHIN: Final = 3600.0
"""Seconds within which a number that was never called is called first, spread over them."""


@dataclass(frozen=True)
class Retry:
    """What follows when a call is refused."""

    after: float
    """Seconds until the next attempt, at least."""
    holds_caller: bool
    """Whether nobody is called by that caller until then."""


RETRIES: Final[Mapping[Refusal, Retry]] = {
    Refusal.CALLER_HOURS: Retry(300.0, holds_caller=True),
    Refusal.BUDGET: Retry(900.0, holds_caller=True),
    Refusal.CONCURRENCY: Retry(60.0, holds_caller=True),
    Refusal.LEDGER: Retry(60.0, holds_caller=True),
    Refusal.NUMBER_HOURS: Retry(600.0, holds_caller=False),
    Refusal.HOURS_UNKNOWN: Retry(600.0, holds_caller=False),
    Refusal.LISTING_UNKNOWN: Retry(600.0, holds_caller=False),
    Refusal.NOT_OURS: Retry(3600.0, holds_caller=False),
    Refusal.PHONE_BUSY: Retry(60.0, holds_caller=False),
}
CANNOT_CALL: Final = Retry(1800.0, holds_caller=True)
"""Nobody can be called at all: the engine is not installed, or the prompt cannot be played."""


@dataclass(frozen=True)
class Planned:
    """A number that a caller calls by plan."""

    number: str
    caller: str
    plan: str
    every: float
    account: AccountKey
    spread: float = 0.0
    second_opinion: bool = True

    @property
    def pair(self) -> Pair:
        """The number and the caller."""
        return self.number, self.caller

    def following(self, last: float) -> float:
        """When the next call is due after one that began at ``last``, in the same seconds."""
        return last + self.every * (1 + self.spread * self.fraction("every"))

    def first_after(self, wall: float) -> float:
        """Seconds until a number that was never called is due: the same moments at every start."""
        within = min(self.every, _FIRST_WITHIN)
        return (within * self.fraction("first") - wall) % within

    def fraction(self, purpose: str) -> float:
        """A share (0 to 1) that is always the same for a plan, number, caller and purpose."""
        text = f"{self.plan}\x00{self.number}\x00{self.caller}\x00{purpose}"
        return int.from_bytes(blake2b(text.encode(), digest_size=6).digest()) / 2**48


def pause_between(planned: Iterable[Planned], share: float) -> float:
    """Seconds between the beginnings of two calls of one caller: twice as often as is needed.

    Args:
        planned: All that it calls.
        share: The share of a day in which it may call.
    """
    rate = sum(1 / it.every for it in planned)
    if not rate:
        return _LONGEST_PAUSE
    return min(_LONGEST_PAUSE, max(_LEAST_PAUSE, share / (2 * rate)))
