"""The area code of a caller, derived from its number (docs/reference/domain.md §1).

A landline number begins with its area code. The area of a mobile is in the geographic tables of
``phonenumbers``, where that package is installed: an area code is a mobile's own if the tables
name the same city for both.
"""

from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, Final

from agent.routing.caller import area_of, is_mobile, plain_number

_SUBSCRIBER: Final = "88888888"
"""Digits that make an area code a landline number, for which the tables have a city."""
_CHINA: Final = "+86"
_LANGUAGE: Final = "zh"


def area_of_caller(number: str, codes: Iterable[str]) -> str:
    """Returns the area code of ``number``; for a mobile, the one among ``codes`` that is its own.

    Empty if it is unknown.
    """
    plain = plain_number(number)
    if not is_mobile(plain):
        return area_of(plain)
    city = _city(plain)
    return next((code for code in codes if city and _city(code + _SUBSCRIBER) == city), "")


def is_outside(number: str, codes: Iterable[str]) -> bool:
    """Whether ``number`` is a mobile that is known to belong to none of the areas ``codes``."""
    plain = plain_number(number)
    if not is_mobile(plain):
        return False
    cities = [_city(code + _SUBSCRIBER) for code in codes]
    own = _city(plain)
    return bool(own and cities and all(cities)) and own not in cities


@lru_cache(maxsize=4096)
def _city(number: str) -> str:
    tables = _tables()
    if tables is None:
        return ""
    phonenumbers, geocoder = tables
    try:
        parsed = phonenumbers.parse(_CHINA + number.removeprefix("0"), None)
    except phonenumbers.NumberParseException:
        return ""
    return str(geocoder.description_for_number(parsed, _LANGUAGE))


@cache
def _tables() -> tuple[Any, Any] | None:
    """The package and its geocoder; ``None`` if the optional dependency is not installed."""
    try:
        return import_module("phonenumbers"), import_module("phonenumbers.geocoder")
    except ImportError:
        return None
