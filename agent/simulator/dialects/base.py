"""The interface of a dialect: answers API requests about the accounts of one provider."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol
from urllib.parse import parse_qsl

from agent.simulator.account import Account
from agent.simulator.clock import WorldClock
from agent.simulator.paging import Pager


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
