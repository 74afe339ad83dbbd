"""The outcome of a call according to the configuration alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from agent.i18n import Message, contextual
from agent.states import Cause


@unique
class Treatment(StrEnum):
    """What a caller hears (docs/reference/domain.md §2)."""

    RINGING = "ringing"
    MENU = "menu"
    PIN = "pin"
    NO_RIGHT = "no_right"
    BUSY = "busy"
    CLOSED = "closed"
    VOICEMAIL = "voicemail"
    NOTHING = "nothing"
    """After a key that leads nowhere, or one that hangs up."""


TREATMENT_TEXTS: Final[Mapping[Treatment, Message]] = {
    Treatment.RINGING: Message("ringing"),
    Treatment.MENU: Message("the menu"),
    Treatment.PIN: Message("the question for a code"),
    Treatment.NO_RIGHT: Message("that they may not call"),
    Treatment.BUSY: contextual("tone", "busy"),
    Treatment.CLOSED: Message("that it is closed"),
    Treatment.VOICEMAIL: Message("voicemail"),
    Treatment.NOTHING: Message("nothing that helps"),
}
"""Each treatment in words that follow "callers hear"."""


@dataclass(frozen=True)
class Leg:
    """One phone that rings."""

    binding: str
    """The id of the bound phone."""
    after: float | None
    """Seconds after the call came in; ``None`` where a wait before it is unknown."""
    seconds: float | None
    """How long it rings; ``None`` where its wait is unknown."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one call."""

    treatment: Treatment
    """What the caller hears once the platform has decided: ringing when a phone rings."""
    legs: tuple[Leg, ...] = ()
    """The phones, in the order in which they ring."""
    obstacle: Cause | None = None
    """Why no phone rings; ``None`` when one does."""
    why: str = ""
    """The rule that stopped the call, in English and without anyone's number."""
    at_the_end: Treatment = Treatment.BUSY
    """What is heard when every phone rang in vain."""
    gives_up_after: float | None = None
    """Seconds after which every phone rang in vain; ``None`` where a wait is unknown."""
    certain: bool = True
    """False where something that would matter is unknown: the caller's area, a strategy, the
    holidays of the year."""

    @property
    def rings(self) -> bool:
        """Whether any phone rings."""
        return bool(self.legs)
