"""Text cut to a limit in characters, UTF-16 units or bytes, never inside a letter."""

ELLIPSIS = "…"


def cut_characters(text: str, limit: int) -> str:
    """At most ``limit`` characters (code points); a cut text ends in ``…``."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + ELLIPSIS[:limit]


def cut_utf16(text: str, limit: int) -> str:
    """At most ``limit`` UTF-16 units, as Java counts: an emoji is two of them."""
    return _cut(text, limit, "utf-16-le", 2)


def cut_bytes(text: str, limit: int) -> str:
    """At most ``limit`` bytes of UTF-8."""
    return _cut(text, limit, "utf-8", 1)


def utf16_length(text: str) -> int:
    """The length of ``text`` in UTF-16 units."""
    return len(text.encode("utf-16-le", "replace")) // 2


def _cut(text: str, limit: int, encoding: str, unit_size: int) -> str:
    encoded = text.encode(encoding, "replace")
    if len(encoded) <= limit * unit_size:
        return text
    available = limit * unit_size - len(ELLIPSIS.encode(encoding))
    if available < 0:
        return ""
    # "ignore" drops the half of a letter that the cut may leave at the end.
    return encoded[:available].decode(encoding, "ignore") + ELLIPSIS
