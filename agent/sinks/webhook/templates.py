"""Templates filled beside the agent: bounded in time, size and memory, off the event loop."""

import asyncio
import contextlib
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from agent.net.scrub import scrub

SECONDS = 2.0
"""How long filling all templates of one delivery may take."""
_START_SECONDS = 60.0
_LARGEST_ANSWER = 16 * 1024 * 1024
_SCRIPT = Path(__file__).with_name("template_worker.py")


class Filled(msgspec.Struct, frozen=True):
    """What templates gave: a text or an error for each."""

    texts: dict[str, str] = {}
    errors: dict[str, str] = {}


class Renderer:
    """Fills templates in a process of its own, started when it is needed first."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def fill(self, templates: Mapping[str, str], values: msgspec.Raw) -> Filled:
        """``templates`` with ``values`` (JSON) in them; never raises but for cancellation."""
        async with self._turn:
            try:
                return await self._fill(templates, values)
            except (OSError, EOFError, TimeoutError, msgspec.MsgspecError) as error:
                await self.close()
                late = isinstance(error, TimeoutError)
                why = f"takes longer than {self._seconds:g} s" if late else "its process ended"
                return Filled(errors=dict.fromkeys(templates, why))
            except asyncio.CancelledError:
                # Half an answer may be on its way; the next must not read it.
                await self.close()
                raise

    async def close(self) -> None:
        """End the process, if it runs."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()

    async def _fill(self, templates: Mapping[str, str], values: msgspec.Raw) -> Filled:
        process = self._process or await self._start()
        body = msgspec.json.encode({"templates": dict(templates), "values": values})
        assert process.stdin is not None
        async with asyncio.timeout(self._seconds):
            process.stdin.write(struct.pack(">I", len(body)) + body)
            await process.stdin.drain()
            answer = msgspec.json.decode(await _frame(process), type=Filled)
        return Filled(answer.texts, {name: scrub(it) for name, it in answer.errors.items()})

    async def _start(self) -> asyncio.subprocess.Process:
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(_SCRIPT),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
        )
        async with asyncio.timeout(_START_SECONDS):
            await _frame(process)
        return process


async def _frame(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
    if length > _LARGEST_ANSWER:
        raise EOFError("the answer is too large")
    return await process.stdout.readexactly(length)
