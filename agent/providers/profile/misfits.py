"""Says in words what a record lacks for a profile: the field, the value's shape, the keys there.

Values are never repeated: they may be a person's phone or a secret.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.providers.profile.column import Column
from agent.providers.profile.conditions import UnfitError
from agent.providers.profile.json_path import KEY, MISSING, OUTER, POSITION, SELF, Path, follow
from agent.providers.profile.record_lists import NoRecordsError, Place

MOST_MISFITS: Final = 3
"""Records of one page that are described."""
_MOST_KEYS: Final = 12
_KEY_LENGTH: Final = 40
_OURS: Final = {SELF, KEY, POSITION, OUTER}
_SHAPES: Final = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


@dataclass(frozen=True)
class Lost:
    """The field that a record lost, and why; without a field it is no record at all."""

    column: Column | None = None
    error: ValueError | None = None


class FilterError(UnfitError):
    """A record has no value by which a filter could decide."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(path, "a value to decide by")
        self.name = name


def misfit_text(place: Place, record: Any, lost: Lost | ValueError) -> str:
    """What is wrong with the record at ``place`` of its page."""
    where = f"record {', in it '.join(map(str, place))}"
    if isinstance(lost, ValueError):
        return f"{where}: {_error_text(record, lost)}"
    if lost.column is None:
        return f"{where}: is {shape_of(record)}, expected an object"
    return f"{where}: {lost.column.name} {_field_text(record, lost.column, lost.error)}"


def _error_text(record: Any, error: ValueError) -> str:
    if isinstance(error, NoRecordsError):
        return f"its list {_value_text(error.value, error.path, error.expected)}"
    if isinstance(error, FilterError):
        return f"{error.name} {_value_text(record, error.path, error.expected)}"
    if isinstance(error, UnfitError):
        return f"a filter: {_value_text(record, error.path, error.expected)}"
    return "holds a text that is not JSON where the profile has @json"


def _field_text(record: Any, column: Column, error: ValueError | None) -> str:
    if isinstance(error, UnfitError):
        return _value_text(record, error.path, error.expected)
    where = next((path for path in column.paths if _has_value(record, path)), None)
    if where is not None:
        return _value_text(record, where, column.expected)
    paths = " or ".join(".".join(path) for path in column.paths) or "any path"
    first = column.paths[0] if column.paths else ()
    return f"is missing at {paths}; {keys_at(record, first)}"


def _value_text(record: Any, path: Path, expected: str) -> str:
    """The shape of the value at ``path``, and what it must be."""
    value = _value(record, path)
    at = ".".join(path) or "the top"
    if value is MISSING:
        return f"is missing at {at}, expected {expected}; {keys_at(record, path)}"
    return f"is {shape_of(value)} at {at}, expected {expected}"


def missing_list_text(missing: NoRecordsError) -> str:
    """What is where the records should be: the shape of another value, or the keys that are."""
    there = _value(missing.value, missing.path)
    if there is MISSING:
        return keys_at(missing.value, missing.path)
    return f"it is {shape_of(there)}, expected {missing.expected}"


def shape_of(value: Any) -> str:
    """The type of a JSON value and its size, never the value."""
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object of {len(value)} keys"
    return _SHAPES.get(type(value), "missing")


def keys_at(value: Any, path: Path) -> str:
    """The keys of the innermost object on ``path``, where what is wanted would have been."""
    for step in path[:-1]:
        inner = _value(value, (step,))
        if not isinstance(inner, dict | list):
            break
        value = inner
    if not isinstance(value, dict):
        return "keys there: none"
    return f"keys there: {', '.join(_shown(value)) or 'none'}"


def _shown(keys: Iterable[Any]) -> list[str]:
    names = sorted(set(keys) - _OURS)
    shown = [mask_text(scrub(name, _KEY_LENGTH)) for name in names[:_MOST_KEYS]]
    return [*shown, "…"] if len(names) > _MOST_KEYS else shown


def _has_value(record: Any, path: Path) -> bool:
    return _value(record, path) not in (MISSING, None, "")


def _value(record: Any, path: Path) -> Any:
    """The value at ``path``; ``MISSING`` also where a text on the way is not JSON."""
    try:
        return follow(record, path)
    except ValueError:
        return MISSING
