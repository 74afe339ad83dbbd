"""Moments and lengths of time as timelines tell them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from agent.yamlfile.duration import duration_text


def moment(at: float, zone: ZoneInfo) -> str:
    """``at`` in ``zone``, to the minute, with its offset."""
    return datetime.fromtimestamp(at, zone).isoformat(timespec="minutes")


def span(seconds: float) -> str:
    """A length of time to the second: ``1h30m``."""
    return duration_text(round(abs(seconds)))
