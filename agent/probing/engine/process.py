"""The engine's process: ``python -m agent.probing.engine.process`` places the one call it is told.

It imports nothing of the agent but the protocol, so that it starts quickly. Whatever goes wrong in
baresip, be it a crash, ends this process and one test call.
"""

import asyncio
import logging
import math
import os
import re
import sys
import time
from contextlib import suppress
from typing import Any, Final

from agent.probing.engine.protocol import (
    ALIVE_EVERY,
    LONGEST_MESSAGE,
    LONGEST_TEXT,
    Alive,
    Audio,
    Closed,
    Counters,
    Event,
    Failed,
    Order,
    Ready,
    Sip,
    Traced,
    decode_order,
    encode,
)

_PACE: Final = 0.1
_BRIDGED: Final = 0.3
"""Seconds by which anything may be late and is heard all the same; see :data:`_SETTINGS`."""
_AHEAD: Final = 8000
"""Bytes of the prompt that are queued ahead: half a second."""
_READ: Final = 65_536
_ADDRESSES: Final = re.compile(r"(TX|RX) \w+ (\S+) -> (\S+)\n")
_LONGEST_ERROR: Final = LONGEST_TEXT - 60
"""The rest is for the name of its class."""
_MOST: Final = 10_000_000
"""The most that is reported of anything that is counted."""
_CREDENTIALS: Final = re.compile(r"^((?:Proxy-)?Authorization:).*$", re.IGNORECASE | re.MULTILINE)
"""What answers a challenge: with it a password can be guessed at leisure."""
_BYTES_A_SECOND: Final = 16_000
_LATEST: Final = 1.0
"""Seconds for which sound is waited for that is still missing when enough should have been heard:
it is played late, and begins later where the far end waits for our ACK."""
_GOODBYE: Final = 2.0
"""Seconds for which the end of a call is waited for once it was asked for."""
_SETTINGS: Final = """\
rtcp_mux no
audio_buffer 60-3000
audio_jitter_buffer_type fixed
audio_jitter_buffer_ms 300-1000
audio_jitter_buffer_size 200
"""
"""Sound is played 300 ms after it came. That is long for talking, and nobody talks here: what
comes late or out of order, as on a busy machine, is heard all the same, in its place. A packet
that is too late for this is not heard at all, and takes its time with it."""


class _Output:
    """Writes events to standard output; where nobody reads them any more, the process ends."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def at(self) -> float:
        """Seconds since the call began."""
        return round(time.monotonic() - self.began, 3)

    def write(self, event: Event) -> None:
        """Write ``event`` whole, as one line."""
        line = encode(event) + b"\n"
        while line:
            line = line[os.write(1, line) :]


class _Trace(logging.Handler):
    """Turns the stack's trace of SIP messages into events."""

    def __init__(self, out: _Output) -> None:
        super().__init__()
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        """Report one message."""
        text = record.getMessage()
        match = _ADDRESSES.match(text)
        if match is not None:
            sent = match[1] == "TX"
            local, remote = (match[2], match[3]) if sent else (match[3], match[2])
            message = _CREDENTIALS.sub(r"\1 <secret>", text[match.end() :][:LONGEST_MESSAGE])
            with suppress(OSError):
                self._out.write(Sip(sent, local, remote, message, self._out.at()))


class _Placed:
    """A call that is placed."""

    def __init__(self, order: Order, out: _Output) -> None:
        self._order, self._out = order, out
        self._call: Any = None
        self._unclaimed: list[Any] = []
        self._prompt = order.prompt
        self._answered: float | None = None
        self._heard = 0
        self._by_us = False
        self._stood_still = 0.0
        self.is_over = asyncio.Event()

    def begin(self, call: Any) -> None:
        """Take in the call that was dialled, and what has already become of it."""
        self._call = call
        for event in self._unclaimed:
            self.on_event(event)

    def on_event(self, event: Any) -> None:
        """Take in an event of the stack, which may come before dialling returns."""
        if self._call is None:
            self._unclaimed.append(event)
        elif event.call != self._call.handle:
            # Somebody may call us meanwhile.
            return
        elif event.event.name == "CALL_ESTABLISHED":
            self._answered = time.monotonic()
        elif event.event.name == "CALL_CLOSED":
            self.is_over.set()

    async def hang_up(self) -> None:
        """End the call, and wait until it has ended."""
        self._by_us = self._by_us or not self.is_over.is_set()
        from baresip import BaresipError  # noqa: PLC0415 - only where it is installed

        with suppress(BaresipError):
            await self._call.hangup()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.is_over.wait(), _GOODBYE)

    async def follow(self) -> None:
        """Hear and speak until the call is over."""
        begin = looked = time.monotonic()
        while not self.is_over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.is_over.wait(), _PACE)
            self._exchange_audio()
            now = time.monotonic()
            late, looked = now - looked - _PACE, now
            self._stood_still += late if late > _BRIDGED else 0.0
            if self._is_enough(now) or now - begin >= self._order.longest:
                await self.hang_up()
                break

    def _is_enough(self, now: float) -> bool:
        """Whether as much was heard after the answer as was asked for, or nothing more will be."""
        if self._answered is None:
            return False
        late = now - self._answered - self._order.talk
        return late >= _LATEST or (late >= 0 and self._heard >= self._order.talk * _BYTES_A_SECOND)

    def report(self, at: float) -> None:
        """Write what was counted in a call that ended at ``at``."""
        self._out.write(
            Closed(self._by_us, at, _counters(self._call.final_stats), self._stood_still)
        )

    def _exchange_audio(self) -> None:
        from baresip.errors import AudioNotActive, AudioRestarted  # noqa: PLC0415

        with suppress(AudioNotActive, AudioRestarted):
            while pcm := self._call.audio.read(_READ):
                is_talk = self._answered is not None
                self._heard += len(pcm) if is_talk else 0
                self._out.write(Audio(is_talk, pcm))
            is_due = self._answered is not None and self._prompt
            if is_due and self._call.audio.info().tx_buffered < _AHEAD:
                written = self._call.audio.write(self._prompt[:_AHEAD])
                self._prompt = self._prompt[written:]


