"""Decodes JSON strictly: no duplicate keys, no NaN or Infinity, no guessing of the charset.

``json.loads`` takes the last of two equal keys and accepts ``NaN``; both turn a broken answer
into a wrong fact. The strict decoder refuses them but calls Python code for every object, so a
fast decoder goes first, and its result is used only where it is proven to have lost no key:

* every key of the text is followed by a colon, so ``keys <= text.count(':')``; where no white
  space precedes a colon, each key contributes one ``":`` to the text, so
  ``keys <= text.count('":')`` too;
* the decoded tree can only have fewer keys than the text, never more;
* so if the tree has as many keys as the text has ``:`` or ``":``, no key was lost.

The same count bounds the walk: a tree has at most as many objects and arrays as the text has
``{`` and ``[``.
"""

import codecs
import json
import math
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

import msgspec
import numpy as np

from agent.net.exchange import Answer, ProviderError
from agent.net.reading import INLINE_BYTES, read_in_thread
from agent.states import PollFailure

MAX_CONTAINERS: Final = 250_000
"""The most objects and arrays one answer may have; one call that makes more holds the interpreter
lock, and with it the event loop, too long, in whatever thread."""
MAX_VALUES: Final = 2_000_000
"""The most commas one answer may have, and so about its values."""

_MAX_DEPTH: Final = 100
_QUOTE: Final = ord('"')
_COLON: Final = ord(":")
_COMMA: Final = ord(",")
_BRACE: Final = ord("{")
_CASE_BIT: Final = ord("{") ^ ord("[")
_WHITE_SPACE: Final = (b" ", b"\t", b"\n", b"\r")
_CONTAINERS: Final = frozenset({dict, list})
_TEXT_CODECS: Final = frozenset(
    {"utf-8", "ascii", "gb2312", "gbk", "gb18030", "big5", "iso8859-1", "cp1252"}
    | {"utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le"}
)
"""Codecs that decode text; Python has others that decompress or resolve escapes."""
_SUPERSETS: Final = {"gb2312": "gb18030", "gbk": "gb18030", "ascii": "utf-8"}
"""Servers name a charset and send characters of its superset; decoding by that reads both."""

_fast_decoder = msgspec.json.Decoder()


async def decode_json(answer: Answer, label: str = "answer") -> Any:
    """Decode the body of ``answer``; ``label`` names it in errors.

    Raises:
        ProviderError: ``charset`` when the bytes are not text, ``decode`` when the text is not
            strict JSON, ``too_many`` when it has too many values.
    """
    if len(answer.body) > INLINE_BYTES:
        return await read_in_thread(decode_body, answer.body, answer.charset, label)
    return decode_body(answer.body, answer.charset, label)


def decode_body(body: bytes, charset: str | None = None, label: str = "answer") -> Any:
    """Decode ``body`` as :func:`decode_json` does, in the calling thread."""
    check_count(body, label)
    if charset is None or charset.lower() == "utf-8":
        try:
            tree = _fast_decoder.decode(body)
            if _has_every_key(body, tree):
                return tree
        except (ValueError, RecursionError):
            pass  # the strict decoder names the mistake, or accepts the text after all
    return decode_text(_text(body, charset, label), label)


def check_count(body: bytes, label: str = "answer") -> None:
    """Require that ``body`` does not have too many values.

    Raises:
        ProviderError: ``too_many`` when it has.
    """
    for limit, count, what in (
        (MAX_CONTAINERS, _count_openings, "objects and lists"),
        (MAX_VALUES, _count_commas, "values"),
    ):
        if len(body) > limit and count(body) > limit:
            raise ProviderError(
                PollFailure.TOO_MANY, f"{label}: one answer has more than {limit} {what}"
            )


def decode_text(text: str, label: str = "answer") -> Any:
    """Decode ``text`` strictly.

    Raises:
        ProviderError: ``decode`` when the text is not strict JSON.
    """
    try:
        tree = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
        )
    except json.JSONDecodeError as error:
        raise _decode_error(label, f"not JSON at character {error.pos}") from None
    except RecursionError:
        raise _decode_error(label, f"nested deeper than {_MAX_DEPTH}") from None
    except ValueError as error:
        raise _decode_error(label, str(error)) from None
    if _depth(tree) > _MAX_DEPTH:
        raise _decode_error(label, f"nested deeper than {_MAX_DEPTH}")
    return tree


