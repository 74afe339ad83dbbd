"""RTP of the endpoint: what it plays is sent, what it receives is counted (RFC 3550)."""

import asyncio
import random
import struct
from dataclasses import dataclass
from typing import Any, Final

from agent.simulator.telephony.sounds import PACKET, packets

_PACE: Final = 0.02
_PAYLOAD: Final = 8
"""A-law."""
_LAST_PORT: Final = 32


@dataclass(frozen=True)
class Line:
    """What happens to packets on their way."""

    loss: float = 0.0
    """The share of RTP to the caller that is lost, from 0 to 1."""
    jitter: float = 0.0
    """The most seconds by which a packet of it is late."""
    signalling_loss: float = 0.0
    """The share of SIP messages that is lost, either way."""


class Media(asyncio.DatagramProtocol):
    """One call's RTP."""

    def __init__(self, line: Line, rng: random.Random) -> None:
        self.received = 0
        self.sent = 0
        self._line, self._rng = line, rng
        self._transport: asyncio.DatagramTransport | None = None
        self._playing: asyncio.Task[None] | None = None
        self._sequence, self._time = rng.randrange(1 << 16), rng.randrange(1 << 32)
        self._source = rng.randrange(1 << 32)

    @classmethod
    async def open(cls, host: str, line: Line, rng: random.Random) -> "Media":
        """A media end on a free even port of ``host``.

        Raises:
            OSError: when none can be had.
        """
        loop = asyncio.get_running_loop()
        for _ in range(_LAST_PORT):
            transport, media = await loop.create_datagram_endpoint(
                lambda: cls(line, rng), local_addr=(host, 0)
            )
            if media.port % 2 == 0:
                return media
            transport.close()
        raise OSError("no free even port for RTP")

    @property
    def port(self) -> int:
        """The local port."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: Any) -> None:
        """The socket is open."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ARG002 - asyncio's
        """Count what comes."""
        self.received += len(data) > 12  # noqa: PLR2004 - RTP's header

    def play(self, sound: str, to: tuple[str, int]) -> None:
        """Play ``sound`` from now on; an empty one stops sending."""
        if self._playing is not None:
            self._playing.cancel()
            self._playing = None
        if sound:
            self._playing = asyncio.create_task(self._play(packets(sound), to))

    def close(self) -> None:
        """Stop, and give the port back."""
        self.play("", ("", 0))
        if self._transport is not None:
            self._transport.close()

    async def _play(self, coded: tuple[bytes, ...], to: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        begin, count = loop.time(), 0
        while True:
            self._send(coded[count % len(coded)], to, first=count == 0)
            count += 1
            await asyncio.sleep(max(0.0, begin + count * _PACE - loop.time()))

    def _send(self, coded: bytes, to: tuple[str, int], *, first: bool) -> None:
        self._sequence = (self._sequence + 1) % (1 << 16)
        self._time = (self._time + PACKET) % (1 << 32)
        kind = _PAYLOAD | (0x80 if first else 0)
        packet = struct.pack("!BBHII", 0x80, kind, self._sequence, self._time, self._source)
        self.sent += 1
        if self._rng.random() < self._line.loss:
            return
        late = self._rng.random() * self._line.jitter
        asyncio.get_running_loop().call_later(late, self._transmit, packet + coded, to)

    def _transmit(self, packet: bytes, to: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(packet, to)
