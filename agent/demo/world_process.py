"""The demo's world as a process of its own, so that it shares nothing with the agent.

It ends when its parent does, however that ends: its standard input is a pipe that the parent
holds open.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.simulator.command import simulate
from agent.simulator.document import WorldFileError


async def _end_with_parent() -> None:
    await asyncio.to_thread(sys.stdin.buffer.read)
    signal.raise_signal(signal.SIGTERM)


async def serve(world: Path, listen: str, speed: float, config: Path) -> int:
    """Serve the world until the parent ends; writes the agent's configuration first."""
    watching = asyncio.create_task(_end_with_parent(), name="parent")
    try:
        return await simulate(world, listen, speed, config)
    finally:
        watching.cancel()


def main(arguments: Sequence[str]) -> int:
    """``WORLD LISTEN SPEED CONFIG`` as the demo calls it; errors go to standard error."""
    world, listen, speed, config = arguments
    try:
        return asyncio.run(serve(Path(world), listen, float(speed), Path(config)))
    except (WorldFileError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stderr.flush()
    # The thread that reads standard input cannot be interrupted; nothing is left to clean up.
    import os

    os._exit(status)
