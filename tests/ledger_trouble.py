"""Real trouble for a ledger: a second process that locks it, and a disk that fills up."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

_HOLD_LOCK = """
import sqlite3, sys
ledger = sqlite3.connect(sys.argv[1], isolation_level=None)
ledger.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
ledger.execute("ROLLBACK")
ledger.close()
"""


@asynccontextmanager
async def locked_by_another_process(path: Path) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _HOLD_LOCK, str(path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"locked\n"
        yield
    finally:
        process.stdin.write(b"\n")
        await process.stdin.drain()
        await process.wait()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """``folder`` as a disk of its own; the test is skipped where that cannot be had."""
    folder.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(("umount", "-l", str(folder)), check=True)


@contextmanager
def journalled_disk(folder: Path) -> Iterator[Path]:
    """``folder`` as an ext4 of its own, as servers have; skipped where that cannot be had."""
    folder.mkdir()
    image = folder.with_name(f"{folder.name}.img")
    with image.open("wb") as file:
        file.truncate(24 << 20)
    commands = (
        ("mkfs.ext4", "-q", "-F", str(image)),
        ("mount", "-o", "loop", str(image), str(folder)),
    )
    if os.geteuid() != 0 or not all(map(shutil.which, ("mkfs.ext4", "mount", "chattr"))):
        pytest.skip("needs root and e2fsprogs")
    for command in commands:
        if subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip(f"cannot be had here: {' '.join(command[:2])}")
    try:
        yield folder
    finally:
        subprocess.run(("umount", "-l", str(folder)), check=True)


@contextmanager
def turned_read_only(files: Iterable[Path]) -> Iterator[None]:
    """The kernel refuses every write to ``files``, which are open for writing.

    A whole disk that is in use is not made read-only by ``mount``; an immutable file of ext4 is
    refused in the same place as one of a disk that the kernel turned read-only.

    A file that is mapped into memory (SQLite's ``-shm``) must not be among them: unlike on a disk
    that turned read-only, the kernel ends a process that writes to a mapped page of it (SIGBUS).
    """
    names = list(map(str, files))
    assert not any(name.endswith("-shm") for name in names), "mapped into memory"
    subprocess.run(("chattr", "+i", *names), check=True)
    try:
        yield
    finally:
        subprocess.run(("chattr", "-i", *names), check=True)


def fill(disk: Path) -> Path:
    """Fill ``disk`` to the last page; returns the file to delete for room."""
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return filler
