"""Paths to values in decoded JSON, such as ``data.items.0.name``.

A step is a key, an index of a list, or ``@json``: the text at that point is JSON itself and is
decoded. ``^`` is the record around a nested one (see ``each`` in a profile).
"""

from typing import Any, Final

from agent.net.decode import decode_text

Path = tuple[str, ...]

_EMBEDDED_JSON: Final = "@json"


class _Missing:
    """The type of ``MISSING``: no value at all, unlike ``None``, which is one."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = _Missing()


def path_of(text: str) -> Path:
    """The steps of a dotted path; the empty text is the path to the whole value."""
    return tuple(text.split(".")) if text else ()


def follow(value: Any, path: Path) -> Any:
    """The value at ``path`` inside ``value``, or ``MISSING``.

    Raises:
        ProviderError: ``decode`` when a text at ``@json`` is not JSON.
    """
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif step == _EMBEDDED_JSON and isinstance(value, str):
            value = decode_text(value)
        else:
            return MISSING
    return value


def scalar_text(value: Any) -> str:
    """A JSON scalar as profiles spell it: ``true``, ``1``, ``enable``."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
