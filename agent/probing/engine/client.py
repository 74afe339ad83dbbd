"""Places one call by an engine in a process of its own, and survives whatever becomes of it."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from agent.probing.engine.acknowledgement import Acknowledgement
from agent.probing.engine.protocol import (
    LONGEST_LINE,
    LONGEST_TEXT,
    Alive,
    Audio,
    Closed,
    Event,
    Failed,
    InvalidEventError,
    Order,
    Ready,
    Sip,
    Traced,
    decode_event,
    encode,
)
from agent.probing.engine.release import release
from agent.probing.engine.trace import CallTrace, ended, printable
from agent.probing.hearing.quality import Reception
from agent.probing.observation import Ended, Signalling

COMMAND: Final = (sys.executable, "-m", "agent.probing.engine.process")
_START: Final = 15.0
"""Seconds within which the engine must have started; a busy machine takes long."""
_SILENCE: Final = 2.5
"""Seconds without a sign of life after which a running engine counts as hung."""
_SECOND_LOOK: Final = 0.1
"""Seconds for which a silent engine is read once more: the agent itself may have stood still."""
_GRACE: Final = 3.5
"""Seconds over the longest duration after which the engine is ended; it has hung up by itself at
the longest duration, and has two of them for its goodbye."""
_ENDED: Final = 4.5
"""Seconds after an engine died, fell silent, overran its time or was cancelled, within which all
has been tried that ends its call."""
_LEAST: Final = 1.0
"""Seconds for which the end of a call is tried at least: what is lost once is sent again."""
_BYTES_A_SECOND: Final = 16_000
_MOST_EVENTS: Final = (2000, 50)
"""Events that are read of one engine, and how many more for each second of its call."""
_MOST_BYTES: Final = (4_000_000, 4 * _BYTES_A_SECOND)
"""Bytes of them: sound is a third longer as text."""
_TRACED: Final = 2.0
"""Seconds for which the last messages of a call that has ended are waited for."""
_REAPED: Final = 0.5
"""Seconds for which the end of a killed process is waited for: who inherited its pipes may keep
them open."""
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV")
"""Of the environment, what the engine is given: credentials of others are no business of its."""


class EngineMissingError(Exception):
    """The engine is not installed."""


@dataclass
class CallRecord:
    """All that the engine reported of one call."""

    signalling: Signalling
    early: bytes = b""
    """PCM before the answer."""
    talk: bytes = b""
    """PCM after it."""
    reception: Reception = field(default_factory=Reception)
    trace: tuple[Sip, ...] = ()
    failure: str = ""
    """Why the engine failed; empty where it did not."""
    released: bool | None = None
    """Whether the far end confirmed the end of a call whose engine had died; ``None`` where the
    engine ended it itself."""
    stood_still: float = 0.0
    """Seconds for which the engine did not run although it was to."""


Progress = Callable[[Event], None]


async def place(
    order: Order, on_event: Progress = lambda _: None, command: Sequence[str] = COMMAND
) -> CallRecord:
    """Place the call and return what was heard, also where the engine failed.

    Cancelling it ends the call.

    Raises:
        EngineMissingError: when the engine is not installed.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=LONGEST_LINE,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
    )
    following = _Following(order, on_event)
    try:
        await following.follow(process)
    finally:
        await asyncio.shield(_end(process, following))
    return following.record()


async def _end(process: asyncio.subprocess.Process, following: "_Following") -> None:
    """End the process, and the call if the process did not."""
    loop = asyncio.get_running_loop()
    if not following.is_closed and process.returncode is None and not following.failure:
        # We are cancelled: the engine can say goodbye properly.
        following.troubled_since = loop.time()
        with suppress(TimeoutError, OSError):
            await asyncio.wait_for(following.say_goodbye(process), _SILENCE)
    with suppress(ProcessLookupError):
        process.kill()
    with suppress(TimeoutError):
        await asyncio.wait_for(_reap(process), _REAPED)
    if not following.is_traced:
        left = following.troubled_since + _ENDED - loop.time()
        following.released = await release(following.trace.dialog, max(left, _LEAST))


