"""Small blocks to render."""

from collections.abc import Sequence

import numpy as np

from exporters.block import Block, Frame
from exporters.family import FAMILIES

NUMBER_LABELS = ("provider", "account", "number")


def number_frame(numbers: Sequence[str]) -> Frame:
    count = len(numbers)
    return Frame.of(NUMBER_LABELS, (("north",) * count, ("hq",) * count, tuple(numbers)))


def up_block(numbers: Sequence[str], values: Sequence[float]) -> Block:
    return Block(FAMILIES["numwatch_number_up"], number_frame(numbers), np.array(values, float))
