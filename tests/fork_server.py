"""Processes of numwatch that start at once: one that has imported everything forks each of them.

Usage: ``python -m tests.fork_server``. It reads orders, a JSON document on each line, and answers
each with a line. One with ``arguments`` begins ``numwatch`` with those, or runs its ``code`` in
place of it: in ``folder``, with ``environ`` its environment and ``stdin``, ``stdout`` and
``stderr`` the names of its files. The answer is its process id. One with ``poll`` is answered with
the exit status of that process, negative for a signal, or with ``-`` while it runs. At the end of
its input all that it began are killed.

What a process does from its arguments on is the same as in one that is started by itself; but
what cannot be imported, and a circle of imports, would go unseen. The tests of the command line
start their own.
"""

import gc
import importlib
import json
import os
import pkgutil
import sys
import time
from typing import Any

import agent.cli
import agent.demo
import agent.simulator
from agent.cli.main import main
from agent.store.migrate import known_revisions
from tests.begun_processes import BegunProcesses

_OWN = {"agent.simulator.dialects", "agent.simulator.telephony", "agent.simulator.worlds"}
"""Packages whose modules are imported by those that need them."""
_TO_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _prepare() -> None:
    """Import what the commands do."""
    for package in (agent.cli, agent.demo, agent.simulator):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if module.name not in _OWN:
                importlib.import_module(module.name)
    known_revisions()
    # What was imported stays: a fork that looked for garbage in it would copy all of it.
    gc.freeze()


def _serve() -> None:
    """Carry out orders until there are no more; returns in the processes that are begun too."""
    begun = BegunProcesses()
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        if "poll" in order:
            answer = begun.status_of(order["poll"])
        else:
            process = os.fork()
            if not process:
                _become(order)
                _run(order["code"])
            answer = begun.add(process)
        print(answer, flush=True)  # noqa: T201 - the answer
    begun.kill_all()


def _run(code: str) -> None:
    if code:
        exec(compile(code, "<code>", "exec"), {"__name__": "__main__"})
        sys.exit()
    main()


def _become(order: dict[str, Any]) -> None:
    """Let this process be one of its own: its own group, arguments, environment and files."""
    os.setpgid(0, 0)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        opened = os.open(order[name], _TO_WRITE if number else os.O_RDONLY, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    # What was read ahead are orders.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - until the end
    os.environ.clear()
    os.environ.update(order["environ"])
    time.tzset()
    os.chdir(order["folder"])
    sys.argv[:] = ["numwatch", *order["arguments"]]


if __name__ == "__main__":
    _prepare()
    _serve()
