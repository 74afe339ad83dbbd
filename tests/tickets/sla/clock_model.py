"""Service-level clocks the slow way: one minute after the other, from what was recorded.

Shares nothing with the code it checks but the names of events. Everything happens on whole
minutes; a minute counts when it begins unpaused and in working time.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

from agent.tickets.sla.clocks import ClockEvent, ClockEventKind

CHINA = timezone(timedelta(hours=8))
MINUTE = 60
FURTHEST = 40 * 24 * 60
"""Minutes looked ahead for a deadline."""

Works = Callable[[datetime], bool]


def office(holidays: set[date], workdays: set[date]) -> Works:
    """Working time 08:30-12:00 and 13:30-17:30, written out."""

    def works(moment: datetime) -> bool:
        day = moment.date()
        worked = day in workdays or (day.weekday() <= 4 and day not in holidays)
        minutes = moment.hour * 60 + moment.minute
        return worked and (510 <= minutes < 720 or 810 <= minutes < 1050)

    return works


def always(_moment: datetime) -> bool:
    return True


class ClockModel:
    """One clock of one ledger; ``promises`` gives each grade's minutes and working time."""

    def __init__(self, events, name, promises) -> None:
        self.name = name
        self.promises = promises
        first = events[0]
        self.begin = min([first.at, *(it.at for it in events if it.kind is ClockEventKind.REPORT)])
        self.grade0 = first.grade
        self.changes: list[tuple[float, ClockEvent]] = []
        last = first.at
        self.stopped = None
        for event in events[1:]:
            if event.kind in (ClockEventKind.GRADE, ClockEventKind.PAUSE, ClockEventKind.RESUME):
                last = max(last, event.at)
                self.changes.append((last, event))
            elif event.kind is ClockEventKind.STOP and event.clock is name:
                if self.stopped is None:
                    self.stopped = max(event.at, self.begin)
            elif event.kind is ClockEventKind.VOID and event.clock is name:
                self.stopped = None
        self.last = last

    def read(self, now: float) -> tuple[float, float | None, bool]:
        """Seconds that counted, the deadline (``None``: too far), and whether it is paused."""
        end = max(now, self.last) if self.stopped is None else self.stopped
        grades = [it.grade for _at, it in self.changes if it.kind is ClockEventKind.GRADE]
        allowed = self.promises[grades[-1] if grades else self.grade0][0]
        counted, elapsed, deadline, paused_then = 0, None, None, False
        for minute, paused, counts in self._minutes(end):
            if minute >= end and elapsed is None:
                elapsed, paused_then = counted, paused
            if elapsed is not None and deadline is not None:
                break
            counted += MINUTE * counts
            if counted >= allowed and deadline is None:
                deadline = minute + MINUTE
        return elapsed, deadline, paused_then and self.stopped is None

    def _minutes(self, end: float):
        """Each minute, whether it is paused, and whether it counts.

        From ``end`` on a pause without an end of its own counts as lifted.
        """
        pauses, grade = {}, self.grade0
        waiting = [it for it in self.changes if self.stopped is None or it[0] < self.stopped]
        minute = self.begin
        while minute < end + FURTHEST * MINUTE:
            while waiting and waiting[0][0] <= minute:
                grade = self._happened(waiting.pop(0)[1], grade, pauses)
            timed = any(until is not None and minute < until for until in pauses.values())
            paused = None in pauses.values()
            stands = timed or (paused and minute < end)
            local = datetime.fromtimestamp(minute, UTC).astimezone(CHINA)
            yield minute, timed or paused, not stands and self.promises[grade][1](local)
            minute += MINUTE

    @staticmethod
    def _happened(event: ClockEvent, grade, pauses: dict):
        if event.kind is ClockEventKind.GRADE:
            return event.grade
        if event.kind is ClockEventKind.PAUSE:
            pauses[event.reason] = event.until
        else:
            pauses.pop(event.reason, None)
        return grade
