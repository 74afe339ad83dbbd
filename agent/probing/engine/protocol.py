"""What is said between the agent and the engine: one JSON object a line, bounded.

The agent writes one order, and later perhaps ``{"command": "hang_up"}``; the engine writes events.
Where the agent's end of the pipe closes, the engine hangs up and ends: nobody listens any more.
"""

from typing import Final, Literal

import msgspec

LONGEST_LINE: Final = 256 * 1024
"""Bytes of a line that is still read; a longer one is a fault of the engine."""
ALIVE_EVERY: Final = 0.5
"""Seconds between two signs of life of the engine."""


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
    """Seconds after the answer when it hangs up."""
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
    local: str
    """``HOST:PORT``"""
    remote: str
    text: str
    at: float
    """Seconds since the call began."""


class Audio(msgspec.Struct, frozen=True, tag="audio", tag_field="event"):
    """Sound that was received: 8 kHz, mono, 16 bits."""

    answered: bool
    """Whether it came after the answer."""
    pcm: bytes


class Counters(msgspec.Struct, frozen=True):
    """What the engine counted; see :class:`agent.probing.hearing.quality.Reception`."""

    received: int = 0
    lost: int = 0
    sent: int = 0
    jitter: float = 0.0
    round_trip: float = 0.0


class Closed(msgspec.Struct, frozen=True, tag="closed", tag_field="event"):
    """The call has ended."""

    by_us: bool
    at: float
    counters: Counters


class Failed(msgspec.Struct, frozen=True, tag="failed", tag_field="event"):
    """The engine could not place the call, or lost it."""

    reason: Literal["missing", "refused", "broken"]
    """``missing``: the engine is not installed; ``refused``: it took the order and cannot carry it
    out; ``broken``: anything else."""
    text: str


Event = Ready | Alive | Sip | Audio | Closed | Failed

encode = msgspec.json.encode
decode_event: Final = msgspec.json.Decoder(Event).decode
decode_order: Final = msgspec.json.Decoder(Order).decode
