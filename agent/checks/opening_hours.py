"""Whether a number was closed when it answered a call, as far as its schedule tells.

Source: docs/reference/domain.md §6 (S3, account theft) and §4 (holidays).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.model import Routing
from agent.routing.calendar import Calendar, DayKind, hours_at, special_day

GRACE = timedelta(minutes=5)
"""Around the hours: clocks differ, and a call may have waited in a queue."""
_WEEKEND = 5


@dataclass(frozen=True)
class OpeningHours:
    """Reads the schedules of numbers in one time zone, by one calendar of holidays."""

    calendar: Calendar = field(default_factory=Calendar)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))

    def is_closed(self, routing: Routing, at: float) -> bool | None:
        """Whether the number is closed at ``at`` (epoch seconds) and a little before and after.

        ``None`` where nobody knows whether the day has its usual hours.
        """
        local = datetime.fromtimestamp(at, self.zone).replace(tzinfo=None)
        is_certain = self._is_certain(routing, local)
        for moment in (local - GRACE, local, local + GRACE):
            hours = hours_at(routing, moment, self.calendar)
            if hours.is_open:
                return False
            is_certain = is_certain and hours.certain
        return True if is_certain else None

    def _is_certain(self, routing: Routing, local: datetime) -> bool:
        """Whether the day is no weekend that may be worked, as far as the provider tells."""
        day = local.date()
        if routing.national_calendar is not None or special_day(routing.special_days or (), day):
            return True
        kind = self.calendar.kind(day)
        may_be_worked = kind is DayKind.UNPUBLISHED and day.weekday() >= _WEEKEND
        return kind is not DayKind.ADJUSTED and not may_be_worked


def has_hours(routing: Routing | None) -> bool:
    """Whether the number is known to be closed at times; one without a schedule is not."""
    return routing is not None and bool(routing.schedule or routing.special_days)
