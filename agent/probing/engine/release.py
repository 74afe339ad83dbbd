"""Ends a call whose engine has died: from the port that the engine had, with the dialog it had.

An engine that is killed says nothing to the network, and the phone would stay off the hook. What
is sent here is all that can be: CANCEL before the answer, ACK and BYE after it (RFC 3261 §9, §15).
"""

import asyncio
import ipaddress
import random
import re
from contextlib import suppress
from typing import Any, Final

from agent.probing.engine.trace import (
    CHALLENGES,
    Dialog,
    Message,
    address_in,
    is_end,
    read_message,
    route_set,
    tag_of,
)

_REPEAT: Final = 0.25
"""Seconds between two messages, half of what a far end is given else (RFC 3261 §17.1.1.2): there is
little time."""
_LARGEST: Final = 8192
"""Bytes of a message that is sent or read; a call whose routes need more is not ended by us."""
_MOST_ANSWERS: Final = 100
"""Messages of the far end that are read: each may have to be answered."""
_OK: Final = 200
_HIGHEST_PORT: Final = 65_535
_PORT: Final = re.compile(r"[0-9]{1,5}")
_URI: Final = re.compile(r"sips?:[^\s<>\"]{1,500}")


async def release(dialog: Dialog, within: float) -> bool:
    """End the call of ``dialog``; returns whether the far end confirmed that it has ended.

    Args:
        dialog: The call.
        within: Seconds after which nothing more is tried.
    """
    if dialog.is_over or dialog.invite is None:
        return True
    loop = asyncio.get_running_loop()
    try:
        transport, ending = await loop.create_datagram_endpoint(
            lambda: _Ending(dialog),
            local_addr=split_address(dialog.local),
            remote_addr=split_address(dialog.remote),
        )
    except (OSError, ValueError):
        return False
    try:
        return await ending.finish(within)
    finally:
        transport.close()


class _Ending(asyncio.DatagramProtocol):
    """The end of one call."""

    def __init__(self, dialog: Dialog) -> None:
        assert dialog.invite is not None
        self._invite, self._answer = dialog.invite, dialog.answer
        self._local = dialog.local
        self._branch = f"z9hG4bK{random.SystemRandom().getrandbits(48):012x}"
        self._transport: asyncio.DatagramTransport | None = None
        self._over = asyncio.Event()
        self._is_confirmed = False
        self._left = _MOST_ANSWERS

    def connection_made(self, transport: Any) -> None:
        """The socket is open."""
        self._transport = transport

    def error_received(self, exc: Exception) -> None:
        """Where the far end's port is closed, nobody is there to be told."""
        if isinstance(exc, ConnectionRefusedError):
            self._end(is_confirmed=True)

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ARG002 - as above
        """Go on by what the far end says."""
        self._left -= 1
        message = read_message(data[:_LARGEST].decode("utf-8", "replace"))
        if self._left < 0 or message.header("call-id") != self._invite.header("call-id"):
            return
        if message.method == "BYE":
            if not message.status or is_end(message.status):
                self._end(is_confirmed=True)
            elif message.status in CHALLENGES:
                # The password is the engine's: it will not be heard of again.
                self._end(is_confirmed=False)
        elif message.method == "INVITE" and message.status >= 300:  # noqa: PLR2004 - RFC 3261 §7.2
            self._send(self._acknowledge(message))
            self._end(is_confirmed=True)
        elif message.method == "INVITE" and message.status >= _OK:
            # It was answered in the very moment.
            self._answer = message
            self._repeat()
        elif message.method == "CANCEL" and message.status == 481:  # noqa: PLR2004 - RFC 3261 §9.2
            self._end(is_confirmed=True)

    async def finish(self, within: float) -> bool:
        """Say it again until it is confirmed, or nothing came of it."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while not self._over.is_set() and (left := end - loop.time()) > 0:
            self._repeat()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), min(left, _REPEAT))
        return self._is_confirmed

    def _end(self, *, is_confirmed: bool) -> None:
        self._is_confirmed = is_confirmed
        self._over.set()

    def _repeat(self) -> None:
        if self._answer is None:
            self._send(self._cancel())
        else:
            self._send(self._in_dialog("ACK", self._answer))
            self._send(self._in_dialog("BYE", self._answer))

    def _cancel(self) -> bytes:
        uri = self._invite.start.split(" ")[1]
        return _request(
            f"CANCEL {uri}",
            ("Via", self._invite.header("via")),
            *(("Route", route) for route in self._invite.all("route")),
            *self._parties(self._invite.header("to")),
            ("CSeq", f"{self._number} CANCEL"),
        )

    def _acknowledge(self, refusal: Message) -> bytes:
        uri = self._invite.start.split(" ")[1]
        return _request(
            f"ACK {uri}",
            ("Via", self._invite.header("via")),
            *self._parties(refusal.header("to")),
            ("CSeq", f"{self._number} ACK"),
        )

    def _in_dialog(self, method: str, answer: Message) -> bytes:
        # A PRACK of the engine may have had the next numbers.
        number = self._number + (100 if method == "BYE" else 0)
        target = address_in(answer.header("contact"))
        if not _URI.fullmatch(target):
            target = self._invite.start.split(" ")[1]
        return _request(
            f"{method} {target}",
            ("Via", f"SIP/2.0/UDP {self._local};branch={self._branch}{method};rport"),
            *(("Route", route) for route in route_set(answer)),
            *self._parties(answer.header("to")),
            ("CSeq", f"{number} {method}"),
        )

    def _parties(self, to: str) -> tuple[tuple[str, str], ...]:
        return (
            ("Max-Forwards", "70"),
            ("From", self._invite.header("from")),
            ("To", to if tag_of(to) or self._answer is None else self._invite.header("to")),
            ("Call-ID", self._invite.header("call-id")),
        )

    @property
    def _number(self) -> int:
        number = self._invite.header("cseq").split(" ")[0]
        return int(number) if number.isdecimal() else 1

    def _send(self, data: bytes) -> None:
        is_open = self._transport is not None and not self._transport.is_closing()
        if self._transport is not None and is_open and len(data) <= _LARGEST:
            self._transport.sendto(data)


def _request(first: str, *headers: tuple[str, str]) -> bytes:
    lines = [f"{first} SIP/2.0", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()


def split_address(address: str) -> tuple[str, int]:
    """Host and port; ``ValueError`` where they are none, a host's name among them."""
    host, _, port = address.rpartition(":")
    if not _PORT.fullmatch(port) or int(port) > _HIGHEST_PORT:
        raise ValueError("no port")
    return str(ipaddress.ip_address(host.strip("[]"))), int(port)
