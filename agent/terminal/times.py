"""Times and durations as people say them, in their language."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Final

from agent.i18n import Joined, Message

_UNITS: Final[tuple[tuple[int, Message], ...]] = (
    (86400, Message("{count} d")),
    (3600, Message("{count} h")),
    (60, Message("{count} min")),
    (1, Message("{count} s")),
)


def duration(seconds: float, locale: str) -> str:
    """A length of time by its two largest units, such as ``2 h 10 min``; its sign is left out."""
    left = round(abs(seconds))
    parts: list[Message] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(unit.with_values(count=count))
        if len(parts) == 2 or (parts and not count):  # noqa: PLR2004 - the two largest
            break
    return Joined(tuple(parts or [_UNITS[-1][1].with_values(count=0)]), " ").text(locale)


def ago(seconds: float, locale: str) -> str:
    """How long ago something was, or in how long it will be."""
    text = "{duration} ago" if seconds >= 0 else "in {duration}"
    return _TEXTS[text].with_values(duration=duration(seconds, locale)).text(locale)


def clock(remaining: float | None, locale: str, *, paused: bool, breached: bool) -> str:
    """How a deadline stands whose ``remaining`` seconds are negative once it has passed."""
    if remaining is None:
        return _TEXTS["stopped"].text(locale)
    name = "paused" if paused else "breached" if breached or remaining < 0 else "due"
    return _TEXTS[name].with_values(duration=duration(remaining, locale)).text(locale)


_TEXTS: Final[Mapping[str, Message]] = {
    "{duration} ago": Message("{duration} ago"),
    "in {duration}": Message("in {duration}"),
    "due": Message("due in {duration}"),
    "breached": Message("breached {duration} ago"),
    "paused": Message("paused, {duration} left"),
    "stopped": Message("stopped"),
}


def moment(at: float | str, zone: tzinfo | None = None) -> str:
    """Epoch seconds or ISO 8601 as local time with its offset: ``2026-11-28 21:15:03 +08:00``.

    ``zone`` is the machine's where it is not given. A text that is no time stays as it is.
    """
    try:
        when = (
            datetime.fromisoformat(at)
            if isinstance(at, str)
            else datetime.fromtimestamp(at).astimezone(zone)
        )
    except (ValueError, OverflowError, OSError):
        return str(at)
    text = when.astimezone(zone).isoformat(" ", "seconds")
    return f"{text[:19]} {text[19:]}"
