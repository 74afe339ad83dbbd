"""Columns of samples: one label frame, many values, rendered once and kept.

A :class:`Frame` is the labels of some rows; families that describe the same rows share one
frame, so dividing one family by another is a row mask instead of a hash join. A
:class:`Block` is one family's values over a frame. Both are immutable: a poll that changed
nothing hands out the same objects, and nothing is rendered again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from exporters.family import Family

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Frame:
    """The label values of some rows, by column.

    ``columns[i][row]`` is the value of label ``names[i]``; all columns have ``rows`` entries.
    An empty value means the label is missing, as Prometheus has it. Values must be scrubbed
    text (no lone surrogates): scrubbing is done where text enters the program.
    """

    names: tuple[str, ...]
    columns: tuple[Sequence[str], ...]
    rows: int

    @classmethod
    def of(cls, names: Sequence[str], columns: Sequence[Sequence[str]]) -> "Frame":
        """A frame over ``columns``, which must all be of one length.

        Raises:
            ValueError: when the columns differ in length or in number from ``names``.
        """
        lengths = {len(column) for column in columns}
        if len(names) != len(columns) or len(lengths) > 1:
            raise ValueError(f"a frame needs one column of equal length per label, got {lengths}")
        return cls(tuple(names), tuple(columns), lengths.pop() if lengths else 1)

    @cached_property
    def texts(self) -> list[bytes]:
        """The label text of every row, braces included; empty where a row has no labels."""
        from exporters.exposition import render_labels  # noqa: PLC0415 - rendering builds on frames

        return render_labels(self)


@dataclass(frozen=True, eq=False)
class Block:
    """One family's values over a frame.

    ``rows`` picks the frame's rows that have a sample, in order; ``None`` means all of them.
    ``values`` has one float per picked row. A missing sample is absent, it is never NaN.
    """

    family: "Family"
    frame: Frame
    values: Floats
    rows: Rows | None = None
    rendered: dict[str, bytes] = field(default_factory=dict, repr=False)
    """Exposition text by format, filled by the renderer at first use."""

    @property
    def size(self) -> int:
        """How many samples the block has."""
        return int(self.values.size)
