"""When the calls of a number are unusual: beyond what it ever had in the hours that were learnt.

Somebody else who uses a number answers calls while it is closed or from other countries, or has
far more at once than it ever had. A campaign or a holiday does that too, so that a person must
judge.
Source: docs/reference/domain.md §6 (S3, abnormal charges and account theft).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum, unique
from typing import Final, NamedTuple

from agent.checks.opening_hours import OpeningHours
from agent.model import CallOutcome, Routing
from agent.polling.call_ledger import MOST_RECENT_CALLS
from agent.states import CallResult


@unique
class UnusualReason(StrEnum):
    """What of a number's calls is compared with what it had before."""

    OUT_OF_HOURS = "out_of_hours"
    """Calls that a phone answered while the number was closed, in the last half hour."""
    ABROAD = "abroad"
    """Calls from another country's numbers that a phone answered, in the last half hour."""
    CONCURRENCY = "concurrency"
    """Calls at once, in the last quarter of an hour."""


ENOUGH_HOURS: Final = 168
"""Hours that must be known, a whole week: a Monday has many times the calls of a weekend, and a
weekend many times those of a night."""


class Margin(NamedTuple):
    """How far beyond the most there ever was calls are unusual."""

    times: int
    """So many times the most are not unusual yet."""
    more: int
    """So many calls more than the most are not unusual yet."""


MARGINS: Final[Mapping[UnusualReason, Margin]] = {
    # A quiet number answers a call now and then after its hours: three calls mean nothing.
    UnusualReason.OUT_OF_HOURS: Margin(times=3, more=3),
    UnusualReason.ABROAD: Margin(times=3, more=3),
    UnusualReason.CONCURRENCY: Margin(times=3, more=10),
}


def out_of_hours(
    routing: Routing, outcomes: Iterable[CallOutcome], hours: OpeningHours
) -> int | None:
    """How many of ``outcomes`` a phone answered while the number was closed.

    ``None`` where it is not known whether one of the calls came outside the hours.
    """
    closed = [hours.is_closed(routing, it.started_at) for it in outcomes if _is_answered(it)]
    return None if None in closed else closed.count(True)


def from_abroad(outcomes: Iterable[CallOutcome]) -> int | None:
    """How many of ``outcomes`` came from another country and were answered by a phone.

    ``None`` where the record of an answered call names no caller.
    """
    abroad = [it.is_from_abroad for it in outcomes if _is_answered(it)]
    return None if None in abroad else abroad.count(True)


def _is_answered(call: CallOutcome) -> bool:
    """Whether a phone answered: what only voicemail or an announcement took names none."""
    has_talk = call.talk_seconds is None or call.talk_seconds > 0
    return call.result is CallResult.ANSWERED and bool(call.binding) and has_talk


class ComparedCalls(NamedTuple):
    """Calls of one kind beside the most that are usual."""

    reason: UnusualReason
    calls: int
    limit: int

    @property
    def is_unusual(self) -> bool:
        """Whether there are more than are usual."""
        return self.calls > self.limit


def limit_of(reason: UnusualReason, hours: int, most: int) -> int | None:
    """The most calls that are usual where ``most`` is the most of ``hours`` hours.

    ``None`` before enough hours are known, and where more calls are usual than records are kept.
    """
    if hours < ENOUGH_HOURS:
        return None
    margin = MARGINS[reason]
    limit = max(margin.times * most, most + margin.more)
    return limit if limit < MOST_RECENT_CALLS else None


def compare(reason: UnusualReason, calls: int, hours: int, most: int) -> ComparedCalls | None:
    """``calls`` beside the limit; ``None`` before enough hours are known."""
    limit = limit_of(reason, hours, most)
    return None if limit is None else ComparedCalls(reason, calls, limit)
