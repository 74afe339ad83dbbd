"""How long until a number's contract ends and the provider takes the number back."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique

from agent.checks.result import CheckResult
from agent.states import Health


@unique
class Event(StrEnum):
    """An event that is awaited."""

    CONTRACT_END = "contract_end"
    RECLAIM = "reclaim"
    LICENCE_END = "licence_end"
    IDENTITY_END = "identity_end"


@dataclass(frozen=True)
class Countdown:
    """One awaited event."""

    event: Event
    at: float
    """Epoch seconds."""
    seconds: float
    """Until then; negative once it is past."""
    health: Health
    """How urgent it is."""


def countdowns(result: CheckResult, row: int, now: float, soon: float) -> tuple[Countdown, ...]:
    """The events that are known of the number in ``row``, the nearest first.

    Args:
        result: The number's account.
        row: The number's row.
        now: Epoch seconds.
        soon: Seconds before an event from which it is urgent.
    """
    found = (
        Countdown(event, at, at - now, _urgency(at - now, soon))
        for event, at in _events(result, row)
    )
    return tuple(sorted(found, key=lambda each: each.at))


def _events(result: CheckResult, row: int) -> Iterator[tuple[Event, float]]:
    number, columns = result.numbers[row], result.columns
    # From the columns: a reclaim may follow from the state and the provider's lifecycle.
    for event, at in (
        (Event.CONTRACT_END, float(columns.contract_end[row])),
        (Event.RECLAIM, float(columns.reclaim_at[row])),
        (Event.LICENCE_END, number.licence_end),
        (Event.IDENTITY_END, number.identity_end),
    ):
        if at is not None and not math.isnan(at):
            yield event, at


def _urgency(seconds: float, soon: float) -> Health:
    if seconds <= 0:
        return Health.DOWN
    return Health.DEGRADED if seconds <= soon else Health.OK
