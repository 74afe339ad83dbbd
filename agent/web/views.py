"""The documents of the API; their schemas in OpenAPI are made from these.

Times are RFC 3339 in UTC. Phone numbers of people are masked.
"""

import msgspec

from agent.health.findings import Finding
from agent.states import Health
from agent.web.configuration import ConfigurationView, EffectView


class NumberView(msgspec.Struct, frozen=True, kw_only=True):
    """One number."""

    number: str
    provider: str
    account: str
    health: Health
    state: str
    network_state: str
    native_status: str
    reason: str
    company: str
    carrier: str
    grade: str
    contract_end: str | None
    reclaim_at: str | None
    realname_ok: bool | None
    marked_as: str | None
    """What people have marked it as, ``none`` where they have not; null while not known."""
    marked_count: int | None
    """How many have."""
    recordings_pending: int | None
    """Recordings that are not exported yet; null where the provider does not say."""
    voicemail_unread: int | None
    colour_ring: bool | None
    """Whether callers hear a colour ring of the company's own."""
    gone: bool
    """Missing from two complete listings in a row."""
    bindings: int | None
    bindings_reachable: int | None
    findings: tuple[Finding, ...]
    stale: bool
    """Whether the state is only the last one known."""
    seen_at: str | None
    age_seconds: float | None


class PhoneView(msgspec.Struct, frozen=True):
    """One phone bound behind a number."""

    binding: str
    phone: str
    kind: str
    position: int
    state: str
    native_status: str


class WindowView(msgspec.Struct, frozen=True):
    """A time window in which phones ring; days from Monday 0 to Sunday 6."""

    days: tuple[int, ...]
    start: str
    end: str
    bindings: tuple[str, ...]


class RoutingView(msgspec.Struct, frozen=True, kw_only=True):
    """How a number routes a call."""

    strategy: str
    wait_seconds: float | None
    schedule: tuple[WindowView, ...]
    region_allow: tuple[str, ...]
    region_deny: tuple[str, ...]
    blacklist: tuple[str, ...]
    whitelist_enabled: bool
    whitelist: tuple[str, ...]
    concurrency_limit: int | None
    voicemail: bool | None


class PollView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest poll of one capability."""

    capability: str
    fresh: bool
    interval_seconds: float
    last_success: str | None
    age_seconds: float | None
    failure: str | None
    detail: str


class NumberDetail(NumberView, frozen=True, kw_only=True):
    """One number with everything known of it."""

    phones: tuple[PhoneView, ...] | None
    phones_stale: bool
    routing: RoutingView | None
    routing_stale: bool
    differences: tuple[str, ...]
    """The drift from the approved configuration."""
    configured: ConfigurationView
    """The meaning of its configuration for callers, and the faults in it."""
    polls: tuple[PollView, ...]
    also_at: tuple[str, ...]
    """Other accounts that have the number, as ``provider/account``."""


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a number's baseline."""

    origin: str
    """``provisional``, ``approved`` or ``declared``."""
    version: int
    taken_at: str | None
    approved_by: str
    note: str


class DifferenceView(msgspec.Struct, frozen=True):
    """One field that differs from the approved configuration."""

    section: str
    field: str
    was: str
    now: str


class PlannedView(msgspec.Struct, frozen=True):
    """A planned change under way."""

    start: str | None
    end: str | None
    reason: str


class BaselineView(msgspec.Struct, frozen=True, kw_only=True):
    """The approved configuration of a number, and what differs from it."""

    number: str
    provider: str
    account: str
    baseline: VersionView | None
    routing: RoutingView | None
    phones: tuple[PhoneView, ...] | None
    compared: tuple[str, ...]
    """The sections of which both sides are known."""
    drifted: tuple[str, ...]
    differences: tuple[DifferenceView, ...]
    effects: tuple[EffectView, ...]
    """The effects of the drift on callers."""
    since: str | None
    planned: PlannedView | None
    history: tuple[VersionView, ...]


class MoneyView(msgspec.Struct, frozen=True, kw_only=True):
    """The money that is left on an account."""

    amount: float
    currency: str
    notice: float | None
    stop: float | None
    runway_seconds: float | None
    month_spend: float | None
    spend_cap: float | None
    low: bool
    stale: bool


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """One account at a provider."""

    provider: str
    account: str
    polled: bool
    """Whether the account was polled since the start."""
    up: bool
    stale: bool
    numbers: int
    health: dict[str, int]
    money: MoneyView | None
    polls: tuple[PollView, ...]


class NumberPage(msgspec.Struct, frozen=True):
    """One page of the numbers that match."""

    total: int
    limit: int
    offset: int
    next: str | None
    items: list[NumberView]


class AccountList(msgspec.Struct, frozen=True):
    """All accounts."""

    items: list[AccountView]
