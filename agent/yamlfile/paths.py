"""Key paths: where a value is in a document, and the values that a pattern of keys leads to."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

KeyPath = tuple[str | int, ...]
"""The way to a value from the root: keys of mappings and indexes of lists."""

Lines = Mapping[KeyPath, int]
"""The line of every key and item, counted from 1."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: str, limit: int = 60) -> str:
    """``text`` on one line without control characters, cut to ``limit`` characters."""
    shown = _CONTROL.sub("?", text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def key_text(path: KeyPath) -> str:
    """``path`` as ``providers[0].polling.timeout``; the root is ``(file)``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{one_line(step) or '(empty)'}" if text else one_line(step) or "(empty)"
    return text or "(file)"


def line_of(path: KeyPath, lines: Lines) -> int:
    """The line of ``path``, or of the nearest value around it that is in the file."""
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def value_at(data: object, path: KeyPath) -> object:
    """The value at ``path``; ``None`` where there is none."""
    value: Any = data
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def select(data: object, *steps: str, at: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value that ``steps`` lead to, with its path, in the order of the file.

    A step is a key, or ``*`` for every item or key. A step that does not fit the data leads to
    nothing: callers look at data that may be malformed, and the schema reports that. ``at`` is
    the path of ``data`` itself.
    """
    selected: list[tuple[KeyPath, object]] = [(at, data)]
    for step in steps:
        selected = [inner for path, value in selected for inner in _inside(path, value, step)]
    yield from selected


def _inside(path: KeyPath, value: object, step: str) -> list[tuple[KeyPath, object]]:
    if step == "*" and isinstance(value, list):
        return [((*path, index), item) for index, item in enumerate(value)]
    if step == "*" and isinstance(value, dict):
        return [((*path, key), item) for key, item in value.items()]
    if isinstance(value, dict) and step in value:
        return [((*path, step), value[step])]
    return []
