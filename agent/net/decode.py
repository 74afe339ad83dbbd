"""JSON from outside, strictly: no key twice, no number that is not one, no guessing at bytes.

``json.loads`` keeps the last of two equal keys and takes ``NaN``; both turn a broken answer into
a wrong fact. The strict reading refuses them but calls Python for every object, so a quick
reading goes first and is kept only where it is proven to have lost nothing:

* every key of the text is followed by a colon; where no white space stands before a colon, each
  key contributes at least one ``":`` to the text, so ``keys <= text.count('":')``;
* the decoded tree can only have fewer keys than the text, never more;
* so if the tree has as many keys as the text has ``":``, no key was lost.

The same count bounds the walk: a tree has at most as many objects and arrays as the text has
``{`` and ``[``.
"""

import asyncio
import codecs
import json
import math
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

import msgspec
import numpy as np

from agent.net.exchange import Answer, ProviderError
from agent.states import PollFailure

THREAD_FROM: Final = 1024 * 1024
"""Bytes; a larger body is decoded in a thread so that the event loop goes on."""

_DEEPEST: Final = 100
_QUOTE: Final = ord('"')
_COLON: Final = ord(":")
_BRACE: Final = ord("{")
_CASE_BIT: Final = ord("{") ^ ord("[")
_SPACES: Final = (b" ", b"\t", b"\n", b"\r")
_CONTAINERS: Final = frozenset({dict, list})
_TEXT_CODECS: Final = frozenset(
    {"utf-8", "ascii", "gb2312", "gbk", "gb18030", "big5", "iso8859-1", "cp1252"}
    | {"utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le"}
)
"""Charsets that hold text; Python knows others that are compressions or escapes."""
_WIDER: Final = {"gb2312": "gb18030", "gbk": "gb18030", "ascii": "utf-8"}
"""Servers name the narrow charset and send the wide one, which has the narrow one inside."""

_quick = msgspec.json.Decoder()


async def decode_json(answer: Answer, what: str = "answer") -> Any:
    """The JSON value in ``answer``; ``what`` names it in errors.

    Raises:
        ProviderError: ``charset`` when the bytes are not text, ``decode`` when the text is not
            strict JSON.
    """
    if len(answer.body) > THREAD_FROM:
        return await asyncio.to_thread(decode_body, answer.body, answer.charset, what)
    return decode_body(answer.body, answer.charset, what)


def decode_body(body: bytes, charset: str | None = None, what: str = "answer") -> Any:
    """The JSON value in ``body``, as :func:`decode_json` but at once."""
    if charset is None or charset.lower() == "utf-8":
        try:
            tree = _quick.decode(body)
            if _lost_nothing(body, tree):
                return tree
        except (ValueError, RecursionError):
            pass  # the strict reading says what is wrong, or finds it right after all
    return decode_text(_text(body, charset, what), what)


def decode_text(text: str, what: str = "answer") -> Any:
    """The JSON value in ``text``, read strictly.

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
        raise _refusal(what, f"not JSON at character {error.pos}") from None
    except RecursionError:
        raise _refusal(what, f"nested deeper than {_DEEPEST}") from None
    except ValueError as error:
        raise _refusal(what, str(error)) from None
    if _depth(tree) > _DEEPEST:
        raise _refusal(what, f"nested deeper than {_DEEPEST}")
    return tree


def _refusal(what: str, why: str) -> ProviderError:
    return ProviderError(PollFailure.DECODE, f"{what}: {why}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object has the same key twice")
    return made


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
        # Most levels are all leaves: their kinds tell so without looking at each.
        leaves = _CONTAINERS.isdisjoint(map(type, children))
        level = [] if leaves else [node for node in children if type(node) in _CONTAINERS]


def _depth(tree: Any) -> int:
    return sum(1 for _ in _levels(tree))


def has_spaced_colon(body: bytes) -> bool:
    """Whether white space stands before any colon, so that keys cannot be counted."""
    # One byte is found far faster than two, and most bodies have none at all.
    return any(space in body and space + b":" in body for space in _SPACES)


def count_key_marks(body: bytes) -> int:
    """How many ``":`` the text has; much faster than ``bytes.count`` for as many as there are."""
    codes = np.frombuffer(body, np.uint8)
    return int(np.count_nonzero((codes[:-1] == _QUOTE) & (codes[1:] == _COLON)))


def _count_openings(body: bytes) -> int:
    """How many ``{`` and ``[`` the text has."""
    codes = np.frombuffer(body, np.uint8)
    return int(np.count_nonzero((codes | _CASE_BIT) == _BRACE))


def _lost_nothing(body: bytes, tree: Any) -> bool:
    """Whether ``tree`` is proven to hold every key of ``body``, within the depth allowed."""
    if has_spaced_colon(body):
        return False
    # Every object and array opens with a byte of its own: once so many were met, none is left,
    # and the leaves, by far the most values, need not be looked at.
    unmet = _count_openings(body)
    keys = depth = 0
    for objects, arrays in _levels(tree):
        keys += sum(map(len, objects))
        depth += 1
        unmet -= len(objects) + len(arrays)
        if not unmet:
            break
    return keys == count_key_marks(body) and depth <= _DEEPEST


def _text(body: bytes, charset: str | None, what: str) -> str:
    """``body`` as text: by the charset it names, then UTF-8, then GB18030, each strictly."""
    for name in filter(None, (_known(charset), "utf-8", "gb18030")):
        try:
            return body.decode(name).removeprefix("\ufeff")
        except ValueError:
            continue
    raise ProviderError(PollFailure.CHARSET, f"{what}: neither UTF-8 nor GB18030 text")


def _known(charset: str | None) -> str | None:
    try:
        name = codecs.lookup(charset or "utf-8").name
    except (LookupError, ValueError):
        return None
    return _WIDER.get(name, name) if name in _TEXT_CODECS else None
