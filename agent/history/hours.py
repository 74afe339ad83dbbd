"""What a reader of the history gets: one entry for every hour asked for, gaps included."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from agent.model import AccountKey

HOUR_SECONDS = 3600.0
COMPLETE_FROM = 0.95
"""The share of an hour that must have been observed for its counts to be complete."""


class HistoryError(Exception):
    """The history cannot be read; the text says why and what to do."""


class BalanceHour(msgspec.Struct, frozen=True, kw_only=True):
    """An account's balance in one hour; all ``None`` where it was not known."""

    at: float
    """The hour's beginning, in epoch seconds."""
    first: float | None = None
    last: float | None = None
    low: float | None = None
    high: float | None = None
    currency: str = ""


class CallsHour(msgspec.Struct, frozen=True, kw_only=True):
    """A number's calls by result in one hour, the hour in which the agent learnt of them."""

    at: float
    counts: Mapping[str, int] | None = None
    """Calls by result (``agent.states.CallResult``); ``None`` where they were not known."""
    complete: bool = False
    """Whether the whole hour was observed; else there may have been more."""


class PhonesHour(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a number's phones could be reached in one hour; ``None`` is not known."""

    at: float
    low: int | None = None
    high: int | None = None
    last: int | None = None
    bound: int | None = None
    """How many phones it had in the end."""


class TicketsHour(msgspec.Struct, frozen=True, kw_only=True):
    """The most tickets that were open at once in one hour, by severity."""

    at: float
    open: Mapping[str, int] | None = None
    """``None`` where nobody counted."""


class HistoryReader(Protocol):
    """Reads the history; every method may raise :class:`HistoryError`.

    Each answers one entry for every hour that begins after ``since`` or holds it, and before
    ``until`` (epoch seconds), in order.
    """

    async def balance(
        self, account: AccountKey, since: float, until: float
    ) -> Sequence[BalanceHour]:
        """An account's balance."""
        ...

    async def balances(
        self, accounts: Sequence[AccountKey], since: float, until: float
    ) -> Mapping[AccountKey, Sequence[BalanceHour]]:
        """The balances of several accounts, as many as a page shows, in one go."""
        ...

    async def calls(
        self, account: AccountKey, number: str, since: float, until: float
    ) -> Sequence[CallsHour]:
        """A number's calls."""
        ...

    async def reachable(
        self, account: AccountKey, number: str, since: float, until: float
    ) -> Sequence[PhonesHour]:
        """A number's phones that could be reached."""
        ...

    async def tickets(self, since: float, until: float) -> Sequence[TicketsHour]:
        """Open tickets."""
        ...


def hour_of(time: float) -> int:
    """The hour that holds ``time``, as the count of hours since the epoch."""
    return int(time // HOUR_SECONDS)


def hours_between(since: float, until: float) -> range:
    """The hours from the one that holds ``since`` to the last that begins before ``until``."""
    return range(hour_of(since), -int(-until // HOUR_SECONDS))
