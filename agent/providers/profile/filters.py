"""Filters of templates: what ``{name|filter}`` does to the value before it is filled in.

Values are texts. Raw bytes, such as a binary digest, travel in them as Python's surrogate escapes,
so that a text and raw bytes can stand side by side in one message and nothing of them is lost.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote_plus

from agent.net.urls import encode

NUMBER_FILTER: Final = "number"
"""The filter by which a text of a JSON body is sent as a number."""
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,17})?", re.ASCII)


def to_bytes(text: str) -> bytes:
    """The bytes of ``text``: UTF-8, and raw bytes as they were."""
    return text.encode("utf-8", "surrogateescape")


def from_bytes(raw: bytes) -> str:
    """Raw bytes as a text that :func:`to_bytes` turns back into the same bytes."""
    return raw.decode("utf-8", "surrogateescape")


def base64_text(raw: bytes) -> str:
    """``raw`` in base64 with padding."""
    return base64.b64encode(raw).decode("ascii")


def base64url_text(raw: bytes) -> str:
    """``raw`` in the alphabet of base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def hash_bytes(algorithm: str, raw: bytes) -> bytes:
    """The plain hash of ``raw``."""
    # MD5 and SHA-1 are what some providers' signatures are made of; nothing of ours rests on them.
    return hashlib.new(algorithm, raw, usedforsecurity=False).digest()


def _hashed(algorithm: str) -> Callable[[str], str]:
    return lambda text: hash_bytes(algorithm, to_bytes(text)).hex()


def _unbase64(text: str) -> str:
    padded = text.replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not base64") from error
    return from_bytes(raw)


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError("is no number")
    return text


def _unhex(text: str) -> str:
    try:
        return from_bytes(bytes.fromhex(text))
    except ValueError as error:
        raise ValueError("is not hexadecimal") from error


FILTERS: Final[Mapping[str, Callable[[str], str]]] = {
    "base64": lambda text: base64_text(to_bytes(text)),
    "base64url": lambda text: base64url_text(to_bytes(text)),
    "unbase64": _unbase64,
    "hex": lambda text: to_bytes(text).hex(),
    "unhex": _unhex,
    "md5": _hashed("md5"),
    "sha1": _hashed("sha1"),
    "sha256": _hashed("sha256"),
    "upper": str.upper,
    "lower": str.lower,
    "url": encode,
    "form": quote_plus,
    NUMBER_FILTER: _number,
    "no_slash": lambda text: text.rstrip("/"),
}
"""The filters by name; ``docs/profiles.md`` lists them for who writes a profile.

``md5``, ``sha1`` and ``sha256`` give lower-case hexadecimal digits; ``unbase64`` and ``unhex`` give
raw bytes, for keys that a provider hands out encoded; ``url`` leaves only the unreserved characters
of RFC 3986, ``form`` writes a space as ``+``; ``no_slash`` takes slashes off the end; ``number``
refuses what is no number.
"""

FROM_RAW: Final = frozenset({"base64", "base64url", "hex", "md5", "sha1", "sha256"})
"""Filters whose result is text whatever bytes the value holds."""
