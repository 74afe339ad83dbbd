"""What stands in a value of the store, whatever it is encoded as, and the value without a person.

Stored documents are JSON or MessagePack, some compressed. They are read without knowing what they
are, so that a table or a document that is new is searched like any other.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

Change = Callable[[str], str]


@dataclass(frozen=True)
class Content:
    """A value of the store, read.

    Args:
        value: Text, or what a document is made of.
        encode: The value for the store again.
    """

    value: Any
    encode: Callable[[Any], Any]

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text, with the names and positions that lead to it."""
        yield from _texts(self.value, "")

    def changed(self, change: Change) -> Any:
        """The value for the store with ``change`` applied to every text."""
        return self.encode(_changed(self.value, change))


def read_content(stored: Any) -> Content | None:
    """The content of a column's value; ``None`` where it has no texts."""
    if isinstance(stored, str):
        return Content(stored, lambda value: value)
    if not isinstance(stored, bytes | memoryview):
        return None
    raw = bytes(stored)
    try:
        inner = read_content(zlib.decompress(raw))
    except zlib.error:
        return _document(raw)
    if inner is None:
        return None
    return Content(inner.value, lambda value: zlib.compress(inner.encode(value)))


def _document(raw: bytes) -> Content | None:
    for protocol in (msgspec.json, msgspec.msgpack):
        try:
            return Content(protocol.decode(raw), protocol.encode)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
    try:
        return Content(raw.decode(), str.encode)
    except UnicodeDecodeError:
        return None


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(name, f"{path}/")
            yield from _texts(item, f"{path}/{name}")
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            yield from _texts(item, f"{path}/{position}")
    elif isinstance(value, int) and not isinstance(value, bool):
        yield path, str(value)


def _changed(value: Any, change: Change) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {_changed(name, change): _changed(item, change) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_changed(item, change) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return value if change(str(value)) == str(value) else 0
    return value
