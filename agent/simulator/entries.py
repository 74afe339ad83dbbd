"""Timeline entries and faults as they are written, in the world file and in ``POST /world``."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.simulator import fields as f
from agent.simulator import shapes
from agent.simulator.document import Spot, WorldFileError, open_document
from agent.simulator.fields import Field
from agent.simulator.plan import (
    Action,
    Change,
    Clear,
    Complaint,
    Entry,
    FaultKind,
    FaultPlan,
    Target,
)
from agent.states import Capability

FAULT_FACTS: Mapping[str, Field] = {
    "kind": Field(f.choice(FaultKind)),
    "share": Field(f.amount(0, 1), 1.0),
    "for": Field(f.or_null(f.duration), None, name="lasts"),
    "capability": Field(f.or_null(f.choice(Capability)), None),
    "account": Field(f.or_null(f.name), None),
    "retry_after": Field(f.whole(0, 86400), 2),
}
FAULT: Mapping[str, Field] = {"provider": Field(f.name), **FAULT_FACTS}
COMPLAINT: Mapping[str, Field] = {
    "number": Field(f.phone),
    "caller": Field(f.phone, ""),
    "prompt": Field(f.text, ""),
}


def fault(spot: Spot, provider: str | None = None) -> FaultPlan | None:
    """A fault, which names its provider itself or stands beside the provider's name."""

    def build(**values: Any) -> FaultPlan:
        return FaultPlan(**{"provider": provider, **values})

    fields = FAULT_FACTS if provider is not None else FAULT
    made: FaultPlan | None = f.record(spot, fields, build)
    return made


def _change(parts: dict[str, Spot]) -> Change:
    every = False
    numbers: tuple[str, ...] | None = None
    if "number" in parts:
        numbers = (f.phone(parts["number"]) or "",)
    elif "numbers" in parts:
        every = parts["numbers"].raw == "all"
        numbers = () if every else f.list_of(f.phone)(parts["numbers"])
    target = Target(
        account=f.text(parts["account"]) if "account" in parts else None,
        numbers=numbers,
        every_number=every,
        binding=f.text(parts["binding"]) if "binding" in parts else None,
    )
    return Change(target, tuple(_settings(parts["set"], _settable(target))))


def _settable(target: Target) -> Mapping[str, Field]:
    if target.binding is not None:
        return shapes.BINDING_SETTABLE
    return shapes.ACCOUNT_FACTS if target.numbers is None else shapes.NUMBER_SETTABLE


def _settings(
    spot: Spot, settable: Mapping[str, Field], above: str = ""
) -> Iterator[tuple[str, object]]:
    """The keys of ``set``, dotted or nested, each checked against what may be set."""
    for key, value in spot.entries():
        full = f"{above}{key}"
        if full in settable:
            yield full, settable[full].read(value)
        elif any(known.startswith(f"{full}.") for known in settable):
            yield from _settings(value, settable, f"{full}.")
        else:
            value.fail(f"cannot be set here{f.suggest(full, settable)}")


def _fault_action(parts: dict[str, Spot]) -> FaultPlan | None:
    return fault(parts["fault"], f.name(parts["provider"]) or "")


def _clear(parts: dict[str, Spot]) -> Clear:
    spot = parts["clear"]
    kind = None if spot.raw == "all" else f.choice([*FaultKind, "all"])(spot)
    return Clear(f.name(parts["provider"]) or "", kind)


def _complaint(parts: dict[str, Spot]) -> Complaint | None:
    made: Complaint | None = f.record(parts["complaint"], COMPLAINT, Complaint)
    return made


_FORMS = (
    (frozenset({"complaint"}), frozenset({"complaint"}), _complaint),
    (frozenset({"provider", "fault"}), frozenset({"provider", "fault"}), _fault_action),
    (frozenset({"provider", "clear"}), frozenset({"provider", "clear"}), _clear),
    (frozenset({"number", "set"}), frozenset({"number", "account", "binding", "set"}), _change),
    (frozenset({"account", "set"}), frozenset({"account", "numbers", "set"}), _change),
)
"""What an entry must have, what it may have, and who reads it; the first that fits holds."""

_EXPECTED = (
    "`number` [and `binding`] with `set`, `account` [and `numbers`] with `set`, `provider` with "
    "`fault` or `clear`, or `complaint`"
)


def entry(spot: Spot, *, timed: bool) -> Entry | None:
    """One entry of the timeline; ``timed`` entries say when."""
    parts = dict(spot.entries())
    if not spot.is_mapping:
        return None
    at = parts.pop("at", None)
    if timed and at is None:
        spot.fail("has no `at`, expected a world time such as 30s")
    if not timed and at is not None:
        at.fail("is given, but the entry is applied at once; leave it out")
    when = f.duration(at) if at is not None else None
    action = _action(spot, parts)
    return None if action is None else Entry(action, when)


def _action(spot: Spot, parts: dict[str, Spot]) -> Action | None:
    for needed, allowed, read in _FORMS:
        if needed <= parts.keys():
            for key in parts.keys() - allowed:
                parts[key].fail(f"does not belong here{f.suggest(key, allowed | {'at'})}")
            return read(parts)
    spot.fail(f"has {', '.join(sorted(parts)) or 'nothing'}, expected {_EXPECTED}")
    return None


def parse_entry(text: str, file: str = "entry") -> tuple[Entry, Spot]:
    """One entry without ``at``, in YAML or JSON, and the spot to tell later mistakes at.

    Raises:
        WorldFileError: with every mistake.
    """
    spot = open_document(text, file)
    made = entry(spot, timed=False)
    if spot.problems or made is None:
        raise WorldFileError(spot.problems)
    return made, spot
