"""People's phones to plant: one for each field, so that one that is seen says where it was planted.

A phone is recognized in whatever spelling it comes out: what is no digit is left out of a text
first, and digits of all scripts are digits.
"""

import html
import re
import unicodedata
from typing import Any
from urllib.parse import unquote

_ARABIC_ZERO = 0x0660
_FULLWIDTH_ZERO = 0xFF10
_SHOWN = 9
"""Digits of a phone, at its beginning or its end, that are as good as all."""
_LONG_RUN = re.compile(rf"[0-9]{{{_SHOWN},}}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_NO_LETTER = re.compile(r"[^\w*]+|_+")


def _script(zero: int, phone: str) -> str:
    return "".join(chr(zero + int(it)) if it.isdigit() else it for it in phone)


def _groups(separator: str, phone: str) -> str:
    return f"{phone[:3]}{separator}{phone[3:7]}{separator}{phone[7:]}"


SPELLINGS = (
    lambda phone: phone,
    lambda phone: _groups(" ", phone),
    "\u200b".join,
    lambda phone: _script(_FULLWIDTH_ZERO, phone),
    "/".join,
    "_".join,
    lambda phone: f"u-{phone}",
    lambda phone: f"+86-{_groups('-', phone)}",
    lambda phone: _groups("\u00ad", phone),
    lambda phone: _script(_ARABIC_ZERO, phone),
    lambda phone: _groups("\u2060\u200d", phone),
    lambda phone: _script(_FULLWIDTH_ZERO, _groups("/", phone)),
)
"""Ways in which people, and whoever wants to get by a mask, write a phone."""


class PlantedPhones:
    """Phones, and the field in which each of them was planted.

    Args:
        first: The spelling of the first field; the next field has the next one.
    """

    def __init__(self, first: int = 0) -> None:
        self.fields: dict[str, str] = {}
        self._first = first

    def phone(self, field: str) -> str:
        """A phone for ``field``, in plain digits."""
        count = len(self.fields)
        hidden = (count * 7_919 + 1_234_567) % 10_000_000
        phone = f"1{'3589'[count % 4]}{count % 10}{hidden:07d}{(count * 3) % 10}"
        self.fields[phone] = field
        return phone

    def spelled(self, field: str) -> str:
        """A phone for ``field``, in some spelling."""
        spelling = SPELLINGS[(self._first + len(self.fields)) % len(SPELLINGS)]
        return spelling(self.phone(field))

    def identifier(self, field: str) -> str:
        """A phone for ``field``, which takes characters only that are seen."""
        phone = self.phone(field)
        seen = [made for spelling in SPELLINGS if (made := spelling(phone)).isprintable()]
        return seen[(self._first + len(self.fields)) % len(seen)]

    def text(self, field: str) -> str:
        """A text for ``field`` with a phone in it."""
        return f"call {self.spelled(field)} now"

    def filled(self, field: str, value: Any) -> Any:
        """``value``, of JSON's types, with a text in the place of every ``...``."""
        if value is ...:
            return self.text(field)
        if isinstance(value, list):
            return [self.filled(f"{field}[]", item) for item in value]
        if isinstance(value, dict):
            return {name: self.filled(f"{field}.{name}", item) for name, item in value.items()}
        return value

    def leaks(self, text: str) -> set[str]:
        """The fields whose phones can be read from ``text``, but for two digits of them."""
        runs = _LONG_RUN.findall(_compact(text))
        parts = {run[at : at + _SHOWN] for run in runs for at in range(len(run) - _SHOWN + 1)}
        return {
            field
            for phone, field in tuple(self.fields.items())  # a server plants meanwhile
            if phone[-_SHOWN:] in parts or phone[:_SHOWN] in parts
        }


def _compact(text: str) -> str:
    """``text`` without what is neither a letter nor a digit; asterisks stay."""
    plain = _ESCAPE.sub(lambda it: chr(int(it[1], 16)), html.unescape(unquote(text)))
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain)
        plain = _FOREIGN_DIGIT.sub(lambda it: str(unicodedata.digit(it[0])), plain)
    return _NO_LETTER.sub("", plain)
