"""What a provider's date headers mean in seconds."""

import re
from email.utils import parsedate_to_datetime
from functools import lru_cache

LONGEST_WAIT = 3600.0
"""Seconds; a provider that asks for more is asked again after this (reliability.md §1)."""

_LONGEST_DATE = 64
_NUMBER = re.compile(r"[+-]?\d{1,400}(?:\.\d{0,20})?(?:[eE][+-]?\d{1,4})?", re.ASCII)


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, from ``Retry-After`` in seconds or as an HTTP date, within 0..3600.

    ``None`` when the header is missing or means nothing. ``now`` is in epoch seconds.
    """
    text = (value or "").strip()
    if _NUMBER.fullmatch(text):
        return _clamp(float(text))
    moment = parse_http_date(text)
    return None if moment is None else _clamp(moment - now)


@lru_cache(maxsize=64)  # every answer has one, and within a second they are all the same
def parse_http_date(value: str | None) -> float | None:
    """Epoch seconds from an HTTP date; ``None`` when it is missing or not one."""
    if not value or len(value) > _LONGEST_DATE:
        return None
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _clamp(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)
