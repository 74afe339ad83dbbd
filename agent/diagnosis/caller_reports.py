"""What callers report of a number: who, when, and what they heard or noticed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

CALLERS: Final = "callers"
"""The source of evidence that callers' reports are."""
RECENT: Final = 7200.0
"""Seconds for which what a caller heard says something of now."""


@dataclass(frozen=True)
class CallerReport:
    """One complaint or fault report, as evidence."""

    at: float
    """Epoch seconds of the trouble."""
    who: str
    """Distinguishes callers; it does not say who they are."""
    words: str = ""
    """The announcement, or the trouble in the caller's words."""
    trouble: str = ""
    """The kind of trouble, by its name in complaints; empty where nothing was said."""
    callers: tuple[str, ...] = ()
    """The numbers that failed, in plain digits. Personal: never shown."""


ReportsOf = Callable[[str], Sequence[CallerReport]]
"""Returns the reports about a number, the oldest first."""


def no_reports(_number: str) -> Sequence[CallerReport]:
    """Where nobody can complain."""
    return ()
