"""Parameters of a request, from its address and from its form."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from aiohttp import web

from agent.rules.durations import parse_duration
from agent.web.forms import has_form, read_form
from agent.web.prometheus.errors import QueryApiError, invalid_parameter

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_LARGEST = 2**63 / 1000.0
FIRST, LAST = 0.0, 2.0**40
"""Start and end of a time range that does not say them, epoch seconds."""


class QueryParams:
    """Every value of each parameter, by name; a form's values come first."""

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values = values

    def text(self, name: str, default: str = "") -> str:
        """The first value, or ``default`` where there is none or an empty one."""
        return next(iter(self._values.get(name, ())), "") or default

    def all(self, name: str) -> Sequence[str]:
        """Every value."""
        return self._values.get(name, ())

    def moment(self, name: str, default: float | None = None) -> float:
        """A time in epoch seconds, to the millisecond.

        Raises:
            QueryApiError: when it cannot be read, or is missing and there is no ``default``.
        """
        text = self.text(name)
        if not text and default is not None:
            return round(default, 3)
        seconds = _number(text)
        if seconds is None:
            seconds = _rfc3339(text)
        if seconds is None or abs(seconds) > _LARGEST:
            # Prometheus names the parameter twice, but only where it may be left out.
            prefix = "" if default is None else f"Invalid time value for '{name}': "
            raise invalid_parameter(name, f'{prefix}cannot parse "{text}" to a valid timestamp')
        return round(seconds, 3)

    def duration(self, name: str, default: float | None = None) -> float:
        """A time span in seconds: a number, or a duration such as ``1m30s``.

        Raises:
            QueryApiError: when it cannot be read, or is missing and there is no ``default``.
        """
        text = self.text(name)
        if not text and default is not None:
            return default
        seconds = _number(text)
        if seconds is None:
            seconds = _duration(text)
        if seconds is None or abs(seconds) > _LARGEST:
            raise invalid_parameter(name, f'cannot parse "{text}" to a valid duration')
        return seconds

    def count(self, name: str) -> int | None:
        """A whole number; ``None`` where there is none.

        Raises:
            QueryApiError: when it is not a number.
        """
        text = self.text(name)
        if not text:
            return None
        if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII):
            raise QueryApiError(f"{name} must be a number")
        return int(text)


async def read_parameters(request: web.Request) -> QueryParams:
    """The parameters of ``request``."""
    values: dict[str, list[str]] = {}
    if has_form(request):
        for name, value in await read_form(request):
            values.setdefault(name, []).append(value)
    for name, value in request.query.items():
        values.setdefault(name, []).append(value)
    return QueryParams(values)


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?", text, re.ASCII):
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _rfc3339(text: str) -> float | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        return None


def _duration(text: str) -> float | None:
    try:
        return parse_duration(text)
    except ValueError:
        return None
