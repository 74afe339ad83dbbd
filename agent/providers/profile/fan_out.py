"""How hard and how long a poll may ask one subject, a number or a phone, after the other."""

import asyncio
from dataclasses import dataclass
from typing import Final

from agent.net.exchange import ProviderError
from agent.states import PollFailure

OF_ONE_SUBJECT: Final = frozenset(
    {
        PollFailure.API_ERROR,
        PollFailure.SCHEMA,
        PollFailure.DECODE,
        PollFailure.CHARSET,
        PollFailure.HTTP_4XX,
        PollFailure.TOO_LARGE,
        PollFailure.PAGINATION,
        PollFailure.PARTIAL,
    }
)
"""Failures that may concern one subject only; the others are asked all the same."""

_SHARE: Final = 0.5
"""The share of a poll's time, and of the account's rate, that asking may use up."""


@dataclass(frozen=True)
class Pace:
    """The bounds of one operation that is asked subject by subject."""

    concurrency: int
    seconds: float
    """The longest that a poll may take."""
    rate: float
    """Requests per second."""

    @property
    def most(self) -> int:
        """The most subjects that one poll asks."""
        return max(1, int(self.rate * self.seconds * _SHARE))

    def begin(self) -> "Round":
        """A poll that begins now."""
        return Round(asyncio.get_running_loop().time() + self.seconds * _SHARE)


class Round:
    """One poll's asking, until its time is over or something concerns all subjects."""

    def __init__(self, ends: float) -> None:
        self._ends = ends
        self._is_stopped = False
        self.failures: list[ProviderError] = []
        self.misfits: list[str] = []
        """What did not fit in the answers about single subjects."""

    @property
    def is_over(self) -> bool:
        """Whether no more is asked."""
        return self._is_stopped or asyncio.get_running_loop().time() >= self._ends

    def fail(self, error: ProviderError) -> None:
        """Note that asking failed; what does not concern one subject only stops the round."""
        self.failures.append(error)
        self._is_stopped |= self.is_general(error)

    @staticmethod
    def is_general(error: ProviderError) -> bool:
        """Whether ``error`` concerns more than the subject that was asked for."""
        return error.kind not in OF_ONE_SUBJECT
