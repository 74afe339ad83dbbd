"""``numwatch simulate``: the simulated providers and the ticket desk alone.

Short because the simulator has all of it; a module of its own like every command.
"""

import asyncio
from pathlib import Path

from agent.cli.runner import run_command
from agent.simulator.command import simulate as serve
from agent.simulator.worldfile import WorldFileError


def simulate(world: Path, listen: str, speed: float, config: Path | None, sip: str = "") -> int:
    """Serve the world of a file until SIGINT or SIGTERM.

    Returns 0, or 2 when the file or the address cannot be used. ``config`` is where an agent's
    configuration for that world is written, if anywhere; ``sip`` where its numbers can be called.
    """
    return run_command(
        lambda: asyncio.run(serve(world, listen, speed, config, sip=sip)),
        misuse=(WorldFileError, ValueError, OSError),
        log=None,
    )
