"""Makes text safe to store, log, show and export: hostile characters and secrets are removed.

A lone surrogate makes every later scrape fail to encode, a line feed forges log lines, a
bidirectional control makes a page display something other than it says
(docs/reference/reliability.md §2).
"""

import base64
import html
import re
from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel

from agent.config.secret import Secret

SECRET_PLACEHOLDER = "<secret>"  # nosec B105 # what stands in for one
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

_LONGEST_SPELLED = 128
"""Characters; a longer secret, such as a token, is looked for by its pieces: a pattern with every
spelling of each of its characters would take a second to compile."""
_PIECE = 16
"""Characters of a piece; no ordinary text contains so many of a secret by chance."""

_SHORTEST_ENCODED = 6
"""Characters; fewer of base64 occur in ordinary words."""
_BASE64_SPELLINGS = {"+": r"(?:\+|-|%2[Bb])", "/": r"(?:\\?/|_|%2[Ff])"}
"""The two letters of base64 that are spelled otherwise in addresses and JSON."""

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
    """Replaces secrets, and the query and user part of every URL, in texts.

    A peer may echo a secret in any spelling, so each of its characters is recognized as it is,
    percent-encoded (twice, too), escaped as in JSON and as in HTML; and the whole as hexadecimal
    digits and inside base64, whatever stands before it there (``user:secret``). Of a very long
    one every piece is recognized, and what is written together with it is removed as well.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        # The longest first: a secret may be part of another one.
        plain = sorted({secret.reveal() for secret in secrets}, key=len, reverse=True)
        self._pieces = tuple(
            piece for text in plain if len(text) > _LONGEST_SPELLED for piece in _pieces(text)
        )
        plain = [text for text in plain if _SHORTEST_SECRET <= len(text) <= _LONGEST_SPELLED]
        self._spelled = _any_of(map(_spellings, plain))
        self._encoded = _any_of(
            pattern for secret in plain for pattern in _encodings(secret.encode())
        )

    def __call__(self, text: str) -> str:
        """``text`` with ``<secret>`` in place of every secret."""
        text = _URL_QUERY.sub(rf"\1?{SECRET_PLACEHOLDER}", text)
        text = _URL_USER.sub(rf"\1{SECRET_PLACEHOLDER}@", text)
        if self._spelled is not None:
            text = self._spelled.sub(SECRET_PLACEHOLDER, text)
        if self._encoded is not None:
            text = _without_runs(text, self._encoded.finditer(text))
        found = [piece for piece in self._pieces if piece in text]
        if found:
            text = _without_runs(text, re.finditer(_any_text(found), text))
        return text


def secrets_in(value: object) -> Iterator[Secret]:
    """Every secret in a section of the configuration, those in its sections included."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secrets_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from secrets_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secrets_in(item)


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    alternatives = "|".join(patterns)
    return re.compile(alternatives) if alternatives else None


def _spellings(secret: str) -> str:
    """A pattern for ``secret``, each of its characters in any spelling."""
    return "".join(map(_character, secret))


def _character(character: str) -> str:
    content, point = character.encode("utf-8", "surrogatepass"), ord(character)
    percent = "".join(f"%(?:25)?(?i:{byte:02x})" for byte in content)
    units = character.encode("utf-16-be", "surrogatepass").hex()
    escaped = "".join(rf"\\u(?i:{units[at : at + 4]})" for at in range(0, len(units), 4))
    named = html.escape(character)
    forms = [
        rf"\\?{re.escape(character)}",
        percent,
        escaped,
        rf"&#0*{point};",
        rf"&#[xX]0*(?i:{point:x});",
        *([re.escape(named)] if named != character else []),
        *([r"\+"] if character == " " else []),
    ]
    return f"(?:{'|'.join(forms)})"


def _encodings(secret: bytes) -> Iterator[str]:
    """Patterns for what base64 and hexadecimal encodings of ``secret`` contain."""
    for at in range(3):
        # Of the characters at both ends some bits belong to what stands beside the secret.
        text = base64.b64encode(bytes(at) + secret).decode().rstrip("=")
        first, last = -(-at * 8 // 6), (at + len(secret)) * 8 // 6
        part = text[first:last]
        if len(part) >= _SHORTEST_ENCODED:
            yield "".join(_BASE64_SPELLINGS.get(letter, letter) for letter in part)
    if 2 * len(secret) >= _SHORTEST_ENCODED:
        yield f"(?i:{secret.hex()})"


def _pieces(secret: str) -> Iterator[str]:
    """Pieces of which every text has one that repeats much of ``secret``, encoded or not."""
    content = secret.encode("utf-8", "surrogatepass")
    yield from _cut(secret)
    for at in range(3):
        encoded = base64.b64encode(bytes(at) + content).decode().rstrip("=")
        # The ends share bits with what stands beside the secret.
        yield from _cut(encoded[4:-4])
    yield from _cut(content.hex())


def _cut(text: str) -> Iterator[str]:
    for at in range(0, len(text) - _PIECE + 1, _PIECE):
        yield text[at : at + _PIECE]


def _any_text(texts: Iterable[str]) -> str:
    return "|".join(map(re.escape, texts))


def _without_runs(text: str, matches: Iterable[re.Match[str]]) -> str:
    """``text`` without the runs of base64 characters that contain one of ``matches``."""
    parts: list[str] = []
    position = 0
    for match in matches:
        if match.start() < position:
            continue
        start, end = match.span()
        while start > position and _is_base64(text[start - 1]):
            start -= 1
        while end < len(text) and _is_base64(text[end]):
            end += 1
        parts += (text[position:start], SECRET_PLACEHOLDER)
        position = end
    return "".join((*parts, text[position:]))


def _is_base64(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character in "+/-_=%")
