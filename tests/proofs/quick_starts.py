"""Starts of an agent that a kill follows soon: forks of a process that has imported it already.

Importing takes most of a start and touches nothing that a kill could harm. What an agent does
from its configuration on is the same.
"""

import contextlib
from collections.abc import Iterator

from tests.forks import Fork, Forker, forked
from tests.integration.alerting_peers import Process

__all__ = ["Fork", "Forker", "forked", "quick_starts"]


@contextlib.contextmanager
def quick_starts(agent: Process) -> Iterator[None]:
    """Within the block ``agent`` starts as a fork; the last one is ended with the block."""
    module = agent.command.index("-m") + 1
    command = list(agent.command)
    command[module] = "tests.proofs.prepared_agent"
    forker = Forker(command, agent.log.with_suffix(".forker.log"))
    former, agent.run = agent.run, lambda _command, log: forked(forker, log)
    try:
        yield
    finally:
        agent.run = former
        forker.stop()