def _decode_error(label: str, why: str) -> ProviderError:
    return ProviderError(PollFailure.DECODE, f"{label}: {why}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has the same key twice")
    return members


def _constant(_word: str) -> float:
    raise ValueError("NaN or Infinity is not a JSON number")


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _levels(tree: Any) -> Iterator[tuple[list[dict[str, Any]], list[list[Any]]]]:
    """The objects and the arrays of every level of nesting, from the root down."""
    level = [tree] if type(tree) in _CONTAINERS else []
    while level:
        objects = [node for node in level if type(node) is dict]
        arrays = [node for node in level if type(node) is list]
        yield objects, arrays
        children = list(chain(chain.from_iterable(map(dict.values, objects)), *arrays))
        # Most levels are all leaves: the set of their types shows it without a Python loop.
        leaves = _CONTAINERS.isdisjoint(map(type, children))
        level = [] if leaves else [node for node in children if type(node) in _CONTAINERS]


def _depth(tree: Any) -> int:
    return sum(1 for _ in _levels(tree))


def has_spaced_colon(body: bytes) -> bool:
    """Whether white space precedes any colon, so that keys cannot be counted."""
    # One byte is searched far faster than two, and most bodies contain no white space at all.
    return any(space in body and space + b":" in body for space in _WHITE_SPACE)


def count_colons(body: bytes) -> int:
    """The number of ``:`` in the text: at least that of its keys, however they are spaced."""
    return int(np.count_nonzero(np.frombuffer(body, np.uint8) == _COLON))


def count_key_marks(body: bytes) -> int:
    """The number of ``":`` in the text; much faster than ``bytes.count`` when there are many."""
    codes = np.frombuffer(body, np.uint8)
    return int(np.count_nonzero((codes[:-1] == _QUOTE) & (codes[1:] == _COLON)))


def has_no_more_keys(body: bytes, keys: int) -> bool:
    """Whether the text is proven to have no more than ``keys`` keys, repeated ones counted."""
    # A colon follows every key, however it is spaced. Where there are others, in times and
    # addresses, they are told apart.
    return count_colons(body) <= keys or (
        not has_spaced_colon(body) and count_key_marks(body) <= keys
    )


def _count_openings(body: bytes) -> int:
    """The number of ``{`` and ``[`` in the text."""
    codes = np.frombuffer(body, np.uint8)
    return int(np.count_nonzero((codes | _CASE_BIT) == _BRACE))


def _count_commas(body: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(body, np.uint8) == _COMMA))


def _has_every_key(body: bytes, tree: Any) -> bool:
    """Whether ``tree`` is proven to hold every key of ``body`` and is not nested too deeply."""
    # Every object and array opens with a byte of its own: once that many were visited, none is
    # left, and the leaves, by far the most values, need not be visited.
    unvisited = _count_openings(body)
    keys = depth = 0
    for objects, arrays in _levels(tree):
        keys += sum(map(len, objects))
        depth += 1
        unvisited -= len(objects) + len(arrays)
        if not unvisited:
            break
    return has_no_more_keys(body, keys) and depth <= _MAX_DEPTH


def _text(body: bytes, charset: str | None, label: str) -> str:
    """``body`` as text: by the charset named for it, then UTF-8, then GB18030, each strictly."""
    for name in filter(None, (_codec_name(charset), "utf-8", "gb18030")):
        try:
            return body.decode(name).removeprefix("\ufeff")
        except ValueError:
            continue
    raise ProviderError(PollFailure.CHARSET, f"{label}: neither UTF-8 nor GB18030 text")


def _codec_name(charset: str | None) -> str | None:
    try:
        name = codecs.lookup(charset or "utf-8").name
    except (LookupError, ValueError):
        return None
    return _SUPERSETS.get(name, name) if name in _TEXT_CODECS else None
