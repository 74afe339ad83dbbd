"""Numbers as people write them, brought to the digits that providers know."""

import re

_NOISE = re.compile(r"[\s\-‐-―－.()（）·]")
_CHINA = re.compile(r"(?:\+|00)86(?=\d{9,})")


def plain_digits(number: str) -> str:
    """``number`` without separators and without the country code of China."""
    return _CHINA.sub("", _NOISE.sub("", number), count=1)
