"""Callers, and the lists and regions that stop them (docs/reference/domain.md §1)."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agent.masking import mask_phone, mask_text

_COUNTRY_CODE: Final = re.compile(r"(?:\+|00)86")
_BARE_COUNTRY_CODE: Final = re.compile(
    r"^86(?=0?1[3-9]\d{9}$|0?[2-9]\d{8,10}$|0?10\d{8}$)", re.ASCII
)
"""The country code without a plus: no number in China is as long and begins with 86."""
_PUNCTUATION: Final = re.compile(r"^tel:|[\s\-‐-―－.()·/]", re.IGNORECASE)
_ABROAD: Final = re.compile(r"(?:\+|00)[1-9]\d{4,}", re.ASCII)
_SHARED_COST: Final = re.compile(r"[48]00\d{7}", re.ASCII)
_MOBILE: Final = re.compile(r"1[3-9]\d{9}", re.ASCII)
_PRIVACY: Final = re.compile(r"700\d{12}", re.ASCII)
_NO_AREA: Final = ("0", "400", "700", "800")
"""What no 0 precedes: 700 begins privacy numbers of 15 digits, which have no region."""
_SHORT_AREAS: Final = ("010", "02")
_SHORT_AREA = 3
_LONG_AREA = 4
_IMPERSONAL = 6
TRUNK_PREFIX: Final = "0"
"""The digit that precedes an area code."""


@dataclass(frozen=True)
class Caller:
    """A caller; rules about a part that is empty, hence unknown, are skipped."""

    number: str = ""
    """As the platform sees it: mobiles without a leading 0, landlines with their area code."""
    area: str = ""
    """The area code; of a mobile only where it is given."""
    carrier: str = ""

    @classmethod
    def of(cls, number: str, area: str = "", carrier: str = "") -> "Caller":
        """Return the caller with ``number`` in any notation; a landline's area is in its number."""
        plain = caller_number(number)
        return cls(plain, area or area_of(plain), carrier)


def plain_number(number: str) -> str:
    """``number`` without punctuation, country code, and a mobile's redundant leading 0."""
    digits = _without_punctuation(number)
    country_code = _COUNTRY_CODE.match(digits)
    if country_code:
        # After the country code an area code is dialled without its 0.
        national = digits[country_code.end() :]
        digits = national if national.startswith(_NO_AREA) else TRUNK_PREFIX + national
    mobile = digits.removeprefix(TRUNK_PREFIX)
    return mobile if _MOBILE.fullmatch(mobile) else digits


def caller_number(number: str) -> str:
    """A caller's number in plain digits, in any usual notation.

    Records and people also write the country code without its plus, which a bound phone, being
    dialled as it stands, must not have.
    """
    return plain_number(_BARE_COUNTRY_CODE.sub("+86", _without_punctuation(number)))


def is_abroad(number: str) -> bool:
    """Whether ``number``, in plain digits, has the country code of another country.

    Calls from abroad, Hong Kong, Macau and Taiwan included, do not reach a 400 number by
    themselves: it depends on the operator there (docs/reference/domain.md §1, §8).
    """
    return _ABROAD.fullmatch(number) is not None


def is_hotline(number: str) -> bool:
    """Whether ``number``, in plain digits, is a 400 or 800 number, which only takes calls."""
    return _SHARED_COST.fullmatch(number) is not None


def is_privacy_number(number: str) -> bool:
    """Whether ``number``, in plain digits, stands in for another one for a while.

    Since July 2025 such numbers of marketplaces and couriers have 15 digits and begin with 700.
    They have no region, and calls back to them stop getting through when they expire.
    """
    return _PRIVACY.fullmatch(number) is not None


def area_of(number: str) -> str:
    """The area code at the head of a landline's number; empty where there is none."""
    if not number.startswith(TRUNK_PREFIX):
        return ""
    size = _SHORT_AREA if number.startswith(_SHORT_AREAS) else _LONG_AREA
    return number[:size] if len(number) >= size else ""


def mask_entry(entry: str) -> str:
    """A list entry for display; an area code or a few leading digits identify nobody."""
    if not entry.lstrip("+").isdigit():
        return mask_text(entry)
    return entry if len(entry) <= _IMPERSONAL else mask_phone(entry)


def _without_punctuation(number: str) -> str:
    # Full-width digits and brackets are usual where Chinese is typed.
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", number).strip())


def is_mobile(number: str) -> bool:
    """Whether ``number``, in plain digits, is a mainland mobile's."""
    return _MOBILE.fullmatch(number) is not None


def matching_entry(entries: Sequence[str], number: str) -> str:
    """The longest entry of a black or white list that ``number`` begins with; empty for none.

    Entries are full numbers, area codes or leading digits, never trailing digits
    (docs/reference/domain.md §1).
    """
    hits = [entry for entry in entries if entry and number.startswith(entry)]
    return max(hits, key=len, default="")


def matching_area(entries: Sequence[str], area: str) -> str:
    """The longest entry of a region rule that ``area`` begins with; empty for none.

    Regions are area codes, nothing finer (docs/reference/domain.md §1).
    """
    return matching_entry(entries, area)
