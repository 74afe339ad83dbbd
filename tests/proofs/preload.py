"""Small C libraries that are preloaded into a process under test."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def compiled(name: str, folder: Path) -> Path:
    """``name``.c of this folder as a library; skips the test where it cannot be compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    library = folder / f"{name}.so"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), f"{_HERE / name}.c", "-ldl"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{name}.c cannot be compiled here: {done.stderr[-300:]}")
    return library


class Clock:
    """The wall clock of every process that is started with :attr:`command`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.set(0)
        library = compiled("set_clock", folder)
        self.command = ("env", f"LD_PRELOAD={library}", f"CLOCK_OFFSET={self._file}")
        """The beginning of a command."""

    def set(self, off: float) -> None:
        """Set it, in every process at once, so many seconds off; nobody's monotonic clock moves."""
        self.off = off
        # In place, because it is mapped.
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("q", int(off)))
