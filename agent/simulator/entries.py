"""Timeline entries as they are in a world file and in the body of ``POST /world``."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from functools import cache, partial
from typing import Annotated, Any, get_type_hints

from pydantic import BeforeValidator, PlainValidator, TypeAdapter
from pydantic_core import InitErrorDetails, ValidationError

from agent.simulator.actions import (
    Action,
    Change,
    Clear,
    Complaint,
    Entry,
    FaultEffect,
    FaultKind,
    FaultPlan,
    Target,
)
from agent.simulator.entities import Binding, FilePart, Number, Phone, Routing, Whitelist
from agent.simulator.plan import AccountPlan
from agent.yamlfile.schema import SchemaTree, ValueType
from agent.yamlfile.validation import nearest, problems_of
from agent.yamlfile.values import Duration, Name, mistake

ALL = "all"
"""Every number of an account, or every kind of fault."""

Adapters = Mapping[str, TypeAdapter[Any]]
Values = tuple[tuple[str, object], ...]

_NUMBERS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[Phone, ...])


def _all_or_numbers(value: Any) -> tuple[str, ...] | str:
    return ALL if value == ALL else _NUMBERS.validate_python(value)


def _all_or_kind(value: Any) -> Any:
    if value is None:
        raise ValueError("is empty")
    return None if value == ALL else value


@dataclass(frozen=True, slots=True)
class EntryFields(FilePart):
    """Every key that an entry may have; which of them go together is in :data:`_FORMS`."""

    at: Duration | None = None
    number: Phone | None = None
    numbers: Annotated[
        tuple[str, ...] | str | None,
        PlainValidator(_all_or_numbers, json_schema_input_type=tuple[Phone, ...]),
        ValueType("numbers", "all or a list of numbers in quotes"),
    ] = None
    account: str | None = None
    binding: str | None = None
    set: dict[str, Any] | None = None
    provider: Name | None = None
    fault: FaultEffect | None = None
    clear: Annotated[
        FaultKind | None,
        BeforeValidator(_all_or_kind),
        ValueType("fault kind", f"{ALL} or one of {', '.join(FaultKind)}"),
    ] = None
    """``None`` for all kinds."""
    complaint: Complaint | None = None


_FORMS = (
    (frozenset({"complaint"}), frozenset({"complaint"})),
    (frozenset({"provider", "fault"}), frozenset({"provider", "fault"})),
    (frozenset({"provider", "clear"}), frozenset({"provider", "clear"})),
    (frozenset({"number", "set"}), frozenset({"number", "account", "binding", "set"})),
    (frozenset({"account", "set"}), frozenset({"account", "numbers", "set"})),
)
"""The keys an entry must have and those it may have; the first form that fits counts."""

_EXPECTED = (
    "`number` [and `binding`] with `set`, `account` [and `numbers`] with `set`, `provider` with "
    "`fault` or `clear`, or `complaint`"
)
_FIELDS: TypeAdapter[EntryFields] = TypeAdapter(EntryFields)


def _read(value: Any, *, timed: bool) -> Entry:
    """The entry of validated keys; ``timed`` entries have ``at``, others must not."""
    entry = _FIELDS.validate_python(value)
    problems = list(_misplaced(value.keys(), timed=timed))
    values = tuple(_values(entry.set or {}, _settable(entry), problems))
    if problems:
        raise ValidationError.from_exception_data("entry", problems)
    return Entry(_action(value.keys(), entry, values), entry.at)


TimedEntry = Annotated[
    Entry, PlainValidator(partial(_read, timed=True), json_schema_input_type=EntryFields)
]
"""An entry of the timeline."""

ImmediateEntry = Annotated[
    Entry, PlainValidator(partial(_read, timed=False), json_schema_input_type=EntryFields)
]
"""An entry that is applied at once."""


def _misplaced(keys: AbstractSet[str], *, timed: bool) -> Iterator[InitErrorDetails]:
    """Keys that are missing, or do not go with the others."""
    if timed and "at" not in keys:
        yield _error("has no `at`, expected a world time such as 30s")
    if not timed and "at" in keys:
        yield _error("is given, but the entry is applied at once; leave it out", "at")
    others = keys - {"at"}
    for needed, allowed in _FORMS:
        if needed <= others:
            for key in sorted(others - allowed):
                yield _error(f"does not belong here, {nearest(key, sorted(allowed))}", key)
            return
    yield _error(f"has {', '.join(sorted(others)) or 'nothing'}, expected {_EXPECTED}")


def _error(text: str, *path: str) -> InitErrorDetails:
    return InitErrorDetails(type=mistake(text), loc=path, input=None)


def _action(keys: AbstractSet[str], entry: EntryFields, values: Values) -> Action:
    if entry.complaint is not None:
        return entry.complaint
    if entry.fault is not None:
        effect = {item.name: getattr(entry.fault, item.name) for item in fields(FaultEffect)}
        return FaultPlan(**effect, provider=entry.provider or "")
    if "clear" in keys:
        return Clear(entry.provider or "", entry.clear)
    return Change(_target(entry), values)


def _target(entry: EntryFields) -> Target:
    every = entry.numbers == ALL
    numbers = (entry.number,) if entry.number is not None else entry.numbers
    return Target(entry.account, () if every else numbers, every, entry.binding)  # type: ignore[arg-type]


_FIXED_OF_ACCOUNT = frozenset({"id", "credentials", "numbers", "generate"})


def _settable(entry: EntryFields) -> Adapters:
    if entry.binding is not None:
        return adapters(Binding, without=frozenset({"id"}))
    if entry.number is None and entry.numbers is None:
        return adapters(AccountPlan, without=_FIXED_OF_ACCOUNT)
    return {
        **adapters(Number, without=frozenset({"number", "routing", "bindings"})),
        **adapters(Routing, above="routing."),
        **adapters(Whitelist, above="routing.whitelist."),
    }


@cache
def adapters(part: type, *, above: str = "", without: frozenset[str] = frozenset()) -> Adapters:
    """The validators of the keys of ``part`` that may be set, by key with ``above`` before it."""
    types = get_type_hints(part, include_extras=True)
    return {
        f"{above}{item.name}": TypeAdapter(types[item.name])
        for item in fields(part)
        if item.init and item.name not in without
    }


def _values(
    keys: Mapping[str, Any],
    settable: Adapters,
    problems: list[InitErrorDetails],
    path: tuple[str, ...] = ("set",),
) -> Iterator[tuple[str, object]]:
    """The values of ``set`` by their dotted keys, which the file may also nest."""
    for key, value in keys.items():
        location = (*path, key)
        full = ".".join(location[1:])
        if full in settable:
            try:
                yield full, settable[full].validate_python(value)
            except ValidationError as error:
                problems += _below(location, error, settable[full], value)
        elif isinstance(value, dict) and any(name.startswith(f"{full}.") for name in settable):
            yield from _values(value, settable, problems, location)
        else:
            problems.append(_error(f"cannot be set here, {nearest(full, settable)}", *location))


def _below(
    location: tuple[str, ...], error: ValidationError, adapter: TypeAdapter[Any], value: object
) -> Iterator[InitErrorDetails]:
    """The errors of one value, worded here: only this adapter knows what the key expects."""
    for problem in problems_of(error, SchemaTree(adapter.json_schema()), value):
        yield InitErrorDetails(
            type=mistake(problem.text), loc=(*location, *problem.path), input=None
        )
