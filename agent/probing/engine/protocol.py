"""What is said between the agent and the engine: one JSON object a line, bounded.

The agent writes one order, and later perhaps ``{"command": "hang_up"}``; the engine writes events.
Where the agent's end of the pipe closes, the engine hangs up and ends: nobody listens any more.
"""

from typing import Annotated, Final, Literal

import msgspec

LONGEST_LINE: Final = 256 * 1024
"""Bytes of a line that is still read; a longer one is a fault of the engine."""
ALIVE_EVERY: Final = 0.5
"""Seconds between two signs of life of the engine."""
LONGEST_MESSAGE: Final = 8192
"""Characters of a SIP message; the engine leaves out the rest."""
LONGEST_TEXT: Final = 400
"""Characters of a failure's text."""

Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=86_400_000)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]
Address = Annotated[str, msgspec.Meta(max_length=100)]
"""``HOST:PORT``"""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One call to place."""

    uri: str
    """Who is called: ``sip:NUMBER@HOST:PORT``."""
    user: str
    domain: str
    """Who calls: ``sip:USER@DOMAIN``."""
    password: str = ""
    auth_user: str = ""
    local_address: str = ""
    """The local address or interface to call from; empty chooses one."""
    longest: float
    """Seconds after which the engine hangs up by itself, whatever happens."""
    talk: float
    """Seconds of sound after the answer after which it hangs up; a second later where less came."""
    prompt: bytes = b""
    """PCM that is played after the answer: 8 kHz, mono, 16 bits."""
    headers: dict[str, str] = {}


class Ready(msgspec.Struct, frozen=True, tag="ready", tag_field="event"):
    """The engine has started and is about to call."""


class Alive(msgspec.Struct, frozen=True, tag="alive", tag_field="event"):
    """The engine lives."""


class Sip(msgspec.Struct, frozen=True, tag="sip", tag_field="event"):
    """A SIP message that was sent or received."""

    sent: bool
    local: Address
    remote: Address
    text: Annotated[str, msgspec.Meta(max_length=LONGEST_MESSAGE)]
    at: Seconds
    """Seconds since the call began."""


class Audio(msgspec.Struct, frozen=True, tag="audio", tag_field="event"):
    """Sound that was received: 8 kHz, mono, 16 bits."""

    answered: bool
    """Whether it came after the answer."""
    pcm: bytes


class Counters(msgspec.Struct, frozen=True):
    """What the engine counted; see :class:`agent.probing.hearing.quality.Reception`."""

    received: Count = 0
    lost: Count = 0
    sent: Count = 0
    jitter: Milliseconds = 0.0
    round_trip: Milliseconds = 0.0


class Closed(msgspec.Struct, frozen=True, tag="closed", tag_field="event"):
    """The call has ended."""

    by_us: bool
    at: Seconds
    counters: Counters
    stood_still: Seconds = 0.0
    """Seconds for which the engine did not run although it was to: what came may be missing."""


class Traced(msgspec.Struct, frozen=True, tag="traced", tag_field="event"):
    """Every SIP message of the call that has ended was written."""


class Failed(msgspec.Struct, frozen=True, tag="failed", tag_field="event"):
    """The engine could not place the call, or lost it."""

    reason: Literal["missing", "refused", "broken"]
    """``missing``: the engine is not installed; ``refused``: it took the order and cannot carry it
    out; ``broken``: anything else."""
    text: Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]


Event = Ready | Alive | Sip | Audio | Closed | Traced | Failed

encode = msgspec.json.encode
decode_order: Final = msgspec.json.Decoder(Order).decode
_EVENTS: Final[msgspec.json.Decoder[Event]] = msgspec.json.Decoder(Event)


class InvalidEventError(ValueError):
    """A line of the engine is no event."""


def decode_event(line: bytes) -> Event:
    """The event in a line of the engine.

    Raises:
        InvalidEventError: when it is none, or one of its values is out of bounds.
    """
    try:
        return _EVENTS.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidEventError(type(error).__name__) from error
