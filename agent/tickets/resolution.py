"""What a person's closing of a ticket means for a fault that is still told of.

A closed ticket whose fault goes on is either reopened, because it was said to be repaired and
is not, or muted, because somebody knows of it and wants to hear no more (ticketing.md §4, 9).
"""

from collections.abc import Mapping
from enum import StrEnum, unique


@unique
class Resolution(StrEnum):
    """Why a ticket was closed; a closed list for people and for ticket systems."""

    RESTORED = "restored"
    """Repaired; the agent's own word, and the default of a person's."""
    NOT_COMMON = "not_common"
    """A common cause's: its members have nothing in common; each gets its own ticket."""
    WONT_FIX = "wont_fix"
    """It stays as it is."""
    FALSE_ALARM = "false_alarm"
    """There is no fault; the alert is wrong."""
    PLANNED = "planned"
    """Maintenance, or a number taken out of service on purpose."""
    DUPLICATE = "duplicate"
    """Somebody works on it elsewhere."""
    MISROUTED = "misrouted"
    """Not ours to repair."""
    GONE = "gone"
    """What was broken is there no more; the agent's own word."""


MUTING = frozenset(
    {
        *(Resolution.WONT_FIX, Resolution.FALSE_ALARM, Resolution.PLANNED),
        *(Resolution.DUPLICATE, Resolution.MISROUTED),
    }
)
"""Closed so, a fault that goes on opens nothing until its recovery has been seen."""

_WORDS: Mapping[str, Resolution] = {
    **{one.value: one for one in Resolution},
    "fixed": Resolution.RESTORED,
    "done": Resolution.RESTORED,
    "resolved": Resolution.RESTORED,
    "wontfix": Resolution.WONT_FIX,
    "wont_do": Resolution.WONT_FIX,
    "invalid": Resolution.FALSE_ALARM,
    "cannot_reproduce": Resolution.FALSE_ALARM,
    "not_a_bug": Resolution.FALSE_ALARM,
    "known_error": Resolution.WONT_FIX,
    "declined": Resolution.WONT_FIX,
    "maintenance": Resolution.PLANNED,
    "rejected": Resolution.MISROUTED,
}
"""How ticket systems say it."""


def resolution_of(word: str) -> Resolution:
    """The resolution that a ticket system's or a person's word stands for.

    An unknown word is :attr:`Resolution.RESTORED`: if the fault goes on the ticket is reopened,
    which is the mistake that misses nothing.
    """
    plain = "_".join(word.casefold().replace("'", "").replace("’", "").split()).replace("-", "_")
    return _WORDS.get(plain, Resolution.RESTORED)
