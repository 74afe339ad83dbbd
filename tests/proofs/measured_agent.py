"""``numwatch`` in a process that writes down how many tasks its event loop has.

Usage: ``python -m tests.proofs.measured_agent FIGURES run --config CONFIG``.
"""

import asyncio
import sys
import threading
import time
from pathlib import Path

from agent.app import Agent
from agent.cli.main import main

_INTERVAL = 0.25
_start = Agent.start


def _report(loop: asyncio.AbstractEventLoop, figures: Path) -> None:
    while True:
        time.sleep(_INTERVAL)
        try:
            figures.write_text(f"{len(asyncio.all_tasks(loop))}\n")
        except RuntimeError:
            # The set changed while it was counted: the next time.
            continue


async def _measured_start(agent: Agent) -> None:
    arguments = (asyncio.get_running_loop(), FIGURES)
    threading.Thread(target=_report, args=arguments, daemon=True).start()
    await _start(agent)


if __name__ == "__main__":
    FIGURES = Path(sys.argv.pop(1))
    setattr(Agent, "start", _measured_start)  # noqa: B010 - mypy refuses the plain assignment
    sys.exit(main())
