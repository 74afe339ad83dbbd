"""How often numbers are called for tests by plan."""

from collections.abc import Iterator

import numpy as np

from agent.checks.planned_calls import PlannedByNumber
from agent.series.context import SeriesContext, account_frame
from exporters.block import Block
from exporters.family import FAMILIES

_FAMILY = "numwatch_probe_interval_seconds"


def planned_call_blocks(context: SeriesContext) -> Iterator[Block]:
    """The block of the intervals; none where nothing is called by plan."""
    if planned := context.result.planned:
        yield context.memo.of(_FAMILY, _block, context.owner, planned)


def _block(owner: tuple[str, str], planned: PlannedByNumber) -> Block:
    pairs = [(number, call) for number, calls in planned.items() for call in calls]
    numbers, callers = [number for number, _ in pairs], [call.caller for _, call in pairs]
    frame = account_frame(owner, ("number", "caller"), numbers, callers)
    return Block(FAMILIES[_FAMILY], frame, np.array([call.every for _, call in pairs]))
