"""Starts of an agent that a kill follows soon: forks of a process that has imported it already.

Importing takes most of a start and touches nothing that a kill could harm. What an agent does
from its configuration on is the same.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.integration.alerting_peers import Process
from tests.integration.processes import ROOT, RunningProcess, end

_POLL = 0.01


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

    def stop(self) -> None:
        """End it, and kill all that it began."""
        assert self.popen.stdin is not None
        self.popen.stdin.close()
        self.popen.wait()
        assert self.popen.stdout is not None
        self.popen.stdout.close()


class Fork:
    """One agent; of ``Popen``, what is needed of it."""

    def __init__(self, forker: Forker, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._forker = forker

    def poll(self) -> int | None:
        # Its status can be read once, and several threads may ask.
        with self._forker.lock:
            if self.returncode is None:
                answer = self._forker.ask(f"poll {self.pid}")
                if answer != "-":
                    self.returncode = int(answer or -signal.SIGKILL)
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


@contextlib.contextmanager
def quick_starts(agent: Process) -> Iterator[None]:
    """Within the block ``agent`` starts as a fork; the last one is ended with the block."""
    module = agent.command.index("-m") + 1
    command = list(agent.command)
    command[module] = "tests.proofs.prepared_agent"
    forker = Forker(command, agent.log.with_suffix(".forker.log"))
    former, agent.run = agent.run, lambda _command, log: forked(forker, log)
    try:
        yield
    finally:
        agent.run = former
        forker.stop()
