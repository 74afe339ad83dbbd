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
"""Renders the rows from one index up to, and without, another."""


@dataclass(frozen=True)
class Page:
    """One page of a listing, as the provider describes it."""

    rows: Sequence[Any]
    total: int
    number: int
    """From 1."""
    size: int
    more: bool


@dataclass(frozen=True)
class Pager:
    """Cuts listings into pages, with at most one paging fault."""

    fault: FaultKind | None = None

    def cut(self, total: int, number: int, size: int, rows: Rows, key: str = "number") -> Page:
        """Page ``number`` (from 1) of ``total`` rows; ``key`` is the rows' unique key."""
        if self.fault == FaultKind.ENDLESS_PAGES:
            return _endless(total, number, size, rows, key)
        if self.fault == FaultKind.DUPLICATE_PAGE:
            number = 1
        start = (number - 1) * size
        stop = min(start + size, total)
        pages = -(-total // size)
        empty = self.fault == FaultKind.EMPTY_PAGE and number == pages // 2 + 1
        items = rows(start, stop) if start < stop and not empty else ()
        return Page(items, total, number, size, more=stop < total)


def _endless(total: int, number: int, size: int, rows: Rows, key: str) -> Page:
    """A full page of new rows, however far the client goes; the total always exceeds it."""
    samples = rows(0, min(size, total))
    made_rows: list[Any] = []
    for index in range(size if samples else 0):
        row = dict(samples[index % len(samples)])
        if number > 1 or index >= len(samples):
            row[key] = f"{row[key]}{(number - 1) * size + index}"
        made_rows.append(row)
    return Page(made_rows, max(total, (number + 2) * size), number, size, more=True)


@dataclass(frozen=True)
class ApiRequest:
    """A request as received."""

    method: str
    path: str
    """The path without the provider's prefix."""
    full_path: str
    """The whole path as sent, before any decoding."""
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    now: float
    """Wall time in epoch seconds."""
    clock: WorldClock
    """Converts future world times to wall times."""
    body: bytes = b""

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
    """The credentials that an account must have, each with the pattern of its value."""
    reads: ClassVar[frozenset[str]]
    """The operations that only read, by the names that :meth:`operation` returns."""
    words: ClassVar[frozenset[str]]
    """The keys of answers whose values are words of a list, such as a number's state."""

    def __init__(self, provider: str) -> None: ...

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account that the request claims to come from, not yet verified."""
        ...

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the request queries, if any."""
        ...

    def operation(self, request: ApiRequest) -> str:
        """What the request asks for, without its values: ``GET /v1/numbers/{number}``."""
        ...

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """The error answer when the credentials are not valid, otherwise ``None``."""
        ...

    def answer(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        """The answer to an authorised request; ``pager`` cuts its listings."""
        ...

    def error(self, status: int) -> ApiResponse:
        """The API's error answer for an HTTP status; 200 means an error in a 200 answer."""
        ...
