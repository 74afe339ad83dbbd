"""Which scheduled reports are due, and the ids of their deliveries; pure.

What was sent is noted by series: a kind of report, of periods of one length, of one provider or
all, to one sink. The note is the name of the newest period that needs nothing more, so that a
period is never sent twice, a missed one is made up for, and of several missed ones the last alone.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.config.reports import ScheduledReport
from agent.reports.period import Period, PeriodKind

PAGES = "reports/schedule/"
"""What the names of the notes begin with."""
_DIGEST_CHARACTERS = 10


@dataclass(frozen=True)
class Due:
    """A report whose time has come, with the sinks that it is to be sent to."""

    entry: ScheduledReport
    period: Period
    sinks: tuple[str, ...]


def last_period(entry: ScheduledReport, now: float, zone: ZoneInfo) -> Period:
    """The newest period that has ended and whose hour has come."""
    ended = Period.holding(now, PeriodKind(entry.every), zone).before
    first_day = datetime.fromtimestamp(ended.until, zone)
    is_time = now >= first_day.replace(hour=entry.hour).timestamp()
    return ended if is_time else ended.before


def due_reports(
    schedule: Sequence[ScheduledReport], notes: Mapping[str, str], now: float, zone: ZoneInfo
) -> Iterator[Due]:
    """The reports to send at ``now``; of a series without a note nothing is due."""
    for entry in schedule:
        period = last_period(entry, now, zone)
        sinks = tuple(it for it in entry.sinks if is_due(notes.get(note_of(entry, it)), period))
        if sinks:
            yield Due(entry, period, sinks)


def new_notes(
    schedule: Sequence[ScheduledReport], notes: Mapping[str, str], now: float, zone: ZoneInfo
) -> dict[str, str]:
    """The notes of series that are new: what had ended before they were is not sent."""
    return {
        name: last_period(entry, now, zone).name
        for entry in schedule
        for name in (note_of(entry, sink) for sink in entry.sinks)
        if name not in notes
    }


def is_due(note: str | None, period: Period) -> bool:
    """Whether ``period`` is newer than what ``note`` says; names of periods sort by time."""
    return note is not None and period.name > note


def note_of(entry: ScheduledReport, sink: str) -> str:
    """The name of the note of a series."""
    return f"{PAGES}{entry.kind}/{entry.every}/{entry.provider or ''}/{sink}"


def delivery_id(entry: ScheduledReport, period: Period, sink: str) -> str:
    """The id of a delivery, by which receivers know repeats; without dots (Standard Webhooks)."""
    parts = (entry.kind, period.name, entry.provider or "", sink)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"report_{entry.kind}_{period.name}_{digest}"
