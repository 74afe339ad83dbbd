"""Has a recording written down by a recognizer in a process of its own, whatever becomes of it.

A process for each recording: reading a model takes a second or two, and only calls that nothing
else decides are asked about. One at a time, since a model takes as much memory as the agent.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from agent.config.speech import Speech, model_files
from agent.net.scrub import scrub
from agent.probing.speech.protocol import (
    LONGEST_ANSWER,
    MISSING,
    Answer,
    Order,
    decode_answer,
    encode,
)
from agent.probing.speech.words import presentable
from agent.probing.texts import SPEECH_MISSING

COMMAND: Final = (sys.executable, "-m", "agent.probing.speech.process")
_BASE_MEMORY: Final = 1024**3
_MEMORY_A_BYTE: Final = 3
"""Bytes of address space for each byte of the model; 1.7 were measured, at the peak of reading."""
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV")
"""Of the environment, what the recognizer is given: credentials are no business of its."""
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_LAST_WORDS: Final = 1000
"""Bytes of what the library complains of that are kept."""
_LONGEST_REASON: Final = 200
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@dataclass(frozen=True)
class Transcript:
    """What a recognizer wrote down."""

    words: str = ""
    failure: str = ""
    """Why there are no words; empty where nothing failed."""


async def transcribe(pcm: bytes, speech: Speech, command: Sequence[str] = COMMAND) -> Transcript:
    """What is said in ``pcm`` (8 kHz, mono, 16 bits), or why that is not known; never raises.

    The words are another machine's: without control characters, bounded in length, and with
    phones that are spoken masked.
    """
    try:
        answer = await _recognize(pcm, speech, command)
    except OSError as error:
        answer = Answer(failure=f"the recognizer could not be started: {error.strerror}")
    if answer.failure:
        return Transcript(failure=_reason(answer.failure))
    return Transcript(presentable(answer.words))


async def _recognize(pcm: bytes, speech: Speech, command: Sequence[str]) -> Answer:
    found = await asyncio.to_thread(model_files, Path(speech.model), speech.kind)
    if found.problems:
        return Answer(failure=f"the model's folder {found.problems[0]}")
    order = Order(
        kind=speech.kind,
        files={name: str(path) for name, path in found.files.items()},
        language=speech.language,
        pcm=pcm,
        memory=_BASE_MEMORY + _MEMORY_A_BYTE * _size_of(found.files),
        seconds=int(speech.timeout) + 1,
    )
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(1)):
        return await _ask(order, speech.timeout, command)


async def _ask(order: Order, seconds: float, command: Sequence[str]) -> Answer:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LONGEST_ANSWER,
        env={name: os.environ[name] for name in _KEPT if name in os.environ} | _ONE_THREAD,
    )
    assert process.stderr is not None
    complaining = asyncio.create_task(_last_words(process.stderr))
    try:
        async with asyncio.timeout(seconds):
            answer = await _answer(process, order)
            if answer is None:
                said = await complaining
                status = await process.wait()
                return Answer(failure=f"the recognizer ended with status {status}: {said}")
            return answer
    except TimeoutError:
        return Answer(failure=f"the recognizer took longer than {seconds:g} s")
    finally:
        complaining.cancel()
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())


async def _answer(process: asyncio.subprocess.Process, order: Order) -> Answer | None:
    """What the recognizer answers; ``None`` where it ended without a word."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(OSError):
        process.stdin.write(encode(order) + b"\n")
        await process.stdin.drain()
    try:
        line = await process.stdout.readline()
        return decode_answer(line) if line else None
    except (ValueError, RecursionError):
        # msgspec's errors are such, and a line that is too long; and what is nested too deep.
        return Answer(failure="the recognizer wrote what cannot be read")


async def _last_words(stream: asyncio.StreamReader) -> str:
    """The last line of what a stream brings, however much that is."""
    tail = b""
    while chunk := await stream.read(_LAST_WORDS):
        tail = (tail + chunk)[-_LAST_WORDS:]
    lines = [line for line in tail.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def _reason(failure: str) -> str:
    return SPEECH_MISSING.msgid if failure == MISSING else scrub(failure, _LONGEST_REASON)


def _size_of(files: Mapping[str, Path]) -> int:
    """Bytes of a model: large ones keep their weights in files of other names beside them."""
    folder = next(iter(files.values())).parent
    chosen = set(files.values())
    sizes = (
        path.stat().st_size
        for path in folder.iterdir()
        if path.is_file() and (path in chosen or path.suffix != ".onnx")
    )
    return sum(sizes)
