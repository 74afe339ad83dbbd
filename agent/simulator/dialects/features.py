"""Optional features of a number, as the generic dialect reports them.

A key is in an answer only where it has a value, so that a plain fleet's pages
stay plain.
"""

from dataclasses import asdict
from typing import Any

from agent.simulator.entities import Binding, Number, Routing, SpecialDays

_ABSENT: tuple[object, ...] = (None, "", ())


def number_features(number: Number) -> dict[str, Any]:
    """The optional keys of ``number`` in a listing."""
    return _present(
        licence_end=number.licence_end and number.licence_end.isoformat(),
        identity_end=number.identity_end and number.identity_end.isoformat(),
        registered_use=number.registered_use,
        actual_use=number.actual_use,
    )


def binding_features(binding: Binding) -> dict[str, Any]:
    """The optional keys of ``binding`` in a listing of bindings."""
    lines = binding.lines
    return _present(
        wait_seconds=binding.wait_seconds,
        weight=binding.weight,
        carrier=binding.carrier,
        area=binding.area,
        areas=binding.areas,
        holder=binding.holder,
        filed=binding.filed,
        lines=None if lines is None else asdict(lines),
    )


def routing_features(routing: Routing) -> dict[str, Any]:
    """The optional keys of a number's routing; a list that is present may be empty."""
    values = {name: getattr(routing, name) for name in _PLAIN_KEYS}
    values["trunk"] = routing.trunk or None
    if routing.special_days is not None:
        values["special_days"] = list(map(_days, routing.special_days))
    if routing.menu is not None:
        values["menu"] = list(map(asdict, routing.menu))
    if routing.extensions is not None:
        values["extensions"] = list(map(asdict, routing.extensions))
    return {name: value for name, value in values.items() if value is not None}


_PLAIN_KEYS = (
    "national_calendar",
    "pin",
    "overflow",
    "voicemail_recipient",
    "recording",
    "recording_notice",
    "recording_export",
    "retention_days",
    "landing_forwarded",
    "trunk_capacity",
    "trunk_peak",
)


def _days(days: SpecialDays) -> dict[str, Any]:
    return {
        "from": days.first.isoformat(),
        "to": (days.last or days.first).isoformat(),
        "hours": [{"from": hours.start, "to": hours.end} for hours in days.hours],
        "bindings": days.bindings,
    }


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in _ABSENT}