async def _reap(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a process; what it still wrote is thrown away."""
    assert process.stdout is not None
    while await process.stdout.read(LONGEST_LINE):
        pass
    await process.wait()


class _Following:
    """What is known of a call while it lasts."""

    def __init__(self, order: Order, on_event: Progress) -> None:
        self.trace, self._acknowledgement = CallTrace(), Acknowledgement()
        self.failure = ""
        self.released: bool | None = None
        self._order, self._on_event = order, on_event
        self._pcm: dict[bool, bytearray] = {False: bytearray(), True: bytearray()}
        self._longest = _START + order.longest + _GRACE
        self._most_sound = int((order.longest + _GRACE) * _BYTES_A_SECOND)
        self._events_left, self._bytes_left = (
            int(base + each * self._longest) for base, each in (_MOST_EVENTS, _MOST_BYTES)
        )
        self._closed: Closed | None = None
        self._has_started = self.is_traced = False
        self._end_at = asyncio.get_running_loop().time() + self._longest
        self.troubled_since = asyncio.get_running_loop().time()
        """When the engine was last heard of, or was to have ended the call; the loop's clock."""

    @property
    def is_closed(self) -> bool:
        """Whether the engine has said how the call ended: whatever it does then is no failure."""
        return self._closed is not None

    async def follow(self, process: asyncio.subprocess.Process) -> None:
        """Read events until the call is over or the engine has failed."""
        assert process.stdin is not None
        with suppress(OSError):
            # Not drained: an engine that never reads would be waited for without end.
            process.stdin.write(encode(self._order) + b"\n")
        with suppress(TimeoutError):
            async with asyncio.timeout(self._longest):
                while not self.is_traced and not self.failure and self._has_time():
                    await self._read(process)
        if not self.is_closed and not self.failure:
            self.failure = "the engine did not end the call in time"
            self.troubled_since = self._end_at - _GRACE

    async def say_goodbye(self, process: asyncio.subprocess.Process) -> None:
        """Tell the engine to hang up, and read until it has."""
        assert process.stdin is not None
        process.stdin.write(b'{"command":"hang_up"}\n')
        while not self.is_traced and not self.failure:
            await self._read(process)

    def record(self) -> CallRecord:
        """What became of the call."""
        closed, counted, stood_still = self._closed, Reception(), 0.0
        signalling = replace(self.trace.signalling, ended=Ended.ENGINE)
        if closed is not None:
            signalling = ended(self.trace, by_us=closed.by_us, at=closed.at)
            it, stood_still = closed.counters, closed.stood_still
            counted = Reception(it.received, it.lost, it.sent, it.jitter, it.round_trip)
        return CallRecord(
            signalling,
            bytes(self._pcm[False]),
            bytes(self._pcm[True]),
            counted,
            tuple(self.trace.messages),
            "" if self.is_closed else self.failure,
            self.released,
            stood_still,
        )

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        try:
            line = await self._line(process.stdout)
        except TimeoutError:
            self.failure = "the engine gave no sign of life"
            return
        except ValueError:
            self.failure = "the engine wrote a line that is too long"
            return
        if not line:
            self.failure = "the engine ended without a word"
            return
        self.troubled_since = asyncio.get_running_loop().time()
        self._events_left -= 1
        self._bytes_left -= len(line)
        if min(self._events_left, self._bytes_left) < 0:
            # What is read already is read without a pause: the agent would stand still meanwhile.
            self.failure = "the engine wrote too much"
            return
        try:
            event = decode_event(line)
        except InvalidEventError:
            self.failure = "the engine wrote what cannot be read"
            return
        if self.is_closed:
            self._take_late(event)
        else:
            self._take(event)

    async def _line(self, stdout: asyncio.StreamReader) -> bytes:
        """The next line; raises TimeoutError where the engine gives no sign of life."""
        for seconds in (_SILENCE if self._has_started else _START, _SECOND_LOOK):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    return await stdout.readline()
        raise TimeoutError

    def _has_time(self) -> bool:
        return asyncio.get_running_loop().time() <= self._end_at

    def _called(self) -> None:
        """The call has begun: from now on it is known when the engine must have ended it."""
        end = asyncio.get_running_loop().time() + self._order.longest + _GRACE
        self._end_at = min(self._end_at, end)

    def _take(self, event: Event) -> None:
        match event:
            case Sip():
                is_first = self.trace.dialog.invite is None
                self.trace.add(event)
                self._acknowledgement.take(event)
                if is_first and self.trace.dialog.invite is not None:
                    self._called()
            case Audio():
                pcm = self._pcm[event.answered]
                pcm += event.pcm[: max(0, self._most_sound - len(pcm))]
            case Closed():
                self._closed = event
                self._end_at = min(self._end_at, asyncio.get_running_loop().time() + _TRACED)
            case Failed() if event.reason == "missing":
                raise EngineMissingError(event.text)
            case Failed():
                self.failure = printable(event.text, LONGEST_TEXT) or "the engine failed"
            case Ready():
                self._has_started = True
            case Alive() | Traced():
                return
        self._on_event(event)

    def _take_late(self, event: Event) -> None:
        """Take in the last messages of a call that has ended, and nothing else."""
        match event:
            case Sip():
                self.trace.add(event)
            case Traced():
                self.is_traced = True
            case Failed():
                self.failure = "the engine failed"
