"""What a world file says, once read: the world before it begins, and what will happen in it."""

from dataclasses import dataclass, field
from enum import StrEnum, unique

from agent.simulator.nouns import Number, Traffic


@unique
class FaultKind(StrEnum):
    """Every way a provider, or the desk, can go wrong (reliability.md §1)."""

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


PAGE_FAULTS = frozenset({FaultKind.EMPTY_PAGE, FaultKind.ENDLESS_PAGES, FaultKind.DUPLICATE_PAGE})
"""Faults of paged listings; the desk has none."""

DESK = "desk"
"""The name under which the ticket desk takes faults."""


@dataclass(frozen=True)
class FaultPlan:
    """A fault at a provider or at the desk; ``lasts`` is in world seconds, ``None`` for ever."""

    provider: str
    kind: FaultKind
    share: float = 1.0
    lasts: float | None = None
    capability: str | None = None
    account: str | None = None
    retry_after: int = 2
    """Seconds the answers of ``http_429`` ask the client to wait."""


@dataclass(frozen=True)
class Target:
    """Whom a change is for. ``numbers`` is ``None`` for the account itself."""

    account: str | None = None
    numbers: tuple[str, ...] | None = None
    every_number: bool = False
    binding: str | None = None


@dataclass(frozen=True)
class Change:
    """Values set on an account, on numbers or on a binding; keys may be dotted."""

    target: Target
    values: tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Clear:
    """The end of a provider's faults: of one kind, or of all."""

    provider: str
    kind: FaultKind | None


@dataclass(frozen=True)
class Complaint:
    """Someone complains that a number cannot be reached."""

    number: str
    caller: str = ""
    prompt: str = ""


Action = Change | FaultPlan | Clear | Complaint


@dataclass(frozen=True)
class Entry:
    """One thing that happens, ``at`` world seconds after the start (``None``: at once)."""

    action: Action
    at: float | None = None


@dataclass(frozen=True)
class Generate:
    """Many numbers of one shape, made from the seed."""

    count: int
    first: str
    bindings: int = 2
    unhealthy: float = 0.0
    company: str = ""
    grade: str = "standard"
    calls: Traffic | None = None


@dataclass(frozen=True)
class AccountPlan:
    """An account as written."""

    id: str
    credentials: dict[str, str]
    balance: float = 1000.0
    currency: str = "CNY"
    daily_spend: float = 0.0
    month_spend: float = 0.0
    spend_cap: float | None = None
    notice: float = 35.0
    stop: float = 15.0
    reclaim_after: float = 3 * 86400.0
    price_per_minute: float = 0.0
    page_size: int = 100
    numbers: tuple[Number, ...] = ()
    generate: tuple[Generate, ...] = ()


@dataclass(frozen=True)
class ProviderPlan:
    """A provider as written."""

    name: str
    dialect: str
    accounts: tuple[AccountPlan, ...]


@dataclass(frozen=True)
class DeskPlan:
    """The ticket desk; with a secret it verifies every delivery."""

    secret: str | None = None


@dataclass(frozen=True)
class WorldPlan:
    """The whole file."""

    providers: tuple[ProviderPlan, ...]
    seed: int = 0
    faults: tuple[FaultPlan, ...] = ()
    timeline: tuple[Entry, ...] = ()
    desk: DeskPlan = field(default_factory=DeskPlan)
