"""Series of what is usual at this hour; numbers with few calls have none worth showing."""

from collections.abc import Sequence

import numpy as np

from agent.checks.habits import Usual
from agent.series.source import account_frame
from exporters.block import Block
from exporters.family import FAMILIES

FEWEST = 5.0
"""A number that usually has fewer calls in the hour says nothing when it has none."""
_CALLS = "numwatch_number_calls_last_hour"
_EXPECTED = "numwatch_number_calls_expected"


def habit_blocks(owner: tuple[str, str], usual: Sequence[Usual]) -> tuple[Block, ...]:
    """The blocks of an account's newest whole hour; none where nothing is usual yet."""
    shown = [each for each in usual if each.expected >= FEWEST]
    if not shown:
        return ()
    frame = account_frame(owner, ("number",), [each.number for each in shown])
    return (
        Block(FAMILIES[_CALLS], frame, np.array([each.calls for each in shown], dtype=float)),
        Block(FAMILIES[_EXPECTED], frame, np.array([each.expected for each in shown])),
    )
