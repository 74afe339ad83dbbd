"""Real servers for the tests: started in their own process group, waited for, always ended."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]


class RunningProcess(Protocol):
    """A process that was started: what tests need of ``Popen``."""

    @property
    def pid(self) -> int:
        """Its id, which is that of its group too."""
        ...

    @property
    def returncode(self) -> int | None:
        """Its exit status once that is known; negative for the signal that ended it."""
        ...

    def poll(self) -> int | None:
        """Its exit status; ``None`` while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status once it has ended."""
        ...

    def send_signal(self, number: int, /) -> None:
        """Send it a signal."""
        ...


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def needs(binary: str) -> str:
    """The path of ``binary``; skips the test with the reason where it cannot be had."""
    path = shutil.which(binary)
    if path is None:
        pytest.skip(f"{binary} is not installed; `make servers` as root installs it")
    return path


_LONGEST_STEP = 5.0
"""Seconds that one look counts for, at most."""


def wait_until(
    condition: Callable[[], T | None], deadline: float, what: str | Callable[[], str]
) -> T:
    """The first truthy result of ``condition``; fails the test after ``deadline`` seconds.

    ``what`` is what did not happen by then, or a function that finds out what did.
    """
    waited, before = 0.0, time.monotonic()
    while waited < deadline:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            if result := condition():
                return result
        time.sleep(0.1)
        # While a whole machine stands still, what is waited for gets no further either.
        waited += min(time.monotonic() - before, _LONGEST_STEP)
        before = time.monotonic()
    pytest.fail(f"after {deadline} s still not: {what if isinstance(what, str) else what()}")


def get(url: str, timeout: float = 30.0) -> bytes:
    """The body of a 200 answer."""
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return bytes(answer.read())


def end(process: RunningProcess) -> None:
    """End the process group of ``process`` with SIGTERM, then SIGKILL."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def kill(process: RunningProcess) -> None:
    """SIGKILL to the whole group of ``process``: no goodbye, nothing saved."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, cwd: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    """``command`` as a process group, its output in ``log``; ended with SIGTERM, then SIGKILL."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield process
        finally:
            # One that was killed is reaped, and its id may be somebody else's by now.
            if process.returncode is None:
                end(process)


def numwatch(*arguments: str) -> list[str]:
    """The command line of numwatch in this environment."""
    return [sys.executable, "-m", "agent", *arguments]
