"""Blocks for rule tests, written as series."""

from collections.abc import Mapping

import numpy as np

from exporters.block import Block, Frame
from exporters.family import Family

Series = Mapping[tuple[tuple[str, str], ...], float]


def block(name: str, labels: tuple[str, ...], rows: Mapping[tuple[str, ...], float]) -> Block:
    """A family's samples: label values to value."""
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in labels]
    frame = Frame.of(labels, columns)
    family = Family(name, "gauge", "help", labels)
    return Block(family, frame, np.array(list(rows.values()), np.float64))


def up(**values: float) -> Block:
    """``up`` by number."""
    return block("up", ("number",), {(name,): value for name, value in values.items()})
