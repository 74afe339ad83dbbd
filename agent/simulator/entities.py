"""The parts of a simulated world, with the constraints that a world file's values must meet.

Pydantic validates a file against these classes; their constructors do not validate, because a
world may generate 100,000 numbers. Numbers and bindings change over time, the rest is replaced
whole. Times are world seconds since the world began; money is in the account's currency.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    TypeAdapter,
)

from agent.simulator.telephony.behaviour import BEHAVIOURS
from agent.states import (
    BindingKind,
    BindingState,
    CallResult,
    Grade,
    MarkingTag,
    NetworkState,
    NumberState,
)
from agent.yamlfile.schema import ValueType
from agent.yamlfile.values import Amount, Name, Whole, mistake

_WEEKDAY = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_MOST_SECONDS = 86400

Switch = StrictBool
Phone = Annotated[
    str,
    Field(pattern=r"^\+?[0-9]{3,20}$"),
    ValueType("number", 'a number in quotes, such as "4006220001"'),
]
Prefix = Annotated[
    str,
    Field(pattern=r"^\+?[*?]*[0-9][0-9*?]*$"),
    ValueType("prefix", 'digits in quotes, such as "1390000"'),
]
"""A full number or its leading digits, as lists hold them (docs/reference/domain.md §1).

Wildcards are allowed too: no provider heeds them, but consoles let people enter them.
"""
Days = Annotated[
    str,
    Field(pattern=rf"^{_WEEKDAY}(?:-{_WEEKDAY})?(?:,{_WEEKDAY}(?:-{_WEEKDAY})?)*$"),
    ValueType("stretch of days", "days such as mon-fri or sat,sun"),
]
TimeOfDay = Annotated[
    str,
    Field(pattern=r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"),
    ValueType("time of day", 'a time of day such as "08:30"'),
]


def _date(value: object) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("is not a day") from None


Day = Annotated[date, BeforeValidator(_date), ValueType("day", "a day such as 2027-03-01")]


def _behaving(value: str) -> str:
    if value and value not in BEHAVIOURS:
        raise ValueError("is not a way to behave")
    return value


Behaving = Annotated[
    str,
    AfterValidator(_behaving),
    ValueType("behaviour", f"one of {', '.join(sorted(BEHAVIOURS))}"),
]


def _webhook_secret(value: str) -> str:
    if not value.startswith("whsec_"):
        raise ValueError("is not a webhook secret")
    return value


WebhookSecret = Annotated[
    str,
    AfterValidator(_webhook_secret),
    ValueType("webhook secret", "`whsec_` and base64", private=True),
]

_Weights = dict[CallResult, Annotated[Amount, Field(ge=0)]]
_WEIGHTS: TypeAdapter[_Weights] = TypeAdapter(_Weights)


def _results(value: Any) -> tuple[tuple[CallResult, float], ...]:
    weights = _WEIGHTS.validate_python(value)
    if sum(weights.values()) <= 0:
        raise mistake("has no share above 0, expected shares such as {answered: 0.95, busy: 0.05}")
    return tuple(weights.items())


CallResults = Annotated[
    tuple[tuple[CallResult, float], ...],
    PlainValidator(_results, json_schema_input_type=_Weights),
]
"""Call results with their weights; a mapping in the file."""


def _bounds(value: tuple[float, ...]) -> tuple[float, ...]:
    if len(value) != 2 or value[0] > value[1]:  # noqa: PLR2004 - two bounds
        raise mistake("is no pair of bounds, expected the least and the most, such as [20, 300]")
    return value


Bounds = Annotated[
    tuple[Annotated[Amount, Field(ge=0, le=_MOST_SECONDS)], ...], AfterValidator(_bounds)
]
"""The least and the most of something, in seconds."""
WaitSeconds = Annotated[Amount, Field(ge=0, le=3600)]
Count = Annotated[Whole, Field(ge=0, le=10_000_000)]

DEFAULT_TALK_SECONDS = (20.0, 300.0)
"""The least and the most that people talk."""


UNASSIGNED_STATES = frozenset(
    {
        NumberState.IDLE,
        NumberState.PREOCCUPIED,
        NumberState.REVIEW,
        NumberState.REVIEW_REJECTED,
        NumberState.OPEN_UNFUNDED,
        NumberState.RECLAIMED,
        NumberState.CANCELLED,
    }
)
"""States of numbers that no customer has in service, before activation or after the end."""


class FilePart:
    """A part of a world file: a key that it does not have is a mistake."""

    __slots__ = ()
    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Window(FilePart):
    """A stretch of the week in which a number is answered."""

    days: Days
    start: Annotated[TimeOfDay, Field(alias="from")]
    end: Annotated[TimeOfDay, Field(alias="to")]
    bindings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whitelist(FilePart):
    """The only callers let through, when enabled."""

    enabled: Switch = False
    entries: tuple[Prefix, ...] = ()


@dataclass(frozen=True, slots=True)
class Hours(FilePart):
    """A stretch of a special day."""

    start: Annotated[TimeOfDay, Field(alias="from")]
    end: Annotated[TimeOfDay, Field(alias="to")]


@dataclass(frozen=True, slots=True)
class SpecialDays(FilePart):
    """Days with hours of their own; without any hours the number is closed on them."""

    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day | None, Field(alias="to")] = None
    hours: tuple[Hours, ...] = ()
    bindings: tuple[str, ...] = ()


def _ordered(days: SpecialDays) -> SpecialDays:
    if days.last and days.last < days.first:
        raise mistake("ends before it begins, expected `to` on or after `from`")
    return days


@dataclass(frozen=True, slots=True)
class MenuKey(FilePart):
    """One key of a voice menu."""

    menu: str
    key: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Extension(FilePart):
    """An extension with a balance of its own."""

    id: str
    balance: Amount | None = None
    minimum: Amount | None = None


@dataclass(frozen=True, slots=True)
class Lines(FilePart):
    """The numbers of simultaneous calls that a switchboard or trunk takes."""

    declared: Count | None = None
    paid: Count | None = None
    capacity: Count | None = None
    peak: Count | None = None


@dataclass(frozen=True, slots=True)
class Routing(FilePart):
    """The routing of a number's calls (docs/reference/domain.md §1).

    A field that is ``None`` is left out of the provider's answers.
    """

    strategy: Literal["sequential", "random", "cyclic", "weighted", "simultaneous"] = "sequential"
    wait_seconds: WaitSeconds = 20.0
    schedule: tuple[Window, ...] = ()
    region_allow: tuple[Prefix, ...] = ()
    region_deny: tuple[Prefix, ...] = ()
    blacklist: tuple[Prefix, ...] = ()
    whitelist: Whitelist = Whitelist()
    concurrency_limit: Count = 10
    voicemail: Switch = False
    special_days: tuple[Annotated[SpecialDays, AfterValidator(_ordered)], ...] | None = None
    national_calendar: Switch | None = None
    menu: tuple[MenuKey, ...] | None = None
    pin: Switch | None = None
    overflow: str | None = None
    voicemail_recipient: str | None = None
    recording: Switch | None = None
    recording_notice: Switch | None = None
    recording_export: Switch | None = None
    retention_days: Annotated[Amount, Field(ge=0, le=100_000)] | None = None
    landing_forwarded: Switch | None = None
    trunk: str = ""
    trunk_capacity: Count | None = None
    trunk_peak: Count | None = None
    extensions: tuple[Extension, ...] | None = None


@dataclass(frozen=True, slots=True)
class Traffic(FilePart):
    """The calls per hour of world time, and the distribution of their results without a fault."""

    per_hour: Annotated[Amount, Field(ge=0, le=1_000_000)]
    results: CallResults = ((CallResult.ANSWERED, 1.0),)
    talk_seconds: Bounds = DEFAULT_TALK_SECONDS


@dataclass(slots=True)
class Binding(FilePart):
    """A phone bound behind a number."""

    id: Name
    phone: Phone
    kind: BindingKind = BindingKind.MOBILE
    position: Annotated[Whole, Field(ge=0, le=10_000)] = 1
    state: BindingState = BindingState.OK
    wait_seconds: WaitSeconds | None = None
    weight: Annotated[Amount, Field(ge=0, le=1000)] | None = None
    carrier: str = ""
    area: str = ""
    areas: tuple[Prefix, ...] = ()
    holder: str = ""
    filed: Switch | None = None
    lines: Lines | None = None


@dataclass(frozen=True, slots=True)
class Marked(FilePart):
    """What people have marked a number as, and how many have."""

    tag: MarkingTag
    count: Count = 1


@dataclass(slots=True)
class Number(FilePart):
    """A hotline number in its current state."""

    number: Phone
    state: NumberState = NumberState.ACTIVE
    network_state: NetworkState = NetworkState.ACTIVE
    reason: str = ""
    company: str = ""
    grade: Grade = Grade.STANDARD
    carrier: str = ""
    contract_end: Day | None = None
    realname_ok: Switch = True
    licence_end: Day | None = None
    identity_end: Day | None = None
    registered_use: str = ""
    actual_use: str = ""
    recording_oldest: Day | None = None
    """The day of the oldest recording that is not exported yet."""
    recordings_pending: Count | None = None
    voicemail_unread: Count | None = None
    colour_ring: Switch | None = None
    listed: Switch = True
    """``false`` takes the number out of the provider's listing, with no other sign."""
    marked: Marked | None = None
    test_call: Behaving = ""
    """How a call by telephone goes (``one_way``, ``busy_tone`` …); empty: as the state says."""
    routing: Routing = Routing()
    bindings: tuple[Binding, ...] = ()
    calls: Traffic | None = None
    arrears_since: float | None = field(default=None, init=False)
    call_count: int = field(default=0, init=False)
    traffic_version: int = field(default=0, init=False)
    """Incremented when the traffic changes: calls scheduled before are dropped."""
    generated: bool = field(default=False, init=False)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One incoming call. ``started_at`` is in epoch seconds."""

    id: str
    number: str
    binding: str
    caller: str
    started_at: float
    result: CallResult
    wait_seconds: float
    talk_seconds: float
