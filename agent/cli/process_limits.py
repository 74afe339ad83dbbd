"""The limits of the process that numwatch needs, checked before anything large is imported.

Under a small ``ulimit -v`` a library ends the process with words of its own, and without
descriptors a part of the agent fails here and there, which says nothing to who set the limit.
"""

import resource
import sys
from typing import NamedTuple

from agent.cli.language import say
from agent.i18n import Message

_TOO_SMALL = Message(
    "ulimit {ulimit}: the limit of {name} is {allowed}, numwatch needs at least {least}; raise it"
    " with ulimit {ulimit} {least} in the shell, or {directive}= in the systemd unit, or take it"
    " away"
)


class Limit(NamedTuple):
    """One limit of the process and what numwatch needs of it."""

    kind: int
    name: Message
    ulimit: str
    """The option of the shell's ``ulimit``."""
    unit: int
    least: int
    """The least that will do, in units of ``ulimit``."""
    directive: str
    """The key of a systemd unit."""


_MEMORY = Limit(
    resource.RLIMIT_AS, Message("address space (KiB)"), "-v", 1024, 400 * 1024, "LimitAS"
)
_DESCRIPTORS = Limit(resource.RLIMIT_NOFILE, Message("open files"), "-n", 1, 16, "LimitNOFILE")

COMMAND_LIMITS = (_MEMORY, _DESCRIPTORS)
"""For a command that ends by itself, such as ``check-config``."""
AGENT_LIMITS = (
    _MEMORY._replace(least=1024 * 1024),
    _DESCRIPTORS._replace(least=256),
)
"""For an agent that runs: measured 0.5 GiB and 43 files with one small account."""


def shortages(limits: tuple[Limit, ...]) -> list[Message]:
    """What is wrong with the limits of this process, a line each with what to do."""
    lines = []
    for limit in limits:
        allowed = resource.getrlimit(limit.kind)[0]
        if allowed != resource.RLIM_INFINITY and allowed < limit.least * limit.unit:
            lines.append(
                _TOO_SMALL.with_values(
                    name=limit.name,
                    ulimit=limit.ulimit,
                    allowed=allowed // limit.unit,
                    least=limit.least,
                    directive=limit.directive,
                )
            )
    return lines


def refuse_small_limits(limits: tuple[Limit, ...]) -> None:
    """Ends the process with status 2 and a line for each limit that is too small."""
    lines = shortages(limits)
    if lines:
        sys.stderr.writelines(f"{say(line)}\n" for line in lines)
        raise SystemExit(2)
