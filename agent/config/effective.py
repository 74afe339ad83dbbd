"""The configuration in effect, value by value, with its line in the file and without any secret."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from agent.config.schema import FILE_SUFFIX, settings_schema
from agent.config.secret import SECRET, Secret
from agent.config.settings import Settings
from agent.yamlfile.duration import duration_text
from agent.yamlfile.paths import KeyPath, Lines, key_text
from agent.yamlfile.schema import DURATION, Json

HIDDEN = "<secret>"
"""Stands for a secret, and for whatever else may hold one."""
MOST_ITEMS = 100
"""The longest list of sections that is shown item by item."""

_OF_PROFILES = frozenset({"options"})
"""Sections whose keys a profile names: whether one of them is a secret is not known here."""

Shown = str | int | float | bool | list[Any] | None


@dataclass(frozen=True)
class ConfigSource:
    """Where the values of a configuration come from.

    Attributes:
        file: The path of the configuration file.
        lines: The line of every key in it.
        private: The paths of values that came from outside the file, which nobody may read.
    """

    file: str
    lines: Lines
    private: frozenset[KeyPath]


@dataclass(frozen=True)
class EffectiveValue:
    """One value that is in effect."""

    key: str
    """Its path, as ``providers[0].polling.timeout``."""
    value: Shown
    """What it is; :data:`HIDDEN` for secrets, and for the parts of addresses that may be one."""
    line: int | None
    """Its line in the file; ``None`` for a default."""
    reload: int
    """The number of the reload that brought it; 0 is the start."""

    @property
    def is_default(self) -> bool:
        """Whether the file does not set it."""
        return self.line is None


def values_of(settings: Settings) -> dict[KeyPath, Any]:
    """Every value of ``settings`` by its path, as it is: never to be shown."""
    return dict(_leaves(settings, ()))


def _leaves(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _leaves(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list | tuple) and _has_sections(value):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    else:
        yield path, value


def _has_sections(items: list[Any] | tuple[Any, ...]) -> bool:
    return len(items) <= MOST_ITEMS and any(isinstance(item, Mapping | BaseModel) for item in items)


def effective_values(
    values: Mapping[KeyPath, Any], reloads: Mapping[KeyPath, int], source: ConfigSource
) -> list[EffectiveValue]:
    """``values`` as people may read them.

    Args:
        values: What :func:`values_of` returns.
        reloads: The number of the reload that brought each value.
        source: Where they come from.
    """
    return [
        EffectiveValue(
            key=key_text(path),
            value=shown(path, value, source.private),
            line=_line(path, source.lines),
            reload=reloads[path],
        )
        for path, value in values.items()
    ]


def _line(path: KeyPath, lines: Lines) -> int | None:
    """The line that sets the value, by its own key or by that of a secret's file."""
    if path in lines:
        return lines[path]
    return lines.get((*path[:-1], f"{path[-1]}{FILE_SUFFIX}"))


def shown(path: KeyPath, value: Any, private: frozenset[KeyPath]) -> Shown:
    """``value`` without what may be a secret; in doubt it is hidden."""
    if isinstance(value, list | tuple):
        if any(isinstance(item, Mapping | BaseModel) for item in value):
            return f"({len(value)})"
        return [shown((*path, index), item, private) for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return "{}"  # Only an empty one is a leaf.
    if value is None or isinstance(value, bool):
        return value
    schema = settings_schema().at(path) or {}
    if isinstance(value, Secret) or _is_private(path, private) or _is_secret(schema):
        return HIDDEN
    return _scalar(value.value if isinstance(value, Enum) else value, schema)


def _is_secret(schema: Json) -> bool:
    """Whether the schema is that of a secret; a value that no schema describes may be one."""
    return not schema or schema.get("x-kind") == SECRET


def _scalar(value: Any, schema: Json) -> str | int | float:
    if isinstance(value, int | float):
        return duration_text(value) if schema.get("x-kind") == DURATION else value
    text = str(value)
    if "://" in text:
        return _without_secrets(text)
    return HIDDEN if schema.get("x-private") else text


def _is_private(path: KeyPath, private: frozenset[KeyPath]) -> bool:
    is_from_outside = any(path[:length] in private for length in range(1, len(path) + 1))
    return is_from_outside or not _OF_PROFILES.isdisjoint(path)


def _without_secrets(address: str) -> str:
    """Scheme, host and port of an address: a key may stand in all that follows or in the user."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return HIDDEN
    if not host or not parts.scheme:
        return HIDDEN
    base = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    is_whole = address.rstrip("/") == base
    return base if is_whole else f"{base}/{HIDDEN}"
