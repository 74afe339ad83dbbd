"""What a process has begun that forks others when it is told to: their ends, and the end of all."""

import os
import signal
from contextlib import suppress


class BegunProcesses:
    """The process groups that were begun and have not been seen to end."""

    def __init__(self) -> None:
        self._begun: set[int] = set()

    def add(self, process: int) -> str:
        """Make a process a group of its own; returns its id, which is the answer."""
        # In both of them: a kill may come before the new one has run at all.
        with suppress(ProcessLookupError, PermissionError):
            os.setpgid(process, process)
        self._begun.add(process)
        return str(process)

    def status_of(self, process: int) -> str:
        """The exit status, negative for a signal; ``-`` while it runs."""
        ended, status = os.waitpid(process, os.WNOHANG)
        if not ended:
            return "-"
        self._begun.discard(process)
        return str(os.waitstatus_to_exitcode(status))

    def kill_all(self) -> None:
        """Kill each that was not seen to end, and what it has begun."""
        for process in self._begun:
            with suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
