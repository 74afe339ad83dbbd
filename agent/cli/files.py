"""Files that commands write."""

import os
from pathlib import Path

from agent.cli.runner import CommandError


def write_whole(path: Path, content: bytes) -> None:
    """Write the file whole or not at all: one that is there is replaced.

    Raises:
        CommandError: when it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise CommandError(f"{path} cannot be written: {error.strerror or error}") from error
