"""Says the ACK of a call again where the far end did not hear it.

A far end sends its 2xx until it has the ACK, and whoever called answers each of them with the ACK
(RFC 3261 §13.2.2.4). The stack says it once (seen with baresip-python 0.5.2a3). Where it is lost,
many far ends send no sound, which would look like one-way audio, and end the call half a minute
later.
"""

import socket
from contextlib import suppress
from typing import Final

from agent.probing.engine.protocol import Sip
from agent.probing.engine.release import split_address
from agent.probing.engine.trace import Message, read_message

_MOST: Final = 11
"""How often a far end sends its answer again at most (RFC 3261 §13.3.1.4)."""


class Acknowledgement:
    """The ACK of one call."""

    def __init__(self) -> None:
        self._sent: tuple[Sip, Message] | None = None
        self._left = _MOST

    def take(self, event: Sip) -> None:
        """Take in a message of the call; an answer that comes again is acknowledged again."""
        is_acknowledgement = event.sent and event.text.startswith("ACK ")
        if not is_acknowledgement and (event.sent or self._sent is None):
            return
        message = read_message(event.text)
        if is_acknowledgement:
            self._sent = event, message
        elif self._sent is not None and self._left and _answers(message, self._sent[1]):
            self._left -= 1
            _say_again(*self._sent)


def _answers(message: Message, acknowledgement: Message) -> bool:
    """Whether a message is the 2xx that was acknowledged."""
    number = acknowledgement.header("cseq").split(" ")[0]
    return (
        message.status // 100 == 2  # noqa: PLR2004 - RFC 3261 §7.2
        and message.header("cseq").split() == [number, "INVITE"]
        and all(
            message.header(name) == acknowledgement.header(name)
            for name in ("call-id", "from", "to")
        )
    )


def _say_again(event: Sip, message: Message) -> None:
    """Send the very same ACK; the stack's port is its own, and an ACK has no answer."""
    if "/UDP" not in message.header("via").upper():
        return
    with suppress(OSError, ValueError):
        host, _ = split_address(event.local)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as one:
            one.settimeout(0)
            one.bind((host, 0))
            one.sendto(f"{event.text.rstrip()}\r\n\r\n".encode(), split_address(event.remote))
