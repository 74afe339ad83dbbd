"""Values that a profile itself states: ``const``, ``present``, ``values`` and ``default``.

They have the type of their field, whatever the provider's words for it are.
"""

from enum import StrEnum
from typing import Any, Final

from agent.providers.profile.converters import CONVERTERS, Converter
from agent.providers.profile.field_schema import FieldRule
from agent.providers.profile.targets import TargetField

_SWITCH: Final = {"true": True, "false": False}
_EXPECTED: Final = {
    "amount": "an amount such as 12.50",
    "boolean": "true or false",
    "compact": "a day or time such as 20270115080000",
    "currency": "a code of ISO 4217 such as CNY",
    "epoch": "seconds or milliseconds since 1970",
    "epoch_ms": "milliseconds since 1970",
    "epoch_s": "seconds since 1970",
    "id": "up to 128 printable characters",
    "integer": "a whole number",
    "iso": "a day or time such as 2027-01-15T08:00:00+08:00",
    "number": "a telephone number",
    "rfc2822": "a time such as Fri, 15 Jan 2027 08:00:00 +0800",
    "whole_number": "a telephone number",
    "url_host": "an address such as https://api.example.com",
}
"""What a text must be for each converter that takes texts."""


def fixed_value(field: TargetField, rule: FieldRule, text: str) -> Any:
    """The value of ``const`` or ``present``, converted as the rule converts the provider's.

    Raises:
        ValueError: when the field cannot hold it; the text says what is expected.
    """
    if isinstance(field.reading, str):
        return _read(rule.convert or field.reading, rule, text)
    return _member(field.reading, text)


def listed_value(field: TargetField, rule: FieldRule, text: str) -> Any:
    """The value of an entry of ``values``, or of ``default``: one of the field's own.

    Raises:
        ValueError: when the field cannot hold it; the text says what is expected.
    """
    if isinstance(field.reading, str):
        # A scale or prefixes are for the provider's values; this one is ours.
        return _read(field.reading, FieldRule(zone=rule.zone), text)
    return _member(field.reading, text)


def expected_by(name: str) -> str:
    """What the values of the converter ``name`` must be, in words."""
    return _EXPECTED.get(name, f"what the converter {name} takes")


def _member(ours: type[StrEnum], text: str) -> StrEnum:
    try:
        return ours(text)
    except ValueError:
        words = ", ".join(member.value for member in ours)
        raise ValueError(f"one of {words}") from None


def _read(name: str, rule: FieldRule, text: str) -> Any:
    try:
        return _converted(CONVERTERS[name](rule), text)
    except (ValueError, ArithmeticError):
        kind = _EXPECTED.get(name, "path or first_of, as the field holds no single text")
        raise ValueError(kind) from None


def _converted(converter: Converter, text: str) -> Any:
    if str in converter.kinds:
        return converter.convert(text)
    if bool in converter.kinds and text in _SWITCH:
        return _SWITCH[text]
    raise ValueError("not a text")
