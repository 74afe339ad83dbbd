"""Faults, changes and complaints: what can happen in a world."""

from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Annotated

from pydantic import Field

from agent.simulator.entities import FilePart, Phone
from agent.states import Capability
from agent.yamlfile.values import Amount, Duration, Name, Whole


@unique
class FaultKind(StrEnum):
    """Every way a provider, or the desk, can go wrong (docs/reference/reliability.md §1)."""

    HTTP_500 = "http_500"
    HTTP_429 = "http_429"
    HANG = "hang"
    DRIP = "drip"
    RESET = "reset"
    TRUNCATE = "truncate"
    BAD_JSON = "bad_json"
    WRONG_TYPE = "wrong_type"
    ERROR_200 = "error_200"
    EMPTY_PAGE = "empty_page"
    ENDLESS_PAGES = "endless_pages"
    DUPLICATE_PAGE = "duplicate_page"
    REDIRECT = "redirect"
    GZIP_BOMB = "gzip_bomb"
    AUTH = "auth"
    CLOCK_SKEW = "clock_skew"
    GBK = "gbk"
    NEW_WORD = "new_word"
    """Words of a list come as one that no document has."""


PAGE_FAULTS = frozenset({FaultKind.EMPTY_PAGE, FaultKind.ENDLESS_PAGES, FaultKind.DUPLICATE_PAGE})
"""Faults of paged listings; the desk has none."""

DESK = "desk"
"""The name under which the ticket desk takes faults."""


@dataclass(frozen=True, slots=True)
class FaultEffect(FilePart):
    """One fault of an API: its kind, its duration, and the requests it affects."""

    kind: FaultKind
    share: Annotated[Amount, Field(ge=0, le=1)] = 1.0
    lasts: Annotated[Duration | None, Field(alias="for")] = None
    """World seconds; ``None`` for ever."""
    capability: Capability | None = None
    account: Name | None = None
    retry_after: Annotated[Whole, Field(ge=0, le=86400)] = 2
    """Seconds the answers of ``http_429`` ask the client to wait."""


@dataclass(frozen=True, slots=True)
class FaultPlan(FaultEffect):
    """A fault at a provider, or at the desk."""

    provider: Name = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Target:
    """The account, numbers or bound phone of a change; no ``numbers`` means the account itself."""

    account: str | None = None
    numbers: tuple[str, ...] | None = None
    every_number: bool = False
    binding: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Values set on an account, on numbers or on a binding; keys may be dotted."""

    target: Target
    values: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Clear:
    """The end of a provider's faults: of one kind, or of all (``None``)."""

    provider: str
    kind: FaultKind | None


@dataclass(frozen=True, slots=True)
class Complaint(FilePart):
    """A caller complains that a number cannot be reached."""

    number: Phone
    caller: Phone = ""
    prompt: str = ""


Action = Change | FaultPlan | Clear | Complaint


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the timeline, ``at`` world seconds after the start (``None``: at once)."""

    action: Action
    at: float | None = None
