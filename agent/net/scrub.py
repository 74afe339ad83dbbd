"""Makes text safe to store, log, show and export: hostile characters and secrets are removed.

A lone surrogate makes every later scrape fail to encode, a line feed forges log lines, a
bidirectional control makes a page display something other than it says
(docs/reference/reliability.md §2).
"""

import re
from collections.abc import Iterable
from urllib.parse import quote

from agent.config.secret import Secret

SECRET_PLACEHOLDER = "<secret>"  # noqa: S105 - what stands in for one
"""Replaces a secret in text."""

_LINE_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_HOSTILE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls
    "\ufeff\ufff9-\ufffb"  # byte order mark, interlinear annotation
    "\ud800-\udfff"  # lone surrogates
    "]+"
)

_SHORTEST_SECRET = 4
"""Characters; replacing a shorter secret would garble ordinary words that contain it."""

_URL_QUERY = re.compile(r"(https?://[^\s?#'\"]*)[?#][^\s'\"]*", re.IGNORECASE)
_URL_USER = re.compile(r"(https?://)[^\s/@]+@", re.IGNORECASE)


def scrub(text: str, limit: int = 200) -> str:
    """``text`` without control characters, bidirectional controls and lone surrogates.

    Line breaks and tabs become one space. The result has at most ``limit`` characters; a text
    that was cut ends in ``…``.
    """
    if not text.isprintable():
        # Cut first: a hostile megabyte must not be searched to its end.
        text = _HOSTILE.sub("", _LINE_BREAKS.sub(" ", text[: 4 * limit + 1])).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Redactor:
    """Replaces an account's secrets, and the query and user part of every URL, in texts.

    A secret is recognized as it is and percent-encoded.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        plain = {secret.reveal() for secret in secrets}
        spellings = plain | {quote(value, safe="") for value in plain}
        # The longest first: a secret may be part of another one.
        replaced = sorted(
            (text for text in spellings if len(text) >= _SHORTEST_SECRET), key=len, reverse=True
        )
        self._secrets = re.compile("|".join(map(re.escape, replaced))) if replaced else None

    def __call__(self, text: str) -> str:
        """``text`` with ``<secret>`` in place of every secret."""
        text = _URL_QUERY.sub(rf"\1?{SECRET_PLACEHOLDER}", text)
        text = _URL_USER.sub(rf"\1{SECRET_PLACEHOLDER}@", text)
        return self._secrets.sub(SECRET_PLACEHOLDER, text) if self._secrets else text
