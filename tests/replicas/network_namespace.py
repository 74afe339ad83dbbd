"""A network of its own for one process: with one way to the world, and one to the database."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class NetworkNamespace:
    """The namespace, with a pair of addresses on either way: of this machine, and of its own."""

    name: str
    world: tuple[str, str]
    database: tuple[str, str]

    @property
    def command(self) -> tuple[str, ...]:
        """What begins a command that runs there."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Let nothing pass on the way to the database, either way, and say so to nobody."""
        _run("ip", "link", "set", f"{self.name}-d", "down")


def _run(*command: str) -> bool:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return done.returncode == 0


@contextmanager
def network_namespace() -> Iterator[NetworkNamespace]:
    """A new one, for the time of the block; skips the test where none can be made."""
    if os.getuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces are made by root, with ip of iproute2")
    number = os.getpid() % 250
    name = f"nw{os.getpid() % 100_000}"
    ways = [(f"10.{213 + way}.{number}.1", f"10.{213 + way}.{number}.2") for way in (0, 1)]
    made = NetworkNamespace(name, *ways)
    if not _run("ip", "netns", "add", name):
        pytest.skip("this machine lets nobody make network namespaces")
    try:
        inside = ("ip", "-n", name)
        _run(*inside, "link", "set", "lo", "up")
        for suffix, (ours, theirs) in (("w", made.world), ("d", made.database)):
            here, there = f"{name}-{suffix}", f"{name}-{suffix}i"
            assert _run(
                *("ip", "link", "add", here, "type", "veth"),
                *("peer", "name", there, "netns", name),
            )
            assert _run("ip", "addr", "add", f"{ours}/24", "dev", here)
            assert _run("ip", "link", "set", here, "up")
            assert _run(*inside, "addr", "add", f"{theirs}/24", "dev", there)
            assert _run(*inside, "link", "set", there, "up")
        yield made
    finally:
        for suffix in ("w", "d"):
            _run("ip", "link", "del", f"{name}-{suffix}")
        _run("ip", "netns", "del", name)
