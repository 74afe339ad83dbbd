"""Processes of numwatch that are forks of one which has imported the program already.

Importing takes more than two seconds of a processor, and most commands less than a tenth of one.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

from tests.integration.processes import ROOT, RunningProcess, end

_POLL = 0.01
_STATUS_OF_A_KILL = -signal.SIGKILL


class Forker:
    """The process that forks, and what it is told."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.lock = threading.RLock()
        with log.open("wb") as errors:
            self.popen = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )

    def ask(self, line: str) -> str:
        """Its answer; empty once it has ended, and with it all that it began."""
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        with self.lock, contextlib.suppress(BrokenPipeError, ValueError):
            self.popen.stdin.write(f"{line}\n")
            self.popen.stdin.flush()
            return self.popen.stdout.readline().strip()
        return ""

    def poll_order(self, pid: int) -> str:
        """The line that asks for the status of a process."""
        return f"poll {pid}"

    def stop(self) -> None:
        """End it, and kill all that it began."""
        assert self.popen.stdin is not None
        self.popen.stdin.close()
        self.popen.wait()
        assert self.popen.stdout is not None
        self.popen.stdout.close()


class Fork:
    """One process; of ``Popen``, what is needed of it."""

    def __init__(self, forker: Forker, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._forker = forker

    def poll(self) -> int | None:
        # Its status can be read once, and several threads may ask.
        with self._forker.lock:
            if self.returncode is None:
                answer = self._forker.ask(self._forker.poll_order(self.pid))
                if answer != "-":
                    self.returncode = int(answer or _STATUS_OF_A_KILL)
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        ends = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if ends is not None and time.monotonic() > ends:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(_POLL)
        return status

    def send_signal(self, number: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class _Commands(Forker):
    """One whose orders are those of :mod:`tests.fork_server`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="numwatch-forks-")
        self._log = Path(self._folder.name) / "log"
        super().__init__([sys.executable, "-m", "tests.fork_server"], self._log)

    def poll_order(self, pid: int) -> str:
        return json.dumps({"poll": pid})

    def begin(
        self,
        arguments: Sequence[str],
        stdin: Path,
        output: tuple[Path, Path],
        environ: Mapping[str, str],
        folder: Path,
        code: str = "",
    ) -> Fork:
        """Begin numwatch with its output and its errors in two files, which may be one.

        With ``code`` it is that which runs in its place.
        """
        stdout, stderr = output
        order = {
            "arguments": list(arguments),
            "code": code,
            "stdin": str(stdin),
            "stdout": str(stdout),
            "stderr": str(stderr),
            "environ": dict(environ),
            "folder": str(folder),
        }
        answer = self.ask(json.dumps(order))
        assert answer, f"nothing can be begun: {self._log.read_text(errors='replace')}"
        return Fork(self, int(answer))

    def stop(self) -> None:
        super().stop()
        self._folder.cleanup()


@cache
def _commands() -> _Commands:
    return _Commands()


def end_forks() -> None:
    """End all that were begun in this process, and what forks them."""
    if _commands.cache_info().currsize:
        _commands().stop()
        _commands.cache_clear()


@contextlib.contextmanager
def running_numwatch(
    *arguments: str,
    log: Path,
    folder: Path = ROOT,
    code: str = "",
    environ: Mapping[str, str] | None = None,
) -> Iterator[RunningProcess]:
    """Numwatch as a process group, its output in ``log``; ended with SIGTERM, then SIGKILL.

    With ``code`` it is that which runs in place of numwatch.
    """
    nothing = Path(os.devnull)
    given = os.environ if environ is None else environ
    # Who reads it at once finds it empty, neither missing nor another one's.
    log.open("wb").close()
    process = _commands().begin(arguments, nothing, (log, log), given, folder, code)
    try:
        yield process
    finally:
        if process.returncode is None:
            end(process)


def numwatch_done(
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    folder: Path = ROOT,
    typed: str = "",
    code: str = "",
    within: float = 60.0,
) -> subprocess.CompletedProcess[str]:
    """What became of a command; ``typed`` is its input.

    With ``code`` it is that which runs in place of numwatch. After ``within`` seconds it is killed.
    """
    with tempfile.TemporaryDirectory(prefix="numwatch-command-") as name:
        stdin, stdout, stderr = (Path(name) / it for it in ("in", "out", "err"))
        stdin.write_text(typed, encoding="utf-8")
        given = os.environ if environ is None else environ
        process = _commands().begin(arguments, stdin, (stdout, stderr), given, folder, code)
        try:
            status = process.wait(within)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        texts = [it.read_text(encoding="utf-8") for it in (stdout, stderr)]
    return subprocess.CompletedProcess(arguments, status, *texts)


async def numwatch_ended(
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    folder: Path = ROOT,
    typed: str = "",
    code: str = "",
    within: float = 60.0,
) -> tuple[int, str, str]:
    """As :func:`numwatch_done`, beside others: its exit status, its output and its errors."""
    command = partial(
        numwatch_done,
        *arguments,
        environ=environ,
        folder=folder,
        typed=typed,
        code=code,
        within=within,
    )
    # Not in the one thread that an agent on the same event loop works in.
    with ThreadPoolExecutor(1) as thread:
        done = await asyncio.get_running_loop().run_in_executor(thread, command)
    return done.returncode, done.stdout, done.stderr


@contextlib.contextmanager
def forked(forker: Forker, log: Path, config: Path | None = None) -> Iterator[RunningProcess]:
    """An agent with its output in ``log``, ended with the block; its ``config`` may be another."""
    answer = forker.ask(f"start {log}" + (f"\t{config}" if config else ""))
    assert answer, f"no agent can be begun: {log}"
    process = Fork(forker, int(answer))
    try:
        yield process
    finally:
        if process.returncode is None:
            end(process)
