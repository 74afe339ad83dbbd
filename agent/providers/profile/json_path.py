"""Paths to values in decoded JSON, such as ``data.items.0.name``.

A step is a key, an index of a list, or ``@json``: the text at that point is JSON itself and is
decoded. In the fields of records further steps lead to what is not in the record itself, see
:mod:`agent.providers.profile.record_lists`: ``@``, ``@key``, ``@position`` and ``^``.
"""

from typing import Any, Final

from agent.net.decode import decode_text
from agent.net.exchange import ProviderError

Path = tuple[str, ...]

EMBEDDED_JSON: Final = "@json"
SELF: Final = "@"
"""The record itself, where it is a text or number."""
KEY: Final = "@key"
"""The key of the record in the object that holds the records."""
POSITION: Final = "@position"
"""The place of the record in its list, from 1."""
OUTER: Final = "^"
"""The record around a nested one."""


class _Missing:
    """The type of ``MISSING``: no value at all, unlike ``None``, which is one."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = _Missing()


class EmbeddedJsonError(ProviderError, ValueError):
    """A text at ``@json`` is not JSON: a failure of the answer, or of one record's value."""


def path_of(text: str) -> Path:
    """The steps of a dotted path; the empty text is the path to the whole value."""
    return tuple(text.split(".")) if text else ()


def follow(value: Any, path: Path) -> Any:
    """The value at ``path`` inside ``value``, or ``MISSING``.

    Raises:
        EmbeddedJsonError: when a text at ``@json`` is not JSON.
    """
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif step == EMBEDDED_JSON and isinstance(value, str):
            value = _decoded(value)
        else:
            return MISSING
    return value


def _decoded(text: str) -> Any:
    try:
        return decode_text(text)
    except ProviderError as error:
        raise EmbeddedJsonError(error.kind, error.detail) from None


def scalar_text(value: Any) -> str:
    """A JSON scalar as profiles spell it: ``true``, ``1``, ``enable``."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
