"""Parses the time formats of providers into epoch seconds."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any, Final

_OFFSET: Final = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)
_DIGITS: Final = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_LONGEST: Final = 64
EARLIEST: Final = -2208988800.0
"""1900-01-01T00:00:00Z; an earlier time, such as the year 1, stands for no time."""
LATEST: Final = 253402128000.0
"""9999-12-30T00:00:00Z: with every offset still in the year 9999, the last that dates can have.

Providers write the last day of that year for "without an end"; it is taken for this time.
"""
_END: Final = 253402387200.0
"""10000-01-02T00:00:00Z, after the last day of the year 9999 with every offset."""


def in_range(seconds: float) -> float:
    """``seconds`` since the epoch, at most :data:`LATEST`.

    Raises:
        ValueError: when it is not a number, before :data:`EARLIEST` or after the year 9999.
    """
    if not EARLIEST <= seconds < _END:
        raise ValueError("not a time")
    return min(seconds, LATEST)


def parse_offset(offset: str | None) -> tzinfo:
    """The time zone of an offset such as ``+08:00``; UTC for ``None``.

    Raises:
        ValueError: when ``offset`` is malformed.
    """
    if offset is None:
        return UTC
    match = _OFFSET.fullmatch(offset)
    if match is None:
        raise ValueError("not an offset, expected for example +08:00")
    minutes = int(match[2]) * 60 + int(match[3])
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def iso_parser(zone: tzinfo) -> Callable[[Any], float]:
    """A parser of ``2027-03-01``, ``2027-03-01 08:00:00`` and ISO 8601.

    ``zone`` holds for times without an offset. The parser raises ValueError for anything else.
    """

    def parse(value: Any) -> float:
        if not isinstance(value, str) or len(value) > _LONGEST:
            raise ValueError("not a time")
        moment = datetime.fromisoformat(value)
        return in_range((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())

    return parse


def parse_rfc2822(value: Any) -> float:
    """Parse ``Fri, 18 Oct 2019 17:02:00 +0000``; raises ValueError for anything else."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError("not a time")
    try:
        return in_range(parsedate_to_datetime(value).timestamp())
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError("not a time") from error


def epoch_parser(unit: float) -> Callable[[Any], float]:
    """A parser of counts since the epoch, in units of ``unit`` seconds.

    The parser raises ValueError for anything that is not such a count.
    """

    def parse(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError("not a time")  # noqa: TRY004 - a wrong value, whatever its type
        if not _DIGITS.fullmatch(str(value)):
            raise ValueError("not a time")
        return in_range(float(value) * unit)

    return parse
