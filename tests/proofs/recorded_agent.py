"""The manager and the outbox at work in a process whose writes are recorded.

What is acknowledged is appended to a file of its own in the same directory, so that the record
says of every acknowledgement what was on the disk by then.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from agent.store.sqlite import backend
from tests.proofs.power_cut import ACKNOWLEDGED
from tests.tickets.kill9_agent import work


class Acknowledgements:
    """Stands for the pipe to the test: one line for everything that is acknowledged."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def send(self, acknowledgement: tuple[str, str, int, str]) -> None:
        """Append it, in one call."""
        os.write(self._file, json.dumps(acknowledgement).encode() + b"\n")


def main(folder: str, url: str, seconds: str, synchronous: str) -> None:
    """Work for so many seconds, with ``PRAGMA synchronous`` as it is or weakened."""
    full = "PRAGMA synchronous=FULL"
    assert full in backend.PRAGMAS
    weakened = [it.replace(full, f"PRAGMA synchronous={synchronous}") for it in backend.PRAGMAS]
    vars(backend)["PRAGMAS"] = tuple(weakened)
    pipe: Any = Acknowledgements(Path(folder) / ACKNOWLEDGED)
    asyncio.run(work(pipe, Path(folder), url, float(seconds), hasty=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
