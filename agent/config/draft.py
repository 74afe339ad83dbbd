"""A configuration as written, before it is known to be right, and ways through it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.config.located import KeyPath


@dataclass(frozen=True)
class Draft:
    """Plain data with every reference replaced, and what its names may refer to."""

    data: object
    lines: Mapping[KeyPath, int]
    folder: Path
    """The configuration file's folder, where relative paths start."""
    profiles: tuple[str, ...]
    """The names of the bundled profiles."""


def each(data: object, *steps: str, at: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value the steps lead to, with its path; ``*`` takes each item or key in turn.

    What is missing or of another type is passed over: the type errors tell it already.
    """
    found: list[tuple[KeyPath, object]] = [(at, data)]
    for step in steps:
        found = [inner for path, value in found for inner in _inside(path, value, step)]
    yield from found


def _inside(path: KeyPath, value: object, step: str) -> list[tuple[KeyPath, object]]:
    if step == "*" and isinstance(value, list):
        return [((*path, index), item) for index, item in enumerate(value)]
    if step == "*" and isinstance(value, dict):
        return [((*path, key), item) for key, item in value.items()]
    if isinstance(value, dict) and step in value:
        return [((*path, step), value[step])]
    return []
