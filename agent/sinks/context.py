"""What every sink is given besides its own section."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.sinks.links import Links
from agent.sinks.text import Writer


def _nobody(_sink: str, _step: str) -> None:
    return None


@dataclass(frozen=True)
class SinkContext:
    """The agent as sinks see it."""

    links: Links | None = None
    """What tickets are called elsewhere; a sink that makes tickets cannot do without."""
    writer: Writer = field(default_factory=Writer)
    clock: Callable[[], float] = time.time
    step_refused: Callable[[str, str], None] = _nobody
    """Counts that a system (by its sink's name) did not let us take a step."""
    template_failed: Callable[[str, str], None] = _nobody
    """Counts that a sink's template gave nothing that can be sent, and which part of it."""
