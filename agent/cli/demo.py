"""``numwatch demo``: the demo as a command.

Short because ``agent.demo`` has all of it; a module of its own like every command.
"""

import uvloop

from agent.cli.runner import ExitStatus, run_command
from agent.demo.session import DemoOptions, run_demo
from agent.demo.world import DemoError
from agent.plan import PlanError
from agent.store import StoreError
from agent.web.server import ListenError


def demo(options: DemoOptions) -> int:
    """Run the demo until a signal ends it; returns 0, or 2 when it cannot begin."""

    def command() -> int:
        uvloop.run(run_demo(options))
        return ExitStatus.OK

    misuse = (DemoError, PlanError, StoreError, ListenError)
    return run_command(command, misuse=misuse, log=None)
