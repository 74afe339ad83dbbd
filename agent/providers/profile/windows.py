"""The windows of time in which call records are asked for, and their names in templates.

A window that is larger than the provider takes is asked for in pieces that overlap by a second, so
that it does not matter whether the provider counts their ends in. Where the request names a day,
it is asked once for each day.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from agent.net.timestamps import parse_offset
from agent.providers.profile.request_schema import WindowSection

DIRECTIVES: Final = frozenset("YmdHMSyjz%")
"""The letters that a format may have after ``%``."""
_DAY_SECONDS: Final = 86_400.0
_OVERLAP: Final = 1.0

_Form = Callable[[datetime], str]


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


_MOMENT_FORMS: Final[Mapping[str, _Form]] = {
    "": lambda moment: str(math.floor(moment.timestamp())),
    "_ms": lambda moment: str(round(moment.timestamp() * 1000)),
    "_iso": _iso,
    "_date": lambda moment: moment.strftime("%Y-%m-%d"),
    "_text": lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S"),
    "_compact": lambda moment: moment.strftime("%Y%m%d%H%M%S"),
}
_DAY_FORMS: Final[Mapping[str, _Form]] = {
    "": lambda moment: moment.strftime("%Y-%m-%d"),
    "_compact": lambda moment: moment.strftime("%Y%m%d"),
    "_ms": lambda moment: str(round(moment.timestamp() * 1000)),
    "_text": lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S"),
}
_FORMATTED: Final = "_formatted"

SINCE_NAMES: Final = frozenset(f"since{form}" for form in (*_MOMENT_FORMS, _FORMATTED))
"""Names of the start of a window."""
UNTIL_NAMES: Final = frozenset(f"until{form}" for form in (*_MOMENT_FORMS, _FORMATTED))
"""Names of its end."""
DAY_NAMES: Final = frozenset(f"day{form}" for form in (*_DAY_FORMS, _FORMATTED))
"""Names of the day, for what is asked once for each."""
WINDOW_NAMES: Final = SINCE_NAMES | UNTIL_NAMES | DAY_NAMES
"""Every name that the templates of the calls operation may use."""
FORMATTED_NAMES: Final = frozenset(name for name in WINDOW_NAMES if name.endswith(_FORMATTED))
"""Those that need a ``format``."""


@dataclass(frozen=True)
class Window:
    """A stretch of time in epoch seconds; ``day`` is the midnight at which its day begins."""

    start: float
    end: float
    day: datetime | None = None


class Windows:
    """Splits a stretch of time as ``section`` and the ``names`` of the request's templates say.

    Raises:
        ValueError: when the section's ``zone`` is no offset.
    """

    def __init__(self, section: WindowSection | None, names: Iterable[str]) -> None:
        section = section or WindowSection()
        self._zone = parse_offset(section.zone)
        self._span = section.span or math.inf
        self._format = section.format
        self._is_daily = not DAY_NAMES.isdisjoint(names)

    def split(self, since: float, until: float) -> Iterator[Window]:
        """The windows that cover ``since`` to ``until``, the earliest first."""
        start, end = float(math.floor(since)), float(math.ceil(max(since, until)))
        if self._is_daily:
            yield from self._days(start, end)
            return
        while end - start > self._span:
            yield Window(start, start + self._span)
            start += self._span - _OVERLAP
        yield Window(start, end)

    def _days(self, start: float, end: float) -> Iterator[Window]:
        midnight = datetime.fromtimestamp(start, self._zone).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        while midnight.timestamp() <= end:
            first = midnight.timestamp()
            # The last millisecond: a provider may refuse an end that is on another day.
            last = first + _DAY_SECONDS - 0.001
            yield Window(max(start, first), min(end, last), midnight)
            midnight += timedelta(days=1)

    def values(self, window: Window) -> dict[str, str]:
        """The texts of ``window`` by the names that templates may use."""
        values: dict[str, str] = {}
        for name, moment in (("since", window.start), ("until", window.end)):
            values |= self._texts(name, datetime.fromtimestamp(moment, self._zone), _MOMENT_FORMS)
        if window.day is not None:
            values |= self._texts("day", window.day, _DAY_FORMS)
        return values

    def _texts(self, name: str, moment: datetime, forms: Mapping[str, _Form]) -> dict[str, str]:
        texts = {f"{name}{suffix}": form(moment) for suffix, form in forms.items()}
        if self._format:
            texts[f"{name}{_FORMATTED}"] = moment.strftime(self._format)
        return texts
