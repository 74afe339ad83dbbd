"""What is said between the agent and the recognizer: one order on its standard input, one answer.

The order has no place for expected words: a model that was primed with them hears them in noise
(docs/reference/dial-tests.md).
"""

from typing import Final

import msgspec

LONGEST_ANSWER: Final = 64 * 1024
"""Bytes of a line that is still read; a longer one is a fault of the recognizer."""
MISSING: Final = "missing"
"""The failure where the library is not installed."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One recording to write down."""

    kind: str
    """The kind of model: a key of :data:`agent.config.speech.KINDS`."""
    files: dict[str, str]
    """The paths of the model's files by what the library calls them."""
    language: str
    """``auto`` where the model finds it out."""
    pcm: bytes
    """8 kHz, mono, 16 bits."""
    memory: int
    """Bytes of address space that the recognizer may take."""
    seconds: int
    """Seconds of a core that it may take."""


class Answer(msgspec.Struct, frozen=True):
    """What was heard."""

    words: str = ""
    failure: str = ""
    """Why there are no words: :data:`MISSING`, or a sentence; empty where nothing failed."""


encode = msgspec.json.encode
decode_order: Final = msgspec.json.Decoder(Order).decode
decode_answer: Final = msgspec.json.Decoder(Answer).decode
