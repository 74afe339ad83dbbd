"""One call at the endpoint: its responses, their retransmission, and its end."""

import asyncio
import ipaddress
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from agent.simulator.telephony.behaviour import Behaviour, Step
from agent.simulator.telephony.media import Line, Media
from agent.simulator.telephony.message import Request, parameter, request, respond

_FIRST_REPEAT: Final = 0.5
_LONGEST_REPEAT: Final = 4.0
_REPEATS: Final = 11
_LONGEST: Final = 600.0
"""Seconds after which a call ends, its answer or its ringing: its caller may be gone."""
_CONNECTION: Final = re.compile(r"^c=IN IP4 ([0-9.]{7,15})", re.MULTILINE)
_AUDIO: Final = re.compile(r"^m=audio ([0-9]{1,5})\b", re.MULTILINE)
_DISCARD: Final = ("127.0.0.1", 9)
_HIGHEST_PORT: Final = 65_535
_PROVISIONAL: Final = range(101, 200)
_OK: Final = 200

Send = Callable[[bytes], None]


@dataclass
class CallLog:
    """What became of a call."""

    number: str
    call_id: str
    caller: str
    statuses: list[int] = field(default_factory=list)
    """What was sent, in order."""
    began: float = 0.0
    answered: float | None = None
    ended: float | None = None
    """When it ended; all three by the loop's clock."""
    ended_by: str = ""
    """``caller`` (CANCEL or BYE), ``called``, or ``refusal``."""
    acknowledged: bool = False
    pracked: int = 0
    packets_received: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    """Those of the INVITE."""


class Call:
    """A call that is being answered as a behaviour says."""

    def __init__(
        self, invite: Request, behaviour: Behaviour, host: str, contact: str, send: Send, line: Line
    ) -> None:
        caller = invite.header("from")
        self.log = CallLog(invite.user, invite.call_id, caller, headers=invite.headers)
        self.invite = invite
        self.last = b""
        """The last response to the INVITE: it is sent again when the INVITE is."""
        self._behaviour, self._send, self._line = behaviour, send, line
        self._host, self._contact = host, contact
        self._rng = random.Random(f"{invite.call_id}")  # nosec B311 # a simulation
        self._tag = f"{self._rng.randrange(1 << 32):08x}"
        self._media: Media | None = None
        self._acknowledged, self._pracked = asyncio.Event(), asyncio.Event()
        self._rseq = 0
        loop = asyncio.get_running_loop()
        self.log.began = loop.time()
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        for step in self._behaviour.steps:
            await asyncio.sleep(step.after)
            await self._respond(step)
        if self.log.answered is None:
            if self.log.ended is None:
                await asyncio.sleep(_LONGEST)
                await self._respond(Step(408))
            return
        if self.log.acknowledged:
            talk = self._behaviour.talk
            await asyncio.sleep(_LONGEST if talk is None else talk)
        self._hang_up()

    async def _respond(self, step: Step) -> None:
        extra = [("Contact", self._contact)] if step.status <= _OK else []
        extra += step.headers
        if step.cause is not None:
            extra.append(("Reason", f'Q.850;cause={step.cause};text="simulated"'))
        if step.reliable:
            self._rseq += 1
            extra += [("Require", "100rel"), ("RSeq", str(self._rseq))]
        has_media = bool(step.sound) or step.status == _OK
        body = await self._offer_answer(step.sound) if has_media else ""
        self.last = respond(self.invite, step.status, self._tag, extra, body)
        self.log.statuses.append(step.status)
        if step.status in _PROVISIONAL:
            self._pracked.clear()
            self._send(self.last)
            if step.reliable:
                await self._repeat(self._pracked.wait)
            return
        now = asyncio.get_running_loop().time()
        if step.status == _OK:
            self.log.answered = now
        else:
            self._end("refusal")
        self._send(self.last)
        await self._repeat(self._acknowledged.wait)

    async def _offer_answer(self, sound: str) -> str:
        """The SDP of our end, and its sound to the caller's."""
        if self._media is None:
            self._media = await Media.open(self._host, self._line, self._rng)
        self._media.play(sound, _media_address(self.invite.body))
        port = self._media.port
        return (
            f"v=0\r\no=- 1 1 IN IP4 {self._host}\r\ns=-\r\nc=IN IP4 {self._host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n"
        )

    async def _repeat(self, arrived: Callable[[], Awaitable[object]]) -> None:
        """Send the last response again until it is acknowledged (RFC 3261 §13.3.1.4)."""
        wait = _FIRST_REPEAT
        for _ in range(_REPEATS):
            try:
                await asyncio.wait_for(arrived(), wait)
            except TimeoutError:
                self._send(self.last)
                wait = min(2 * wait, _LONGEST_REPEAT)
            else:
                return

    def acknowledge(self) -> None:
        """The ACK came."""
        self.log.acknowledged = True
        self._acknowledged.set()

    def prack(self) -> None:
        """A PRACK came."""
        self.log.pracked += 1
        self._pracked.set()

    def cancel(self) -> None:
        """The caller gave up before the answer."""
        if self.log.answered is None and self.log.ended is None:
            self._task.cancel()
            self.last = respond(self.invite, 487, self._tag)
            self.log.statuses.append(487)
            self._end("caller")
            self._send(self.last)

    def bye(self) -> None:
        """The caller hung up."""
        if self.log.ended is None:
            self._task.cancel()
            self._end("caller")

    def close(self) -> None:
        """Stop at once, and say nothing."""
        self._task.cancel()
        if self._media is not None:
            self._media.close()

    def _hang_up(self) -> None:
        contact = self.invite.header("contact")
        target = contact.partition("<")[2].partition(">")[0] or contact
        to = f"{self.invite.header('to')};tag={self._tag}"
        headers = [
            ("Via", f"SIP/2.0/UDP {self._host};branch=z9hG4bK{self._tag}bye;rport"),
            ("Max-Forwards", "70"),
            *(("Route", route) for route in self.invite.all("record-route")),
            ("From", to),
            ("To", self.invite.header("from")),
            ("Call-ID", self.invite.call_id),
            ("CSeq", "1 BYE"),
            ("Reason", 'Q.850;cause=16;text="Normal call clearing"'),
        ]
        self._send(request(f"BYE {target}", headers))
        self._end("called")

    def _end(self, by: str) -> None:
        self.log.ended, self.log.ended_by = asyncio.get_running_loop().time(), by
        if self._media is not None:
            self.log.packets_received = self._media.received
            self._media.close()
            self._media = None


def _media_address(offer: str) -> tuple[str, int]:
    """Where the caller wants RTP sent, by its SDP; nowhere where that cannot be read."""
    host, port = _CONNECTION.search(offer), _AUDIO.search(offer)
    if host is None or port is None or int(port[1]) > _HIGHEST_PORT:
        return _DISCARD
    try:
        return str(ipaddress.IPv4Address(host[1])), int(port[1])
    except ValueError:
        return _DISCARD


def is_same_dialog(one: Request, other: Request) -> bool:
    """Whether two requests of a caller belong to one call."""
    tags = (parameter(one.header("from"), "tag"), parameter(other.header("from"), "tag"))
    return one.call_id == other.call_id and tags[0] == tags[1]
