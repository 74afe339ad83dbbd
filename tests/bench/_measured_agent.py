"""``numwatch`` in a process that writes down for how long its event loop was blocked.

Usage: ``python -m tests.bench._measured_agent FIGURES run --config CONFIG``. How late the event
loop wakes up says how busy the machine is, too: a process that gets no processor is late without
having done anything. Blocked is what it was late, and at most what its process computed meanwhile.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from agent.app import Agent
from agent.cli.main import main

PAUSE = 0.01
"""Seconds of sleep that are asked for."""
LIMIT = 0.05
"""Seconds for which the event loop may be blocked."""
_WRITTEN_EVERY = 1.0
_start = Agent.start


async def _measure(figures: Path) -> None:
    blocked_max = lag_max = 0.0
    over_limit, written = 0, time.monotonic()
    while True:
        began, computed = time.monotonic(), time.process_time()
        await asyncio.sleep(PAUSE)
        lag = time.monotonic() - began - PAUSE
        blocked = min(lag, time.process_time() - computed)
        blocked_max, lag_max = max(blocked_max, blocked), max(lag_max, lag)
        over_limit += blocked > LIMIT
        if began > written + _WRITTEN_EVERY:
            written = began
            found = {"blocked_max": blocked_max, "lag_max": lag_max, "over_limit": over_limit}
            figures.write_text(json.dumps(found), encoding="utf-8")


async def _measured_start(agent: Agent) -> None:
    await _start(agent)
    _tasks.append(asyncio.create_task(_measure(FIGURES)))


_tasks: list[asyncio.Task[None]] = []
"""References, so that no task is collected."""

if __name__ == "__main__":
    FIGURES = Path(sys.argv.pop(1))
    setattr(Agent, "start", _measured_start)  # noqa: B010 - mypy refuses the plain assignment
    main()
