"""Says in words what a record lacks for a profile: the field, the value's shape, the keys there.

Values are never repeated: they may be a person's phone or a secret.
"""

from collections.abc import Iterable
from typing import Any, Final

from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.providers.profile.column import Column
from agent.providers.profile.json_path import MISSING, Path, follow

MOST_MISFITS: Final = 3
"""Records of one page that are described."""
_MOST_KEYS: Final = 12
_KEY_LENGTH: Final = 40
_SHAPES: Final = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def misfit_text(index: int, record: Any, column: Column | None = None) -> str:
    """Why the record at ``index`` of its page does not fit ``column``, or is no record at all."""
    if column is None:
        return f"record {index}: is {shape_of(record)}, expected an object"
    where = next((path for path in column.paths if _has_value(record, path)), None)
    if where is None:
        paths = " or ".join(".".join(path) for path in column.paths) or "any path"
        first = column.paths[0] if column.paths else ()
        return f"record {index}: {column.name} is missing at {paths}; {keys_at(record, first)}"
    value = follow(record, where)
    shape = f"{shape_of(value)} at {'.'.join(where)}"
    return f"record {index}: {column.name} is {shape}, expected {column.expected}"


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
        inner = follow(value, (step,))
        if not isinstance(inner, dict | list):
            break
        value = inner
    if not isinstance(value, dict):
        return "keys there: none"
    return f"keys there: {', '.join(_shown(value)) or 'none'}"


def _shown(keys: Iterable[Any]) -> list[str]:
    names = sorted(key for key in keys if key != "^")
    shown = [mask_text(scrub(name, _KEY_LENGTH)) for name in names[:_MOST_KEYS]]
    return [*shown, "…"] if len(names) > _MOST_KEYS else shown


def _has_value(record: Any, path: Path) -> bool:
    return follow(record, path) not in (MISSING, None, "")
