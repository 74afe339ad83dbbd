"""Converters of one JSON value to one typed value; ``ValueError`` where it does not fit."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from agent.net.ranges import amount_in_range, count_in_range
from agent.net.scrub import scrub
from agent.net.timestamps import epoch_parser, in_range, iso_parser, parse_offset, parse_rfc2822
from agent.providers.profile.field_schema import FieldRule
from agent.providers.profile.structured_values import (
    read_extensions,
    read_lines,
    read_menu,
    read_schedule,
    read_special_days,
)

Convert = Callable[[Any], Any]
Kinds = frozenset[type]


@dataclass(frozen=True)
class Converter:
    """The conversion of one field's values."""

    convert: Convert
    kinds: Kinds = frozenset({str})
    """The JSON types it accepts; checked before it is called, so ``true`` never passes for 1."""
    repeats: bool = False
    """Whether values repeat (companies, dates), so that each is converted once and shared."""
    as_is: Kinds = frozenset()
    """Types whose values pass unchanged."""
    passes: Callable[[Sequence[Any]], bool] | None = None
    """Whether a whole column, nothing of it missing, is already as converting would leave it."""


Factory = Callable[[FieldRule], Converter]

_STR: Final[Kinds] = frozenset({str})
_INT: Final[Kinds] = frozenset({int})
_NUMERIC: Final[Kinds] = frozenset({int, float, str})

