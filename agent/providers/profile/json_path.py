"""Where a value stands in decoded JSON: ``data.items.0.name``.

A step is a key, a place in a list, or ``@json``: the text found here is JSON itself and is
decoded. ``^`` is the record around a nested one (see ``each`` in a profile).
"""

from typing import Any, Final

from agent.net.decode import decode_text

Path = tuple[str, ...]

_INSIDE: Final = "@json"


class _Missing:
    """Stands for a value that is not there; ``None`` may well be one."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = _Missing()


def path_of(text: str) -> Path:
    """The steps of a dotted path; the empty text is the value itself."""
    return tuple(text.split(".")) if text else ()


def follow(value: Any, path: Path) -> Any:
    """The value at ``path`` inside ``value``, or ``MISSING``.

    Raises:
        ProviderError: ``decode`` when JSON inside a text is broken.
    """
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif step == _INSIDE and isinstance(value, str):
            value = decode_text(value)
        else:
            return MISSING
    return value
