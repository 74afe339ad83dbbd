"""What becomes of a call."""

from dataclasses import dataclass
from enum import StrEnum, unique

from agent.states import Cause


@unique
class Heard(StrEnum):
    """What a caller hears (domain.md §2, what the caller hears)."""

    RINGING = "ringing"
    MENU = "menu"
    PIN = "pin"
    NO_RIGHT = "no_right"
    BUSY = "busy"
    CLOSED = "closed"
    VOICEMAIL = "voicemail"
    NOTHING = "nothing"
    """A key that leads nowhere, or one that hangs up."""


@dataclass(frozen=True)
class Leg:
    """One phone that is rung."""

    binding: str
    """The id of the bound phone."""
    after: float | None
    """Seconds after the call came in; ``None`` where a wait before it is not known."""
    seconds: float | None
    """How long it rings; ``None`` where no wait is told."""


@dataclass(frozen=True)
class Outcome:
    """What becomes of one call, by the configuration alone."""

    heard: Heard
    """What the caller hears once the platform has decided: ringing when a phone rings."""
    legs: tuple[Leg, ...] = ()
    """The phones, in the order in which they ring."""
    obstacle: Cause | None = None
    """Why no phone rings; ``None`` when one does."""
    why: str = ""
    """The rule that stopped the call, in words and without anyone's number."""
    at_the_end: Heard = Heard.BUSY
    """What is heard when every phone was rung in vain."""
    gives_up_after: float | None = None
    """Seconds after which every phone was rung in vain; ``None`` where a wait is not known."""
    certain: bool = True
    """False where something that would matter is not known: the caller's area, a strategy, the
    holidays of the year."""

    @property
    def rings(self) -> bool:
        """Whether any phone rings."""
        return bool(self.legs)
