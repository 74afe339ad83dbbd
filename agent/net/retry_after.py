"""Parses the ``Retry-After`` and ``Date`` headers."""

import re
from email.utils import parsedate_to_datetime
from functools import lru_cache

LONGEST_WAIT = 3600.0
"""Seconds; a longer ``Retry-After`` is cut to this (docs/reference/reliability.md §1)."""

_LONGEST_DATE = 64
_NUMBER = re.compile(r"[+-]?\d{1,400}(?:\.\d{0,20})?(?:[eE][+-]?\d{1,4})?", re.ASCII)


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, from 0 to 3600, from a ``Retry-After`` in seconds or as an HTTP date.

    Returns ``None`` when the header is missing or malformed. ``now`` is in epoch seconds.
    """
    text = (value or "").strip()
    if _NUMBER.fullmatch(text):
        return _clamp(float(text))
    moment = parse_http_date(text)
    return None if moment is None else _clamp(moment - now)


@lru_cache(maxsize=64)  # every answer has a Date, the same within a second
def parse_http_date(value: str | None) -> float | None:
    """Epoch seconds of an HTTP date; ``None`` when it is missing or malformed."""
    if not value or len(value) > _LONGEST_DATE:
        return None
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _clamp(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)
