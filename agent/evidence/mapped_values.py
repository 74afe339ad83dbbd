"""Leaves out of an answer's text what no field reads: only what is mapped is evidence.

Answers hold more than a profile asks for, such as passwords of SIP accounts or the headers that a
request was signed with. The text may be a part of a JSON document, so it is not decoded.
"""

import re
from typing import Final

LEFT_OUT: Final = '"[not mapped]"'
"""What stands for a value that no field reads."""

_TEXT: Final = r'"(?:[^"\\]|\\.)*"'
_SCALAR: Final = rf"(?:{_TEXT}|-?\d[\d.eE+-]*|true|false)"
_VALUE: Final = rf"(?:{_SCALAR}|\[\s*{_SCALAR}(?:\s*,\s*{_SCALAR})*\s*\])"
_MEMBER: Final = re.compile(rf"({_TEXT})(\s*:\s*){_VALUE}")
_WITHOUT_KEY: Final = re.compile(rf"\s*:\s*{_VALUE}")
_SECRET: Final = re.compile(
    r"passw|pwd|secret|token|signature|m7-|\bsign\b|authorization|credential", re.IGNORECASE
)
"""Keys whose values are left out where it is not known what is mapped."""


def only_mapped(text: str, keys: frozenset[str] | None) -> str:
    """``text`` without the values of keys that are not among ``keys``.

    Where ``keys`` is ``None`` only what is a secret by its name is left out. Objects stay, with
    what is mapped in them; lists of texts and numbers are values.
    """
    # A value whose key was cut off may be anything.
    if cut := _WITHOUT_KEY.match(text):
        text = f": {LEFT_OUT}{text[cut.end() :]}"

    def keep(member: re.Match[str]) -> str:
        key = member[1][1:-1]
        is_kept = not _SECRET.search(key) if keys is None else key in keys
        return member[0] if is_kept else f"{member[1]}{member[2]}{LEFT_OUT}"

    return _MEMBER.sub(keep, text)
