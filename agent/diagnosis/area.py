"""The area a caller calls from, as far as its number tells (domain.md §1, region rule).

A landline shows its area code. A mobile's area is in the tables of ``phonenumbers``, where that
is installed: a code is the caller's when both belong to the same place.
"""

from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

from agent.routing.caller import area_of, is_mobile, plain_number

_SUBSCRIBER = "88888888"
_CHINA = "+86"
_LANGUAGE = "zh"


def area_of_caller(number: str, codes: Iterable[str]) -> str:
    """The area code of ``number``; for a mobile the one of ``codes`` that is its own.

    Empty where it is not known.
    """
    plain = plain_number(number)
    if not is_mobile(plain):
        return area_of(plain)
    place = _place(plain)
    return next((code for code in codes if place and _place(code + _SUBSCRIBER) == place), "")


def lies_elsewhere(number: str, codes: Iterable[str]) -> bool:
    """Whether a mobile is known to belong to none of ``codes``."""
    plain = plain_number(number)
    if not is_mobile(plain):
        return False
    places = [_place(code + _SUBSCRIBER) for code in codes]
    own = _place(plain)
    return bool(own and places and all(places)) and own not in places


@lru_cache(maxsize=4096)
def _place(number: str) -> str:
    tables = _tables()
    if tables is None:
        return ""
    phones, places = tables
    try:
        parsed = phones.parse(_CHINA + number.removeprefix("0"), None)
    except phones.NumberParseException:
        return ""
    return str(places.description_for_number(parsed, _LANGUAGE))


@cache
def _tables() -> tuple[Any, Any] | None:
    try:
        return import_module("phonenumbers"), import_module("phonenumbers.geocoder")
    except ImportError:
        return None
