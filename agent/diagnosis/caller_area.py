"""The area code of a caller, derived from its number (docs/reference/domain.md §1).

A landline number begins with its area code. The area of a mobile is in the geographic tables of
``phonenumbers``, where that package is installed: an area code is a mobile's own if the tables
name the same city for both.
"""

import re
from collections.abc import Iterable
from typing import Final

from agent.diagnosis.area_table import AREAS
from agent.routing.caller import area_of, is_mobile, plain_number

_PROVINCE: Final = re.compile(r"^.*?(?:省|自治区)")
_SUBSCRIBER: Final = "88888888"
"""Digits that make an area code a landline number, for which the tables have a city."""


def area_of_caller(number: str, codes: Iterable[str]) -> str:
    """Returns the area code of ``number``; for a mobile, the one among ``codes`` that is its own.

    Empty if it is unknown.
    """
    plain = plain_number(number)
    if not is_mobile(plain):
        return area_of(plain)
    city = _city(plain)
    return next((code for code in codes if city and _has(_city(code + _SUBSCRIBER), city)), "")


def is_outside(number: str, codes: Iterable[str]) -> bool:
    """Whether ``number`` is a mobile that is known to belong to none of the areas ``codes``."""
    plain = plain_number(number)
    if not is_mobile(plain):
        return False
    cities = [_city(code + _SUBSCRIBER) for code in codes]
    own = _city(plain)
    return bool(own and cities and all(cities)) and not any(_has(city, own) for city in cities)


def _has(places: str, city: str) -> bool:
    """Whether ``city`` is one of the ``places`` of an area code, however its province is named."""
    return any(city.endswith(place) for place in _PROVINCE.sub("", places).split("、") if place)


def _city(number: str) -> str:
    """The city of a number; empty where it is not known, or not yet."""
    return AREAS.place_of(number.removeprefix("0"))
