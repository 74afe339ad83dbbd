"""Columns of samples: a frame of labels and blocks of values over it.

A :class:`Frame` is the label sets of some rows. Families that describe the same rows share one
frame, so dividing one family by another is a row mask instead of a hash join, and their label
text is rendered once. A :class:`Block` is one family's values over a frame. Both are immutable:
after a poll that changed nothing the same objects are published, and nothing is rendered again.
What is rendered is stored by the page's bundles (``exporters/bundle.py``), not here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from exporters.family import Family
from exporters.labels import chunks
from exporters.piece import Piece, compress
from exporters.sample_lines import sample_lines

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Frame:
    """The label values of some rows, by column.

    ``columns[i][row]`` is the value of label ``names[i]``; all columns have ``rows`` entries.
    An empty value means the label is missing, as in Prometheus.
    """

    names: tuple[str, ...]
    columns: tuple[Sequence[str], ...] = field(repr=False)
    rows: int

    @classmethod
    def of(cls, names: Sequence[str], columns: Sequence[Sequence[str]]) -> "Frame":
        """A frame over ``columns``, which must all have the same length.

        A frame without labels has one row: the series without labels.

        Raises:
            ValueError: when the columns differ in length or in number from ``names``.
        """
        lengths = {len(column) for column in columns}
        if len(names) != len(columns) or len(lengths) > 1:
            raise ValueError(f"a frame needs one column of equal length per label, got {lengths}")
        return cls(tuple(names), tuple(columns), lengths.pop() if lengths else 1)


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """One family's values over a frame.

    ``rows`` are the frame's rows that have a sample, ascending; ``None`` means all of them.
    ``values`` has one float for each of these rows. A missing sample is absent, never NaN.

    Raises:
        ValueError: when there is not one value per row, or ``rows`` do not ascend within the
            frame.
    """

    family: Family
    frame: Frame
    values: Floats = field(repr=False)
    rows: Rows | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        expected = self.frame.rows if self.rows is None else self.rows.size
        if self.values.shape != (expected,):
            raise ValueError(
                f"{self.family.name}: {expected} rows need as many values,"
                f" got an array of shape {self.values.shape}"
            )
        if self.rows is not None and not _ascend(self.rows, self.frame.rows):
            raise ValueError(f"{self.family.name}: rows must ascend within the frame")

    @property
    def size(self) -> int:
        """The number of samples."""
        return int(self.values.size)

    @property
    def piece(self) -> Piece:
        """The block's sample lines, rendered anew; they are the same in all formats."""
        texts = chunks(self.frame.names, self.frame.columns, self.frame.rows)
        labels = [compress((text,)) for text in texts]
        return compress(sample_lines(self.family.name, labels, self.values, self.rows))


def _ascend(rows: Rows, limit: int) -> bool:
    if not rows.size:
        return True
    return bool(rows[0] >= 0 and rows[-1] < limit and (np.diff(rows) > 0).all())
