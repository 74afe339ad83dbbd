"""The interface of a dialect: answers API requests about the accounts of one provider."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qsl

from agent.simulator.account import Account
from agent.simulator.actions import FaultKind
from agent.simulator.world_time import WorldClock

Rows = Callable[[int, int], Sequence[Any]]
"""Renders the rows from one place up to another."""


@dataclass(frozen=True)
class Page:
    """One page: its rows, and what the provider says about it."""

    rows: Sequence[Any]
    total: int
    number: int
    """From 1."""
    size: int
    more: bool


@dataclass(frozen=True)
class Pager:
    """Cuts pages, with at most one fault."""

    fault: FaultKind | None = None

    def cut(self, total: int, number: int, size: int, rows: Rows, key: str = "number") -> Page:
        """Page ``number`` (from 1) of ``total`` rows; ``key`` names what tells rows apart."""
        if self.fault == FaultKind.ENDLESS_PAGES:
            return _endless(total, number, size, rows, key)
        if self.fault == FaultKind.DUPLICATE_PAGE:
            number = 1
        start = (number - 1) * size
        stop = min(start + size, total)
        pages = -(-total // size)
        empty = self.fault == FaultKind.EMPTY_PAGE and number == pages // 2 + 1
        shown = rows(start, stop) if start < stop and not empty else ()
        return Page(shown, total, number, size, more=stop < total)


def _endless(total: int, number: int, size: int, rows: Rows, key: str) -> Page:
    """A full page of new rows, however far the client goes; the total grows before it."""
    samples = rows(0, min(size, total))
    made: list[Any] = []
    for index in range(size if samples else 0):
        row = dict(samples[index % len(samples)])
        if number > 1 or index >= len(samples):
            row[key] = f"{row[key]}{(number - 1) * size + index}"
        made.append(row)
    return Page(made, max(total, (number + 2) * size), number, size, more=True)


@dataclass(frozen=True)
class ApiRequest:
    """A request as it came in."""

    method: str
    path: str
    """The path behind the provider's own prefix."""
    full_path: str
    """The whole path as sent, before any decoding."""
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    now: float
    """Wall time in epoch seconds."""
    clock: WorldClock
    """Converts future world times to wall times."""

    def value(self, key: str) -> str | None:
        """The first value of a query key."""
        return next((value for name, value in self.query if name == key), None)


def read_query(raw: str) -> tuple[tuple[str, str], ...]:
    """The decoded pairs of a query string as sent."""
    return tuple(parse_qsl(raw, keep_blank_values=True))


@dataclass(frozen=True)
class ApiResponse:
    """An answer: a JSON value with a status."""

    payload: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Dialect(Protocol):
    """The API of one provider. It may have state, for example the nonces that were used."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]]
    """What every account must carry, and what each value must look like."""

    def __init__(self, provider: str) -> None: ...

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """Whose request this claims to be; not verified yet."""
        ...

    def capability(self, request: ApiRequest) -> str | None:
        """Which capability the request is for, if it is for one."""
        ...

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """Why the request is not let in, or ``None`` when its credentials hold."""
        ...

    def answer(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        """The answer to a request that was let in; lists are cut by ``pager``."""
        ...

    def error(self, status: int) -> ApiResponse:
        """The API's own error answer for a HTTP status; 200 means an error that says 200."""
        ...
