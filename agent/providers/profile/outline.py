"""The outline of an answer: every path with the type of its value, and which field reads it.

Values are not in it, as they may be anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.providers.profile.json_path import Path, path_of
from agent.providers.profile.misfits import shape_of
from agent.providers.profile.schema import Envelope, FieldRule, Operation

MOST_LINES: Final = 80
_DEEPEST: Final = 8
_KEY_LENGTH: Final = 40
_EMBEDDED: Final = "@json"

Readers = Mapping[Path, str]
"""What reads the value at a path, whose steps are keys alone."""


@dataclass(frozen=True)
class OutlineLine:
    """One value of an answer."""

    path: str
    shape: str
    reader: str
    """The field that reads it; empty where nothing does."""


def readers_of(operation: Operation, envelope: Envelope | None) -> Readers:
    """What of an answer a profile reads."""
    base = path_of(operation.records)
    inner = (*base, *path_of(operation.each)) if operation.each else base
    readers: dict[Path, str] = {}
    for name, rule in operation.fields.items():
        for path in _rule_paths(rule):
            outer = base if path[:1] == ("^",) else inner
            readers[_keys((*outer, *path))] = name
    for text in (*operation.keep, *operation.skip):
        readers.setdefault(_keys((*inner, *path_of(text))), "keep or skip")
    named = {
        "paging.total": operation.paging.total,
        "paging.next": operation.paging.next,
        "envelope.code": envelope and envelope.code,
        "envelope.message": envelope and envelope.message,
    }
    readers |= {_keys(path_of(at)): name for name, at in named.items() if at}
    return readers


def outline(tree: Any, readers: Readers) -> list[OutlineLine]:
    """The first lines of the outline of ``tree``; of a list the first item stands for all."""
    lines: list[OutlineLine] = []
    for line in _lines(tree, (), readers):
        if len(lines) == MOST_LINES:
            lines.append(OutlineLine("…", "more", ""))
            break
        lines.append(line)
    return lines


def _lines(value: Any, path: Path, readers: Readers) -> Iterator[OutlineLine]:
    reader = readers.get(_keys(path), "")
    is_inner = isinstance(value, dict | list) and value and len(path) < _DEEPEST
    if not is_inner or reader:
        yield OutlineLine(".".join(map(_shown, path)), shape_of(value), reader)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _lines(inner, (*path, key), readers)
    else:
        yield from _lines(value[0], (*path, "0"), readers)


def _rule_paths(rule: FieldRule) -> Iterator[Path]:
    if rule.path is not None:
        yield path_of(rule.path)
    for alternative in rule.first_of:
        yield from _rule_paths(alternative)


def _keys(path: Path) -> Path:
    """``path`` without what is no key: places in lists, steps out of and into texts."""
    steps = path[: path.index(_EMBEDDED)] if _EMBEDDED in path else path
    return tuple(step for step in steps if step != "^" and not step.isdecimal())


def _shown(step: str) -> str:
    return mask_text(scrub(step, _KEY_LENGTH))
