"""The outline of an answer: every path with the type of its value, and which field reads it.

Values are not in it, as they may be anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.providers.profile.json_path import (
    EMBEDDED_JSON,
    KEY,
    MISSING,
    OUTER,
    POSITION,
    SELF,
    Path,
    follow,
    path_of,
)
from agent.providers.profile.misfits import shape_of
from agent.providers.profile.paths_in_use import item_paths, record_levels, rule_paths
from agent.providers.profile.schema import Envelope, Login, Operation

MOST_LINES: Final = 80
_DEEPEST: Final = 8
_KEY_LENGTH: Final = 40
_ANY_KEY: Final = "*"
"""Stands for the keys of an object whose values are records."""
_NO_KEYS: Final = frozenset({SELF, KEY, POSITION, OUTER})

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
    readers: dict[Path, str] = {}
    for bases in _bases(operation):
        for name, rule in operation.fields.items():
            for path in (*rule_paths(rule), *item_paths(rule)):
                at = _from(bases, path)
                readers[at] = f"{readers[at]}, {name}" if at in readers else name
        for text in (*operation.keep, *operation.skip):
            readers.setdefault(_from(bases, path_of(text)), "keep or skip")
    paging = operation.paging
    return readers | _named({"paging.total": paging.total, "paging.next": paging.next}, envelope)


def readers_of_login(login: Login, envelope: Envelope | None) -> Readers:
    """What of a login's answer a profile reads."""
    paths = {name: getattr(login, name) for name in ("token", "expires_in", "expires_at")}
    return _named({f"login.{name}": path for name, path in paths.items()}, envelope)


def _named(paths: Mapping[str, str | None], envelope: Envelope | None) -> dict[Path, str]:
    of_envelope = {
        "envelope.code": envelope and envelope.code,
        "envelope.message": envelope and envelope.message,
    }
    return {_keys(path_of(at)): name for name, at in {**paths, **of_envelope}.items() if at}


def outline(tree: Any, readers: Readers) -> list[OutlineLine]:
    """The first lines of the outline of ``tree``; of a list the first item stands for all."""
    lines: list[OutlineLine] = []
    outline_lines = _Outline(readers).lines(tree, (), ())
    for line in outline_lines:
        if len(lines) == MOST_LINES:
            lines.append(OutlineLine("…", "more", ""))
            break
        lines.append(line)
    return lines


class _Outline:
    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._inner = {path[:last] for path in readers for last in range(len(path))}
        """The paths of what values that are read are in."""

    def lines(self, value: Any, path: Path, keys: Path) -> Iterator[OutlineLine]:
        """The lines of ``value``, which is at ``path``, and for readers at ``keys``."""
        if isinstance(value, str) and (*keys, EMBEDDED_JSON) in {*self._inner, *self._readers}:
            decoded = _decoded(value)
            if isinstance(decoded, dict | list):
                step = (EMBEDDED_JSON,)
                yield from self.lines(decoded, path + step, keys + step)
                return
        reader = self._readers.get(keys, "")
        is_read = bool(reader) and keys not in self._inner
        if not isinstance(value, dict | list) or not value or len(path) >= _DEEPEST or is_read:
            yield OutlineLine(".".join(map(_shown, path)), shape_of(value), reader)
        elif isinstance(value, list):
            yield from self.lines(value[0], (*path, "0"), keys)
        elif (*keys, _ANY_KEY) in {*self._inner, *self._readers}:
            first, inner = next(iter(value.items()))
            yield from self.lines(inner, (*path, first), (*keys, _ANY_KEY))
        else:
            for key, inner in value.items():
                yield from self.lines(inner, (*path, key), (*keys, key))


def _decoded(text: str) -> Any:
    try:
        return follow(text, (EMBEDDED_JSON,))
    except ValueError:
        return MISSING


def _bases(operation: Operation) -> Iterator[list[Path]]:
    """The paths of the records, from the outermost to the innermost, for each list of them."""
    levels = record_levels(operation)
    for texts in product(*(level.all_paths for level in levels)):
        bases: list[Path] = []
        for text, level in zip(texts, levels, strict=True):
            outer = bases[-1] if bases else ()
            bases.append((*outer, *path_of(text), *([_ANY_KEY] if level.keyed else [])))
        yield bases


def _from(bases: Sequence[Path], path: Path) -> Path:
    """``path`` in a record, from the top of the answer."""
    outwards = next((i for i, step in enumerate(path) if step != OUTER), len(path))
    return _keys((*bases[-1 - min(outwards, len(bases) - 1)], *path[outwards:]))


def _keys(path: Path) -> Path:
    """``path`` without what is no key: places in lists, and steps out of records."""
    return tuple(step for step in path if step not in _NO_KEYS and not step.isdecimal())


def _shown(step: str) -> str:
    return mask_text(scrub(step, _KEY_LENGTH))
