"""Renders templates in a process of its own, bounded in time, size and memory."""

import asyncio
import contextlib
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from agent.net.scrub import scrub

TIMEOUT = 2.0
"""Seconds that rendering all templates of one delivery may take."""
_START_TIMEOUT = 60.0
_MAX_ANSWER = 16 * 1024 * 1024
_SCRIPT = Path(__file__).with_name("template_worker.py")


class RenderResult(msgspec.Struct, frozen=True):
    """The text or the error of each template, by its name."""

    texts: dict[str, str] = {}
    errors: dict[str, str] = {}


class Renderer:
    """Renders templates in a child process, which starts with the first template."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The id of the child process; ``None`` if it does not run."""
        return None if self._process is None else self._process.pid

    async def render(self, templates: Mapping[str, str], values: msgspec.Raw) -> RenderResult:
        """Render ``templates`` with ``values`` (JSON); raises nothing but cancellation."""
        async with self._lock:
            try:
                return await self._render(templates, values)
            except (OSError, EOFError, TimeoutError, msgspec.MsgspecError) as error:
                await self.close()
                is_timeout = isinstance(error, TimeoutError)
                why = (
                    f"takes longer than {self._timeout:g} s" if is_timeout else "its process ended"
                )
                return RenderResult(errors=dict.fromkeys(templates, why))
            except asyncio.CancelledError:
                # Half an answer may be in the pipe; the next call must not read it.
                await self.close()
                raise

    async def close(self) -> None:
        """End the process if it runs."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()

    async def _render(self, templates: Mapping[str, str], values: msgspec.Raw) -> RenderResult:
        process = self._process or await self._start()
        body = msgspec.json.encode({"templates": dict(templates), "values": values})
        assert process.stdin is not None
        async with asyncio.timeout(self._timeout):
            process.stdin.write(struct.pack(">I", len(body)) + body)
            await process.stdin.drain()
            answer = msgspec.json.decode(await _read_frame(process), type=RenderResult)
        return RenderResult(answer.texts, {name: scrub(it) for name, it in answer.errors.items()})

    async def _start(self) -> asyncio.subprocess.Process:
        # -I and an empty environment: a template that escapes the sandbox finds no secrets.
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(_SCRIPT),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
        )
        async with asyncio.timeout(_START_TIMEOUT):
            await _read_frame(process)
        return process


async def _read_frame(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
    if length > _MAX_ANSWER:
        raise EOFError("the answer is too large")
    return await process.stdout.readexactly(length)
