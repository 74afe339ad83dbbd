"""Agents that start at once: a process that has imported the program forks one for every start.

Usage: ``python -m tests.proofs.prepared_agent run --config CONFIG``. It reads commands, a line
each, and answers each with a line: ``start LOG``, or ``start LOG<TAB>CONFIG``, begins an agent
whose output goes to LOG and is answered with its process id; ``poll ID`` is answered with the exit
status, negative for a signal, or with ``-`` while it runs. At the end of its input all that it
began are killed.
"""

import gc
import os
import sys
from pathlib import Path

from agent.cli import run as _imported  # noqa: F401 - before the forks: that is what saves time
from agent.cli.main import main
from agent.plan import make_plan
from agent.store.migrate import known_revisions
from tests.begun_processes import BegunProcesses


def serve() -> None:
    """Carry out commands until there are no more; returns in the processes that are begun too."""
    begun = BegunProcesses()
    for line in iter(sys.stdin.readline, ""):
        command, _, argument = line.strip().partition(" ")
        if command == "poll":
            answer = begun.status_of(int(argument))
        else:
            process = os.fork()
            if not process:
                log, _, config = argument.partition("\t")
                sys.argv[-1] = config or sys.argv[-1]
                _become(Path(log))
                main()
            answer = begun.add(process)
        print(answer, flush=True)  # noqa: T201 - the answer
    begun.kill_all()


def _become(log: Path) -> None:
    """Let this process be an agent of its own: its own group, no input, its output in ``log``."""
    os.setpgid(0, 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


if __name__ == "__main__":
    make_plan(Path(sys.argv[-1]))
    known_revisions()
    # What was imported stays: a fork that looked for garbage in it would copy all of it.
    gc.freeze()
    serve()
