"""The demo's world as a process of its own, so that it shares nothing with the agent.

It ends when its parent does, however that ends: its standard input is a pipe that the parent
holds open.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from agent.simulator.command import simulate
from agent.simulator.worldfile import WorldFileError

_LONGEST_START = 60.0
"""Seconds within which the agent is there, or the world goes on without it."""


def _end_with_parent() -> None:
    """Wait for the end of standard input; a plain thread, which nothing waits for at the end."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main(arguments: Sequence[str]) -> int:
    """``WORLD LISTEN SPEED CONFIG AGENT`` as the demo calls it; errors go to standard error."""
    world, listen, speed, config, agent = arguments
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    try:
        # The story begins when somebody watches; without anybody it begins all the same.
        served = simulate(
            Path(world), listen, float(speed), Path(config), agent=agent, wait=_LONGEST_START
        )
        return asyncio.run(served)
    except (WorldFileError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
