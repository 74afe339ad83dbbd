"""Searches the files of the data folder, byte by byte, for one person's phone.

The tables are searched by :mod:`agent.privacy.store_search`. This finds what they do not show:
former contents in free pages, ledgers that were put aside, and files that somebody left there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.privacy.person import IN_BYTES, Person

_CHUNK: Final = 4 * 1024 * 1024
_OVERLAP: Final = 128
"""Bytes; no spelling is longer."""


@dataclass(frozen=True)
class FoundFile:
    """A file that holds the phone in full, or that could not be read."""

    file: str
    count: int
    is_unread: bool = False


def search_files(root: Path, person: Person) -> Iterator[FoundFile]:
    """The file ``root``, or those below it, that hold the phone in a usual spelling; reads all."""
    if not person.phone:
        return
    pattern = re.compile(person.pattern(IN_BYTES).encode())
    for file in sorted(root.rglob("*")) if root.is_dir() else [root]:
        if file.is_symlink() or not file.is_file():
            continue
        name = str(file.relative_to(root)) if root.is_dir() else str(root)
        try:
            count = _count(file, pattern)
        except FileNotFoundError:
            continue  # SQLite removes files of its own
        except OSError:
            yield FoundFile(name, 0, is_unread=True)
        else:
            if count:
                yield FoundFile(name, count)


def _count(file: Path, pattern: re.Pattern[bytes]) -> int:
    # Not mapped into memory: SQLite truncates files, and a page that is gone would end the process.
    count, rest = 0, b""
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            block = rest + chunk
            start = max(0, len(block) - _OVERLAP) if len(chunk) == _CHUNK else len(block)
            count += sum(1 for match in pattern.finditer(block) if match.start() < start)
            rest = block[start:]
    return count
