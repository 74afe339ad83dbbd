"""Query strings as RFC 3986 writes them: one spelling for the wire and for signatures."""

import re
from collections.abc import Iterable
from urllib.parse import quote

_PLAIN = re.compile(r"[A-Za-z0-9._~-]*", re.ASCII)


def encode(text: str) -> str:
    """``text`` percent-encoded, all but letters, digits and ``-._~``."""
    return text if _PLAIN.fullmatch(text) else quote(text, safe="-._~")


def encode_query(params: Iterable[tuple[str, str]]) -> str:
    """``a=1&b=2`` in the order given."""
    return "&".join([f"{encode(name)}={encode(value)}" for name, value in params])


def sorted_query(params: Iterable[tuple[str, str]]) -> str:
    """``a=1&b=2`` in the order of names, then values."""
    return encode_query(sorted(params))
