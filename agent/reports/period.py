"""The period that a report is about: a month or a quarter of the agent's time zone."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from zoneinfo import ZoneInfo

from agent.i18n import Message

_NAME = re.compile(r"(?P<year>20\d\d)-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4]))", re.ASCII)
_MONTHS_A_QUARTER = 3
_MONTHS_A_YEAR = 12
EXPECTED = "a month such as 2026-10 or a quarter such as 2026-Q4"
"""What a period looks like, for errors."""


@unique
class PeriodKind(StrEnum):
    """How long a period is."""

    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True)
class Period:
    """One month or quarter.

    Attributes:
        kind: Which of the two.
        year: Of the calendar.
        first: Its first month, from 1 on.
        zone: The time zone in which it begins and ends.
    """

    kind: PeriodKind
    year: int
    first: int
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> "Period":
        """The period that ``text`` names: ``2026-10`` or ``2026-Q4``.

        Raises:
            ValueError: when it names none.
        """
        match = _NAME.fullmatch(text.strip())
        if match is None:
            raise ValueError(EXPECTED)
        year = int(match["year"])
        if match["month"]:
            return cls(PeriodKind.MONTH, year, int(match["month"]), zone)
        first = (int(match["quarter"]) - 1) * _MONTHS_A_QUARTER + 1
        return cls(PeriodKind.QUARTER, year, first, zone)

    @classmethod
    def holding(cls, at: float, kind: PeriodKind, zone: ZoneInfo) -> "Period":
        """The month or quarter in which ``at`` (epoch seconds) is."""
        local = datetime.fromtimestamp(at, zone)
        first = local.month
        if kind is PeriodKind.QUARTER:
            first -= (local.month - 1) % _MONTHS_A_QUARTER
        return cls(kind, local.year, first, zone)

    @property
    def name(self) -> str:
        """The name that :meth:`parse` reads."""
        if self.kind is PeriodKind.MONTH:
            return f"{self.year}-{self.first:02}"
        return f"{self.year}-Q{(self.first - 1) // _MONTHS_A_QUARTER + 1}"

    @property
    def since(self) -> float:
        """When it begins, epoch seconds."""
        return _month_start(self.year, self.first, self.zone)

    @property
    def until(self) -> float:
        """When the next one begins, epoch seconds."""
        return _month_start(self.year, self.first + self._length, self.zone)

    @property
    def before(self) -> "Period":
        """The period before this one."""
        return Period.holding(self.since - 1, self.kind, self.zone)

    @property
    def months(self) -> tuple["Period", ...]:
        """The months of it, in order."""
        return tuple(
            Period(PeriodKind.MONTH, self.year, self.first + offset, self.zone)
            for offset in range(self._length)
        )

    @property
    def _length(self) -> int:
        return 1 if self.kind is PeriodKind.MONTH else _MONTHS_A_QUARTER

    def title(self) -> Message:
        """Its name for people, such as "October 2026"."""
        if self.kind is PeriodKind.QUARTER:
            quarter = (self.first - 1) // _MONTHS_A_QUARTER + 1
            return Message("quarter {quarter} of {year}", {"quarter": quarter, "year": self.year})
        return Message("{year}-{month}", {"year": self.year, "month": f"{self.first:02}"})

    def holds(self, at: float | None) -> bool:
        """Whether ``at`` lies in it; never for ``None``."""
        return at is not None and self.since <= at < self.until


def _month_start(year: int, month: int, zone: ZoneInfo) -> float:
    years, index = divmod(month - 1, _MONTHS_A_YEAR)
    return datetime(year + years, index + 1, 1, tzinfo=zone).timestamp()
