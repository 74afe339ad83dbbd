"""The ways providers write times, each turned into epoch seconds."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any, Final

_OFFSET: Final = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)
_DIGITS: Final = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_LONGEST: Final = 64
_LATEST: Final = 253402300799.0
"""The last second of the year 9999."""


def parse_offset(offset: str | None) -> tzinfo:
    """The zone behind ``+08:00``; UTC where none is given.

    Raises:
        ValueError: when ``offset`` is not written so.
    """
    if offset is None:
        return UTC
    match = _OFFSET.fullmatch(offset)
    if match is None:
        raise ValueError("not an offset, expected for example +08:00")
    minutes = int(match[2]) * 60 + int(match[3])
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def iso_parser(zone: tzinfo) -> Callable[[Any], float]:
    """Reads ``2027-03-01``, ``2027-03-01 08:00:00`` and ISO 8601; ``zone`` where none is said."""

    def read(value: Any) -> float:
        if not isinstance(value, str) or len(value) > _LONGEST:
            raise ValueError("not a time")
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()

    return read


def parse_rfc2822(value: Any) -> float:
    """Reads ``Fri, 18 Oct 2019 17:02:00 +0000`` (RFC 2822)."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError("not a time")
    try:
        return parsedate_to_datetime(value).timestamp()
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError("not a time") from error


def epoch_parser(unit: float) -> Callable[[Any], float]:
    """Reads a count of units since the epoch, each ``unit`` seconds long."""

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError("not a time")  # noqa: TRY004 - a wrong value, whatever its type
        if not _DIGITS.fullmatch(str(value)):
            raise ValueError("not a time")
        seconds = float(value) * unit
        if seconds > _LATEST:
            raise ValueError("not a time")
        return seconds

    return read
