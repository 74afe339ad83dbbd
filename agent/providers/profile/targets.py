"""The fields of every fact a profile can fill, and how each is converted by default.

Without an ``IDENTITY`` field the record is skipped. An ``EXPECTED``
field that is missing, or any field that does not fit, is left at its default and the record is
counted as invalid: a number with a broken contract date is still a number that is listed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from typing import Any, Final

from agent.model import Balance, Binding, Call, Number, Routing
from agent.states import (
    BindingKind,
    BindingState,
    CallResult,
    Capability,
    Grade,
    NetworkState,
    NumberState,
    Strategy,
)


class Need(Enum):
    """How much a fact depends on a field."""

    IDENTITY = auto()
    EXPECTED = auto()
    OPTIONAL = auto()


@dataclass(frozen=True)
class TargetField:
    """One field of a fact."""

    name: str
    reading: str | type[StrEnum]
    """The default converter, or the closed list of its values."""
    default: Any = None
    need: Need = Need.OPTIONAL
    is_overlay: bool = False
    """Another operation has the field too: what this one does not describe leaves it as it is."""


@dataclass(frozen=True)
class Target:
    """A fact: its fields in the order ``make`` takes them."""

    make: Callable[..., Any]
    fields: tuple[TargetField, ...]
    make_all: Callable[..., Iterable[Any]] | None = None
    """Makes the facts from whole columns, where that is faster than ``make`` for each record."""
    least: int | None = None
    """How many fields both always need; those behind may be left out from the end, where they have
    their defaults. ``None``: all of them."""


@dataclass(frozen=True)
class AccountFact:
    """The state of an account as a whole."""

    state: NumberState | None


def _routing(number: str, *fields: Any) -> tuple[str, Routing]:
    return number, Routing(*fields)


def _binding(number: str, *fields: Any) -> tuple[str, Binding]:
    return number, Binding(*fields)


def _bindings(numbers: Sequence[str], *fields: Sequence[Any]) -> Iterable[tuple[str, Binding]]:
    return zip(numbers, map(Binding, *fields), strict=True)


_NUMBER: Final = Target(
    Number,
    (
        TargetField("number", "number", need=Need.IDENTITY),
        TargetField("state", NumberState, NumberState.UNKNOWN, Need.EXPECTED),
        TargetField("network_state", NetworkState, NetworkState.UNKNOWN),
        TargetField("native_status", "text", ""),
        TargetField("reason", "text", ""),
        TargetField("company", "text", ""),
        TargetField("carrier", "text", ""),
        TargetField("grade", Grade, Grade.STANDARD),
        TargetField("contract_end", "iso"),
        TargetField("reclaim_at", "iso"),
        TargetField("realname_ok", "boolean"),
        TargetField("licence_end", "iso"),
        TargetField("identity_end", "iso"),
        TargetField("registered_use", "text", ""),
        TargetField("actual_use", "text", ""),
        TargetField("recording_oldest_at", "iso"),
        TargetField("recordings_pending", "integer"),
        TargetField("voicemail_unread", "integer"),
        TargetField("colour_ring", "boolean"),
    ),
    least=2,
)
_BINDING: Final = Target(
    _binding,
    (
        TargetField("number", "number", need=Need.IDENTITY),
        TargetField("id", "id", need=Need.IDENTITY),
        TargetField("phone", "phone", "", Need.EXPECTED),
        TargetField("kind", BindingKind, BindingKind.UNKNOWN),
        TargetField("position", "integer", 0),
        TargetField("state", BindingState, BindingState.UNKNOWN, Need.EXPECTED),
        TargetField("native_status", "text", ""),
        TargetField("wait_seconds", "amount"),
        TargetField("weight", "amount"),
        TargetField("carrier", "text", ""),
        TargetField("area", "text", ""),
        TargetField("areas", "texts", ()),
        TargetField("holder", "text", ""),
        TargetField("filed", "boolean"),
        TargetField("lines", "lines"),
    ),
    make_all=_bindings,
    least=3,
)
_ROUTING: Final = Target(
    _routing,
    (
        TargetField("number", "number", need=Need.IDENTITY),
        TargetField("strategy", Strategy, Strategy.UNKNOWN),
        TargetField("wait_seconds", "amount"),
        TargetField("schedule", "schedule", ()),
        TargetField("region_allow", "texts", ()),
        TargetField("region_deny", "texts", ()),
        TargetField("blacklist", "texts", ()),
        TargetField("whitelist_enabled", "boolean", default=False),
        TargetField("whitelist", "texts", ()),
        TargetField("concurrency_limit", "integer"),
        TargetField("voicemail", "boolean"),
        TargetField("binding_order", "texts", ()),
        TargetField("special_days", "special_days"),
        TargetField("national_calendar", "boolean"),
        TargetField("menu", "menu"),
        TargetField("pin", "boolean"),
        TargetField("overflow", "text"),
        TargetField("voicemail_recipient", "text"),
        TargetField("recording", "boolean"),
        TargetField("recording_notice", "boolean"),
        TargetField("recording_export", "boolean"),
        TargetField("retention_days", "amount"),
        TargetField("landing_forwarded", "boolean"),
        TargetField("trunk", "text", ""),
        TargetField("trunk_capacity", "integer"),
        TargetField("trunk_peak", "integer"),
        TargetField("extensions", "extensions"),
    ),
)
_BALANCE: Final = Target(
    Balance,
    (
        TargetField("amount", "amount", need=Need.IDENTITY),
        TargetField("currency", "currency", need=Need.IDENTITY),
        TargetField("notice_threshold", "amount"),
        TargetField("stop_threshold", "amount"),
        TargetField("daily_spend", "amount"),
        TargetField("month_spend", "amount"),
        TargetField("spend_cap", "amount"),
    ),
)
_CALL: Final = Target(
    Call,
    (
        TargetField("id", "id", need=Need.IDENTITY),
        TargetField("number", "number", need=Need.IDENTITY),
        TargetField("started_at", "iso", need=Need.IDENTITY),
        TargetField("result", CallResult, CallResult.UNKNOWN, Need.EXPECTED),
        TargetField("binding", "text", ""),
        TargetField("caller", "phone", ""),
        TargetField("wait_seconds", "amount"),
        TargetField("talk_seconds", "amount"),
    ),
)
ACCOUNT: Final = Target(AccountFact, (TargetField("state", NumberState, None, need=Need.IDENTITY),))
"""The target of the ``account`` operation."""

TARGETS: Final[Mapping[Capability, Target]] = {
    Capability.NUMBERS: _NUMBER,
    Capability.REACHABILITY: _BINDING,
    Capability.ROUTING: _ROUTING,
    Capability.BALANCE: _BALANCE,
    Capability.CALLS: _CALL,
}
"""The fact behind each capability; those of a number's parts come with the number they are of."""

REQUESTED: Final = ""
"""The number of a fact that is of the number which was asked for."""


def target_per_number(target: Target, mapped: Iterable[str]) -> Target:
    """``target`` where each request names one number: records need not have it.

    Where a profile has ``number`` among its ``mapped`` fields, they must: it says whose they are.
    """
    if "number" in mapped:
        return target
    fields = (
        replace(field, need=Need.OPTIONAL, default=REQUESTED) if field.name == "number" else field
        for field in target.fields
    )
    return replace(target, fields=tuple(fields))


def target_per_phone(target: Target) -> Target:
    """``target`` where each request names one phone: records need not say whose they are."""
    named = {"number", "id", "phone"}
    fields = (
        replace(field, need=Need.OPTIONAL, default="") if field.name in named else field
        for field in target.fields
    )
    return replace(target, fields=tuple(fields))


PHONES: Final = replace(
    TARGETS[Capability.REACHABILITY],
    fields=tuple(
        replace(field, need=Need.OPTIONAL) if field.name == "state" else field
        for field in TARGETS[Capability.REACHABILITY].fields
    ),
)
"""The target of the ``phones`` operation: another one says what state they are in."""
