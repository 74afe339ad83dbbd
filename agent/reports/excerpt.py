"""A report's document cut to what a webhook takes: the first rows of its long tables; pure."""

from typing import Any, Final

import msgspec

MOST_BYTES: Final = 512 * 1024
"""The longest document; many receivers take no more than a megabyte."""
_ROWS: Final = (100, 30, 10, 3, 0)
"""The most rows of each table: as many as on a page, and fewer where those are too long."""


def excerpt(view: msgspec.Struct) -> tuple[bytes, dict[str, int]]:
    """The document of ``view`` in at most 512 KiB, and how many rows of which table it lacks."""
    body, left_out = b"", {}
    for most in _ROWS:
        left_out = _left_out(view, most)
        shown = {name: getattr(view, name)[:most] for name in left_out}
        body = msgspec.json.encode(msgspec.structs.replace(view, **shown))
        if len(body) <= MOST_BYTES:
            break
    return body, left_out


def _left_out(view: msgspec.Struct, most: int) -> dict[str, int]:
    fields: dict[str, Any] = {name: getattr(view, name) for name in view.__struct_fields__}
    return {
        name: len(value) - most
        for name, value in fields.items()
        if isinstance(value, tuple) and len(value) > most
    }
