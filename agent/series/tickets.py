"""Series of the open tickets as a whole."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from agent.states import Severity, Stage
from exporters.block import Block, Frame
from exporters.family import FAMILIES

_KINDS = tuple((stage.value, severity.value) for stage in Stage for severity in Severity)
_FRAME = Frame.of(("stage", "severity"), tuple(zip(*_KINDS, strict=True)))


def tickets_blocks(tickets: Iterable[tuple[str, str]]) -> tuple[Block, ...]:
    """``numwatch_tickets`` of the tickets that are not closed.

    Args:
        tickets: Stage and severity of each.
    """
    counts = Counter(tickets)
    values = np.array([counts[kind] for kind in _KINDS], dtype=np.float64)
    return (Block(FAMILIES["numwatch_tickets"], _FRAME, values),)
