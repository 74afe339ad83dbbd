"""The SIP endpoint: a user agent server over UDP at which every number of a world is called."""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from agent.simulator.telephony.behaviour import Behaviour
from agent.simulator.telephony.call import Call, CallLog, is_same_dialog
from agent.simulator.telephony.media import Line
from agent.simulator.telephony.message import Request, read, respond

MOST_CALLS: Final = 200
"""Calls at once; a further one is answered 503."""
_LOGGED: Final = 10_000
_IN_DIALOG: Final[dict[str, Callable[[Call], None]]] = {
    "CANCEL": Call.cancel,
    "BYE": Call.bye,
    "PRACK": Call.prack,
}

Answering = Callable[[str, str], Behaviour | None]
"""How a number (the first) behaves for a caller; ``None`` where there is no such number."""


class SipEndpoint(asyncio.DatagramProtocol):
    """Answers calls. Made by :func:`open_endpoint`."""

    def __init__(self, answering: Answering, line: Line) -> None:
        self.line = line
        self.calls: deque[CallLog] = deque(maxlen=_LOGGED)
        """Every call, the newest last."""
        self._answering = answering
        self._rng = random.Random("signalling")  # nosec B311 # a simulation
        self._active: dict[str, Call] = {}
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return str(host), int(port)

    def connection_made(self, transport: Any) -> None:
        """The socket is open."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Handle a request; responses and anything else are ignored."""
        message = None if self._is_lost() else read(data)
        if message is not None and message.call_id:
            self._handle(message, addr)

    def close(self) -> None:
        """Stop answering."""
        for call in self._active.values():
            call.close()
        if self._transport is not None:
            self._transport.close()

    def _handle(self, message: Request, addr: tuple[str, int]) -> None:
        call = self._active.get(message.call_id)
        if call is not None and not is_same_dialog(call.invite, message):
            call = None
        if message.method == "INVITE":
            self._invite(message, call, addr)
        elif message.method == "ACK":
            if call is not None:
                call.acknowledge()
        elif message.method == "OPTIONS":
            self._reply(message, 200, addr)
        elif message.method not in _IN_DIALOG:
            self._reply(message, 405, addr)
        elif call is None:
            self._reply(message, 481, addr)
        else:
            self._reply(message, 200, addr)
            _IN_DIALOG[message.method](call)

    def _invite(self, message: Request, call: Call | None, addr: tuple[str, int]) -> None:
        if call is not None:
            # Sent again, because our answer was lost or late.
            self._send(call.last or respond(message, 100, ""), addr)
            return
        self._forget_ended()
        behaviour = self._answering(message.user, message.header("from"))
        if behaviour is None:
            self._reply(message, 404, addr)
        elif len(self._active) >= MOST_CALLS:
            self._reply(message, 503, addr)
        else:
            self._reply(message, 100, addr)
            host, port = self.address
            contact = f"<sip:{message.user}@{host}:{port}>"
            call = Call(
                message, behaviour, host, contact, lambda data: self._send(data, addr), self.line
            )
            self._active[message.call_id] = call
            self.calls.append(call.log)

    def _forget_ended(self) -> None:
        """Forget calls that ended half a minute ago: nothing is sent again by then."""
        before = asyncio.get_running_loop().time() - 32
        for call_id, call in list(self._active.items()):
            if call.log.ended is not None and call.log.ended < before:
                call.close()
                del self._active[call_id]

    def _reply(self, message: Request, status: int, addr: tuple[str, int]) -> None:
        self._send(respond(message, status, "endpoint"), addr)

    def _send(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing() and not self._is_lost():
            self._transport.sendto(data, addr)

    def _is_lost(self) -> bool:
        return self._rng.random() < self.line.signalling_loss


async def open_endpoint(
    answering: Answering, host: str = "127.0.0.1", port: int = 0, line: Line | None = None
) -> SipEndpoint:
    """A SIP endpoint on UDP; port 0 takes a free one.

    Raises:
        OSError: when the address cannot be listened on.
    """
    loop = asyncio.get_running_loop()
    _, endpoint = await loop.create_datagram_endpoint(
        lambda: SipEndpoint(answering, line or Line()), local_addr=(host, port)
    )
    return endpoint