_TELEPHONE: Final = re.compile(r"\+?[0-9]{3,24}", re.ASCII)
_PUNCTUATION: Final = str.maketrans("", "", " -().\u00a0")
_AMOUNT: Final = re.compile(r"[+-]?\d{1,24}(?:\.\d{1,12})?", re.ASCII)
_WHOLE: Final = re.compile(r"-?\d{1,15}", re.ASCII)
_COMPACT: Final = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""The formats of times without separators, by their length."""
_SECONDS: Final = epoch_parser(1.0)
_MILLISECONDS: Final = epoch_parser(0.001)
_SECONDS_DIGITS: Final = 11
"""A stamp with more digits counts milliseconds: 1973 and later; seconds have 10 until 2286."""
_PHONE_LENGTH: Final = 64
_ID_LENGTH: Final = 128
_MAX_TEXTS: Final = 10_000
_TEXT_LENGTH: Final = 200


def _text(value: str) -> str:
    return sys.intern(scrub(value, _TEXT_LENGTH))


def _word(value: str | int) -> str:
    return _text(("true" if value else "false") if isinstance(value, bool) else str(value))


def _id(value: str | int) -> str:
    text = str(value)
    if not 0 < len(text) <= _ID_LENGTH or not text.isprintable():
        raise ValueError("not an id")
    return text


def _phone(value: str) -> str:
    return scrub(value, _PHONE_LENGTH)


def _prefixed_phone(prefixes: Sequence[str], value: str, added: str) -> str:
    """``value`` with its prefixes changed where it is a telephone number, otherwise as it is."""
    try:
        return telephone(prefixes, value, added)
    except ValueError:
        return _phone(value)


def _are_harmless(column: Sequence[Any]) -> bool:
    """Whether nothing is to be scrubbed from any of these phones, which is nearly always so."""
    try:
        lengths = set(map(len, column))
        joined = "".join(column)
    except TypeError:
        return False  # not all texts
    # Most phones are digits: as bytes those are recognized several times faster.
    are_plain = (joined.isascii() and joined.encode().isalnum()) or joined.isprintable()
    return are_plain and min(lengths) > 0 and max(lengths) <= _PHONE_LENGTH


def telephone(prefixes: Sequence[str], value: str, added: str = "") -> str:
    """``value`` without punctuation and without the first of ``prefixes`` it begins with.

    ``added`` is put before a number that does not begin with it.

    Raises:
        ValueError: when the rest is not a telephone number.
    """
    number = value.translate(_PUNCTUATION)
    for prefix in prefixes:
        if number.startswith(prefix):
            number = number[len(prefix) :]
            break
    if added and not number.startswith(added):
        number = added + number
    if not _TELEPHONE.fullmatch(number):
        raise ValueError("not a telephone number")
    return number


def _are_plain_numbers(column: Sequence[Any]) -> bool:
    """Whether all values are digits already, which is nearly always so."""
    try:
        joined = "".join(column)
    except TypeError:
        return False  # not all texts
    lengths = set(map(len, column))
    # As bytes, which are looked through several times faster than characters.
    are_digits = joined.isascii() and joined.encode().isdigit()
    return are_digits and min(lengths) > 2 and max(lengths) < 25  # noqa: PLR2004 - the bounds of _TELEPHONE


def decimal_of(value: Any) -> Decimal:
    """An amount of JSON, exactly.

    Raises:
        ValueError: when it is no amount.
    """
    if type(value) not in _NUMERIC or (
        not isinstance(value, float) and not _AMOUNT.fullmatch(str(value))
    ):
        raise ValueError("not an amount")
    return Decimal(str(value))


def _amount(scale: Decimal, value: str | float) -> float:
    text = str(value)
    if not isinstance(value, float) and not _AMOUNT.fullmatch(text):
        raise ValueError("not an amount")
    try:
        return amount_in_range(float(Decimal(text) * scale))
    except ArithmeticError as error:
        raise ValueError("not an amount") from error


def _integer(value: int | str) -> int:
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise ValueError("not a whole number")
    return count_in_range(int(value))


def _are_counts(column: Sequence[Any]) -> bool:
    """Whether all are whole numbers in range."""
    if set(map(type, column)) != {int}:
        return False
    try:
        count_in_range(min(column))
        count_in_range(max(column))
    except ValueError:
        return False
    return True


def _boolean(value: bool) -> bool:  # noqa: FBT001 - this is what it converts
    return value


def _texts(value: list[Any]) -> tuple[str, ...]:
    if len(value) > _MAX_TEXTS or not all(isinstance(item, str) for item in value):
        raise ValueError("not a list of texts")
    return tuple(map(_text, value))


def _list_length(value: list[Any]) -> int:
    return len(value)


def _url_host(value: str) -> str:
    """The host of a URL; the rest may hold credentials and must not be shown."""
    host = urlsplit(value).hostname
    if not host:
        raise ValueError("not an address")
    return _id(host)


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", value, re.ASCII):
        raise ValueError("not a currency of ISO 4217")
    return sys.intern(value.upper())


def _number_converter(rule: FieldRule) -> Converter:
    if not rule.strip_prefixes and not rule.add_prefix:
        return Converter(partial(telephone, ()), _STR, passes=_are_plain_numbers)
    return Converter(_with_prefixes(telephone, rule), _STR)


def _whole_number_converter(rule: FieldRule) -> Converter:
    convert = _number_converter(rule).convert
    return Converter(lambda value: convert(str(value)), _STR | _INT)


def _phone_converter(rule: FieldRule) -> Converter:
    if not rule.strip_prefixes and not rule.add_prefix:
        return Converter(_phone, _STR, passes=_are_harmless)
    return Converter(_with_prefixes(_prefixed_phone, rule), _STR)


def _with_prefixes(read: Callable[[Sequence[str], str, str], str], rule: FieldRule) -> Convert:
    prefixes, added = tuple(rule.strip_prefixes), rule.add_prefix or ""
    return lambda value: read(prefixes, value, added)


def _amount_converter(rule: FieldRule) -> Converter:
    scale = Decimal(rule.scale or "1")
    return Converter(partial(_amount, scale), _NUMERIC, repeats=True)


def _iso_converter(rule: FieldRule) -> Converter:
    return Converter(iso_parser(parse_offset(rule.zone)), _STR, repeats=True)


def _compact_time(zone: tzinfo, value: str | int) -> float:
    """The time in ``20270115``, ``202701150800`` or ``20270115080000``."""
    text = str(value)
    form = _COMPACT.get(len(text))
    if form is None or not text.isascii() or not text.isdigit():
        raise ValueError("not a time")
    return in_range(datetime.strptime(text, form).replace(tzinfo=zone).timestamp())


def _compact_converter(rule: FieldRule) -> Converter:
    return Converter(partial(_compact_time, parse_offset(rule.zone)), _STR | _INT)


def _epoch(value: float | str) -> float:
    """The time of a stamp in seconds, or in milliseconds where it has more digits."""
    is_long = len(str(value).partition(".")[0]) > _SECONDS_DIGITS
    return (_MILLISECONDS if is_long else _SECONDS)(value)


def _always(converter: Converter) -> Factory:
    return lambda _rule: converter


CONVERTERS: Final[Mapping[str, Factory]] = {
    "text": _always(Converter(_text, _STR, repeats=True)),
    "word": _always(Converter(_word, _STR | _INT | frozenset({bool}), repeats=True)),
    "id": _always(Converter(_id, _STR | _INT, repeats=True)),
    "phone": _phone_converter,
    "number": _number_converter,
    "whole_number": _whole_number_converter,
    "amount": _amount_converter,
    "integer": _always(Converter(_integer, _STR | _INT, passes=_are_counts)),
    "boolean": _always(Converter(_boolean, frozenset({bool}), as_is=frozenset({bool}))),
    "currency": _always(Converter(_currency, _STR, repeats=True)),
    "iso": _iso_converter,
    "rfc2822": _always(Converter(parse_rfc2822, _STR)),
    "compact": _compact_converter,
    "epoch": _always(Converter(_epoch, _NUMERIC)),
    "epoch_s": _always(Converter(_SECONDS, _NUMERIC)),
    "epoch_ms": _always(Converter(_MILLISECONDS, _NUMERIC)),
    "texts": _always(Converter(_texts, frozenset({list}))),
    "length": _always(Converter(_list_length, frozenset({list}))),
    "schedule": _always(Converter(read_schedule, frozenset({list}))),
    "special_days": _always(Converter(read_special_days, frozenset({list}))),
    "menu": _always(Converter(read_menu, frozenset({list}))),
    "extensions": _always(Converter(read_extensions, frozenset({list}))),
    "lines": _always(Converter(read_lines, frozenset({dict}))),
    "url_host": _always(Converter(_url_host, _STR)),
}
"""Every converter a profile may name."""
