"""Progress of what takes longer than a second, on standard error and only on a terminal."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.status import Status

from agent.terminal.output import console, is_live

_PATIENCE: Final = 1.0
"""Seconds for which nothing is shown."""


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show ``text`` beside a spinner while the block runs, once it has taken a second."""
    if not is_live():
        yield
        return
    status = Status(text, console=console(stderr=True))
    timer = threading.Timer(_PATIENCE, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        status.stop()
