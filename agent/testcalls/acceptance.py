"""The acceptance of a number: from every line and at several hours its calls get through; pure.

Carriers and areas route calls in ways of their own, and numbers close at hours of their own: what
gets through once from one line is not accepted yet. What is not known is left open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from agent.config.acceptance import Acceptance as AcceptanceSettings
from agent.config.dial import Caller
from agent.config.service import is_within
from agent.probing.facts import ProbeCall, Purpose

MOST_CALLS: Final = 2000
"""Calls of one acceptance that are read."""


@unique
class CellState(StrEnum):
    """What is known of one line at one part of the day, and of the acceptance as a whole."""

    OPEN = "open"
    """Calls are still missing."""
    PASSED = "passed"
    FAILED = "failed"
    """The newest call that says anything did not get through."""
    UNKNOWN = "unknown"
    """Calls were made, and say nothing of the number."""
    NOT_CALLED = "not_called"
    """The line never calls at this part of the day."""


@dataclass(frozen=True)
class Cell:
    """The calls of one line at one part of the day."""

    caller: Caller
    hours: str
    calls: tuple[ProbeCall, ...]
    """The newest first."""
    needed: int

    @property
    def state(self) -> CellState:
        """How far it is."""
        judged = [call for call in self.calls if call.is_judged]
        if judged and judged[0].failed:
            return CellState.FAILED
        if sum(call.got_through for call in judged) >= self.needed:
            return CellState.PASSED
        if not self.calls:
            overlap = any(_overlaps(own, self.hours) for own in self.caller.hours)
            return CellState.OPEN if overlap else CellState.NOT_CALLED
        return CellState.OPEN if judged else CellState.UNKNOWN


@dataclass(frozen=True)
class AcceptanceMatrix:
    """The cells of one number: a row for each line, a column for each part of the day."""

    number: str
    hours: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    calls: tuple[ProbeCall, ...]
    """All calls of the acceptance, the newest first."""

    @property
    def cells(self) -> Iterator[Cell]:
        """Every cell in which calls are asked for."""
        return (cell for row in self.rows for cell in row if cell.state is not CellState.NOT_CALLED)

    @property
    def state(self) -> CellState:
        """Passed when every cell is; failed when one is; else open."""
        states = [cell.state for cell in self.cells]
        if CellState.FAILED in states:
            return CellState.FAILED
        is_passed = bool(states) and set(states) == {CellState.PASSED}
        return CellState.PASSED if is_passed else CellState.OPEN

    def due(self, now: float, zone: str) -> list[Cell]:
        """The cells of this part of the day in which a call is missing, failed or unknown."""
        return [
            cell
            for cell in self.cells
            if cell.state is not CellState.PASSED
            and is_within((cell.hours,), now, zone)
            and is_within(cell.caller.hours, now, zone)
        ]


def matrix_of(
    number: str,
    callers: Sequence[Caller],
    settings: AcceptanceSettings,
    calls: Sequence[ProbeCall],
    zone: str,
) -> AcceptanceMatrix:
    """The acceptance of ``number`` as far as ``calls``, newest first, have brought it.

    Args:
        number: The number.
        callers: The lines.
        settings: The parts of the day, and how many calls each needs.
        calls: The calls to the number; those made for another purpose are left out.
        zone: The time zone of hours.
    """
    own = tuple(it for it in calls if it.purpose is Purpose.ACCEPTANCE and it.number == number)
    rows = tuple(
        tuple(
            Cell(
                caller,
                hours,
                tuple(
                    it
                    for it in own
                    if it.caller == caller.name and is_within((hours,), it.at, zone)
                ),
                settings.calls,
            )
            for hours in settings.hours
        )
        for caller in callers
    )
    return AcceptanceMatrix(number, tuple(settings.hours), rows, own)


def _overlaps(one: str, other: str) -> bool:
    """Whether two periods of a day have a moment in common."""
    (start, _, end), (begin, _, stop) = one.partition("-"), other.partition("-")
    return start < stop and begin < end
