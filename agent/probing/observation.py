"""What one test call showed: its signalling, its counters and its sound."""

from dataclasses import dataclass, field
from enum import StrEnum, unique

from agent.probing.hearing.fingerprint import UNKNOWN, Match
from agent.probing.hearing.quality import Reception
from agent.probing.hearing.tones import ToneHeard


@unique
class Ended(StrEnum):
    """Who ended a call."""

    CALLER = "caller"
    """We did: after the answer was heard, or at the end of the longest duration."""
    NETWORK = "network"
    """The called side or the network did."""
    ENGINE = "engine"
    """Nobody did: our engine failed, and the call says nothing about the number."""


@dataclass(frozen=True)
class Signalling:
    """What SIP said."""

    status: int = 0
    """The final status of the INVITE, such as 486; 0 where none came."""
    phrase: str = ""
    """The reason phrase beside it."""
    cause: int | None = None
    """The Q.850 cause of a Reason header, of the final response or of the BYE."""
    cause_text: str = ""
    provisional: tuple[int, ...] = ()
    """Provisional statuses in the order in which each came first: 100, 180, 181, 183."""
    redirected_to: str = ""
    """The host of a 3xx's Contact; never a person's number."""
    setup: float | None = None
    """Seconds until something was heard of the far end: 180, early media or the answer."""
    answered: float | None = None
    """Seconds until the answer."""
    duration: float = 0.0
    """Seconds from the INVITE to the end."""
    ended: Ended = Ended.NETWORK

    @property
    def is_forwarded(self) -> bool:
        """Whether the network said that the call goes elsewhere."""
        return 181 in self.provisional or 300 <= self.status < 400  # noqa: PLR2004 - SIP's own


@dataclass(frozen=True)
class Hearing:
    """What a recording holds, before or after the answer."""

    seconds: float = 0.0
    """The length of the recording."""
    silent_share: float | None = None
    """The share that is silent; ``None`` where nothing was recorded."""
    is_silent: bool = False
    tones: tuple[ToneHeard, ...] = ()
    announcement: Match = UNKNOWN
    words: str = ""
    """What was said, written down by a machine; empty where nobody asked for it."""
    words_failure: str = ""
    """Why there are no words although they were asked for."""


@dataclass(frozen=True)
class Observation:
    """All of one test call."""

    signalling: Signalling = field(default_factory=Signalling)
    early: Hearing = field(default_factory=Hearing)
    """Before the answer: early media."""
    talk: Hearing = field(default_factory=Hearing)
    """After it."""
    reception: Reception = field(default_factory=Reception)
    stood_still: float = 0.0
    """Seconds for which our engine did not run although it was to, as on a busy machine."""
