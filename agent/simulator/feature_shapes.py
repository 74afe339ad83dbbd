"""The shapes of what a number has besides plain routing: menus, special days, recording, lines.

What a world file leaves out is not told by the provider either.
"""

from collections.abc import Mapping

from agent.simulator import fields as f
from agent.simulator.document import Spot
from agent.simulator.fields import Field
from agent.simulator.nouns import Extension, Hours, Lines, MenuKey, SpecialDays

HOURS: Mapping[str, Field] = {
    "from": Field(f.clock_time, name="start"),
    "to": Field(f.clock_time, name="end"),
}
SPECIAL_DAYS: Mapping[str, Field] = {
    "from": Field(f.day, name="first"),
    "to": Field(f.or_null(f.day), None, name="last"),
    "hours": Field(f.list_of(lambda spot: f.record(spot, HOURS, Hours)), ()),
    "bindings": Field(f.list_of(f.text), ()),
}
MENU_KEY: Mapping[str, Field] = {
    "menu": Field(f.text),
    "key": Field(f.text),
    "target": Field(f.text, ""),
}
EXTENSION: Mapping[str, Field] = {
    "id": Field(f.text),
    "balance": Field(f.or_null(f.amount()), None),
    "minimum": Field(f.or_null(f.amount()), None),
}
LINES: Mapping[str, Field] = {
    name: Field(f.or_null(f.whole(0)), None) for name in ("declared", "paid", "capacity", "peak")
}


def _special_days(spot: Spot) -> SpecialDays | None:
    made: SpecialDays | None = f.record(spot, SPECIAL_DAYS, SpecialDays)
    if made is not None and made.first and made.last and made.last < made.first:
        spot.fail("ends before it begins, expected `to` on or after `from`")
    return made


FEATURES: Mapping[str, Field] = {
    "special_days": Field(f.or_null(f.list_of(_special_days)), None),
    "national_calendar": Field(f.or_null(f.flag), None),
    "menu": Field(f.or_null(f.list_of(lambda spot: f.record(spot, MENU_KEY, MenuKey))), None),
    "pin": Field(f.or_null(f.flag), None),
    "overflow": Field(f.or_null(f.text), None),
    "voicemail_recipient": Field(f.or_null(f.text), None),
    "recording": Field(f.or_null(f.flag), None),
    "recording_notice": Field(f.or_null(f.flag), None),
    "recording_export": Field(f.or_null(f.flag), None),
    "retention_days": Field(f.or_null(f.amount(0, 100_000)), None),
    "landing_forwarded": Field(f.or_null(f.flag), None),
    "trunk": Field(f.text, ""),
    "trunk_capacity": Field(f.or_null(f.whole(0)), None),
    "trunk_peak": Field(f.or_null(f.whole(0)), None),
    "extensions": Field(
        f.or_null(f.list_of(lambda spot: f.record(spot, EXTENSION, Extension))), None
    ),
}
"""Beside the plain keys of a number's ``routing``."""

PHONE_FEATURES: Mapping[str, Field] = {
    "wait_seconds": Field(f.or_null(f.amount(0, 3600)), None),
    "weight": Field(f.or_null(f.amount(0, 1000)), None),
    "carrier": Field(f.text, ""),
    "area": Field(f.text, ""),
    "areas": Field(f.list_of(f.prefix), ()),
    "holder": Field(f.text, ""),
    "filed": Field(f.or_null(f.flag), None),
    "lines": Field(f.or_null(lambda spot: f.record(spot, LINES, Lines)), None),
}
"""Beside the plain keys of a bound phone."""

NUMBER_FEATURES: Mapping[str, Field] = {
    "licence_end": Field(f.or_null(f.day), None),
    "identity_end": Field(f.or_null(f.day), None),
    "registered_use": Field(f.text, ""),
    "actual_use": Field(f.text, ""),
}
"""Beside the plain facts of a number."""
