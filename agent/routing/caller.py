"""Who calls, as far as a number tells it (domain.md §1, region rule and lists)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agent.masking import mask_phone, mask_text

_ABROAD: Final = re.compile(r"(?:\+|00)86")
_PUNCTUATION: Final = str.maketrans("", "", " -().")
_MOBILE: Final = re.compile(r"1[3-9]\d{9}", re.ASCII)
_NO_AREA: Final = ("0", "400", "800")
_SHORT_AREAS: Final = ("010", "02")
_SHORT_AREA = 3
_LONG_AREA = 4
_NOBODYS = 6
TRUNK_PREFIX: Final = "0"
"""What a number with an area code begins with."""


@dataclass(frozen=True)
class Caller:
    """A caller; what is empty is not known, and then no rule about it is asked."""

    number: str = ""
    """As the platform sees it: mobiles without a leading 0, landlines with their area code."""
    area: str = ""
    """The area code; of a mobile only where someone told it."""
    carrier: str = ""

    @classmethod
    def of(cls, number: str, area: str = "", carrier: str = "") -> "Caller":
        """The caller with that number, however it is written; a landline tells its area."""
        plain = plain_number(number)
        return cls(plain, area or area_of(plain), carrier)


def plain_number(number: str) -> str:
    """``number`` without punctuation, country code, and a mobile's idle leading 0."""
    digits = number.translate(_PUNCTUATION)
    abroad = _ABROAD.match(digits)
    if abroad:
        # Abroad an area code is dialled without its 0.
        home = digits[abroad.end() :]
        digits = home if home.startswith(_NO_AREA) else TRUNK_PREFIX + home
    mobile = digits.removeprefix(TRUNK_PREFIX)
    return mobile if _MOBILE.fullmatch(mobile) else digits


def area_of(number: str) -> str:
    """The area code at the head of a landline's number; empty where there is none."""
    if not number.startswith(TRUNK_PREFIX):
        return ""
    size = _SHORT_AREA if number.startswith(_SHORT_AREAS) else _LONG_AREA
    return number[:size] if len(number) >= size else ""


def entry_words(entry: str) -> str:
    """An entry of a list fit to be shown: an area code or a few leading digits are nobody's."""
    if not entry.lstrip("+").isdigit():
        return mask_text(entry)
    return entry if len(entry) <= _NOBODYS else mask_phone(entry)


def is_mobile(number: str) -> bool:
    """Whether ``number`` is a mainland mobile's, written plainly."""
    return _MOBILE.fullmatch(number) is not None


def listed(entries: Sequence[str], number: str) -> str:
    """The entry of a black or white list that ``number`` is under, the longest if several.

    Entries are full numbers, area codes or leading digits, never trailing digits
    (domain.md §1, lists). Empty when there is none.
    """
    hits = [entry for entry in entries if entry and number.startswith(entry)]
    return max(hits, key=len, default="")


def in_areas(entries: Sequence[str], area: str) -> str:
    """The entry of a region rule that ``area`` is under: an area code, nothing finer.

    Empty when there is none (domain.md §1, region rule).
    """
    hits = [entry for entry in entries if entry and area.startswith(entry)]
    return max(hits, key=len, default="")
