"""What the world is made of. Numbers and bindings change over time; the rest is replaced whole.

All times in here are world seconds since the world began; money is in the account's currency.
The structs are not followed by the garbage collector: a world may hold 100,000 numbers.
"""

from datetime import date

import msgspec

from agent.states import BindingKind, BindingState, CallResult, NetworkState, NumberState


class Window(msgspec.Struct, frozen=True, gc=False):
    """A stretch of the week in which a number is answered."""

    days: str
    start: str
    end: str
    bindings: tuple[str, ...] = ()


class Whitelist(msgspec.Struct, frozen=True, gc=False):
    """The only callers let through, when enabled."""

    enabled: bool = False
    entries: tuple[str, ...] = ()


class Hours(msgspec.Struct, frozen=True, gc=False):
    """A stretch of a special day."""

    start: str
    end: str


class SpecialDays(msgspec.Struct, frozen=True, gc=False):
    """Days with hours of their own; no hours at all mean closed."""

    first: date
    last: date | None = None
    hours: tuple[Hours, ...] = ()
    bindings: tuple[str, ...] = ()


class MenuKey(msgspec.Struct, frozen=True, gc=False):
    """One key of a voice menu."""

    menu: str
    key: str
    target: str = ""


class Extension(msgspec.Struct, frozen=True, gc=False):
    """An extension with a balance of its own."""

    id: str
    balance: float | None = None
    minimum: float | None = None


class Lines(msgspec.Struct, frozen=True, gc=False):
    """How many calls a switchboard or trunk takes at once."""

    declared: int | None = None
    paid: int | None = None
    capacity: int | None = None
    peak: int | None = None


class Routing(msgspec.Struct, frozen=True, gc=False):
    """How a number routes a call (domain.md §1)."""

    strategy: str = "sequential"
    wait_seconds: float = 20.0
    schedule: tuple[Window, ...] = ()
    region_allow: tuple[str, ...] = ()
    region_deny: tuple[str, ...] = ()
    blacklist: tuple[str, ...] = ()
    whitelist: Whitelist = Whitelist()
    concurrency_limit: int = 10
    voicemail: bool = False
    special_days: tuple[SpecialDays, ...] | None = None
    national_calendar: bool | None = None
    menu: tuple[MenuKey, ...] | None = None
    pin: bool | None = None
    overflow: str | None = None
    voicemail_recipient: str | None = None
    recording: bool | None = None
    recording_notice: bool | None = None
    recording_export: bool | None = None
    retention_days: float | None = None
    landing_forwarded: bool | None = None
    trunk: str = ""
    trunk_capacity: int | None = None
    trunk_peak: int | None = None
    extensions: tuple[Extension, ...] | None = None


class Traffic(msgspec.Struct, frozen=True, gc=False):
    """How many calls an hour of world time come in, and how they end while all is well."""

    per_hour: float = 0.0
    results: tuple[tuple[CallResult, float], ...] = ((CallResult.ANSWERED, 1.0),)
    """Results and their weights."""
    talk_seconds: tuple[float, ...] = (20.0, 300.0)
    """The least and the most that people talk."""


class Binding(msgspec.Struct, gc=False):
    """A phone bound behind a number."""

    id: str
    phone: str
    kind: BindingKind = BindingKind.MOBILE
    position: int = 1
    state: BindingState = BindingState.OK
    wait_seconds: float | None = None
    weight: float | None = None
    carrier: str = ""
    area: str = ""
    areas: tuple[str, ...] = ()
    holder: str = ""
    filed: bool | None = None
    lines: Lines | None = None


class Number(msgspec.Struct, gc=False):
    """A hotline number as it stands now."""

    number: str
    state: NumberState = NumberState.ACTIVE
    network_state: NetworkState = NetworkState.ACTIVE
    reason: str = ""
    company: str = ""
    grade: str = "standard"
    carrier: str = ""
    contract_end: date | None = None
    realname_ok: bool = True
    licence_end: date | None = None
    identity_end: date | None = None
    registered_use: str = ""
    actual_use: str = ""
    listed: bool = True
    """``false`` takes the number out of the provider's listing without a word."""
    routing: Routing = Routing()
    bindings: tuple[Binding, ...] = ()
    calls: Traffic | None = None
    arrears_since: float | None = None
    call_count: int = 0
    call_round: int = 0
    """Grows when the traffic is changed, so that calls planned before are dropped."""
    generated: bool = False


class CallRecord(msgspec.Struct, frozen=True, gc=False):
    """One call that came in. ``started_at`` is in epoch seconds."""

    id: str
    number: str
    binding: str
    caller: str
    started_at: float
    result: CallResult
    wait_seconds: float
    talk_seconds: float