def _counters(stats: Any) -> Counters:
    if stats is None:
        return Counters()
    return Counters(
        received=_count(stats.rx_packets),
        lost=max(_count(stats.rx_lost), _count(stats.jbuf_lost)),
        sent=_count(stats.tx_packets),
        jitter=max(_duration(stats.rx_jitter_ms), _duration(stats.jbuf_jitter_ms)),
        round_trip=_duration(stats.rtt_ms),
    )


def _count(value: int | None) -> int:
    return min(max(0, value or 0), _MOST)


def _duration(value: float | None) -> float:
    """Milliseconds; 0 for what is no time, since some of what is counted is a quotient."""
    return min(max(0.0, value), float(_MOST)) if value and math.isfinite(value) else 0.0


async def _commands(reader: asyncio.StreamReader, placed: _Placed) -> None:
    """Hang up when told to, and when there is nobody left to tell anything."""
    await reader.readline()
    await placed.hang_up()


async def _live(out: _Output) -> None:
    while True:
        out.write(Alive())
        await asyncio.sleep(ALIVE_EVERY)


async def _carry_out(order: Order, out: _Output, reader: asyncio.StreamReader) -> None:
    from baresip import Account, Config, Runtime, UserAgent  # noqa: PLC0415 - may be missing

    logger = logging.getLogger("baresip.native.sip")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(_Trace(out))
    logger.propagate = False
    runtime = Runtime()
    config = Config(
        net_interface=order.local_address or None,
        sip_trace=True,
        max_concurrent_calls=1,
        extra_config_text=_SETTINGS,
        native_log_level="debug",
    )
    await runtime.start(config)
    account = Account(
        user=order.user,
        domain=order.domain,
        password=order.password,
        auth_user=order.auth_user or None,
        reg_interval=0,
        audio_codecs=("pcma", "pcmu"),
        extra_params=("100rel=yes",),
    )
    try:
        agent = await UserAgent.create(runtime, account, transfer_policy="reject")
        out.write(Ready())
        out.began = time.monotonic()
        placed = _Placed(order, out)
        # Before dialling: on a busy machine a call may be answered before dialling returns.
        runtime.subscribe(placed.on_event)
        placed.begin(await agent.dial(order.uri, headers=order.headers))
        listening = asyncio.create_task(_commands(reader, placed))
        await placed.follow()
        listening.cancel()
        # First: the stack's threads may crash while they end (seen with baresip-python 0.5.2a3).
        placed.report(out.at())
    finally:
        await runtime.close()
    # The trace comes from a thread of its own, and closing waits for its last message.
    out.write(Traced())


async def _main() -> int:
    out = _Output()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2 * 1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    living = asyncio.create_task(_live(out))
    password = ""  # nosec B105 # none is known yet
    try:
        order = decode_order(await reader.readline())
        password = order.password
        await _carry_out(order, out, reader)
    except ImportError as error:
        out.write(Failed("missing", _text(error, password)))
    except (ValueError, TypeError) as error:
        out.write(Failed("refused", _text(error, password)))
    except Exception as error:  # noqa: BLE001 - whatever it was, the agent is told
        out.write(Failed("broken", f"{type(error).__name__}: {_text(error, password)}"))
    else:
        return 0
    finally:
        living.cancel()
    return 1


def _text(error: Exception, password: str) -> str:
    """What an error says, without the password that it may quote."""
    text = str(error).replace(password, "<secret>") if password else str(error)
    return text[:_LONGEST_ERROR]


def main() -> None:
    """Place the call that standard input orders."""
    logging.getLogger("baresip").setLevel(logging.CRITICAL)
    with suppress(OSError):
        sys.exit(asyncio.run(_main()))


if __name__ == "__main__":
    main()
