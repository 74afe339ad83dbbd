"""How old an answer is by its own headers: a cache may serve yesterday's."""

import re
from collections.abc import Mapping

from agent.net.retry_after import parse_http_date

TOLERANCE = 5.0
"""Seconds that ``Date`` may lag behind: it has no fractions, and the answer takes its time."""

_AGE = re.compile(r"\d{1,10}", re.ASCII)


def answer_age(headers: Mapping[str, str], now: float) -> float:
    """Seconds since the answer was made, by ``Age`` or ``Date``, whichever says more.

    0 without either, and within :data:`TOLERANCE`. A ``Date`` of the future says nothing about
    the age. ``now`` is in epoch seconds.
    """
    text = headers.get("Age", "").strip()
    aged = float(text) if _AGE.fullmatch(text) else 0.0
    made_at = parse_http_date(headers.get("Date"))
    behind = 0.0 if made_at is None else now - made_at
    age = max(aged, behind)
    return age if age > TOLERANCE else 0.0
