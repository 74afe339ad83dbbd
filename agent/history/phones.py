"""The reachable phones of an account's numbers, as columns over one hour."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.checks.columns import MISSING_ROW, Alignment
from agent.checks.result import CheckResult

Figures = npt.NDArray[np.float32]
"""A figure for every number; NaN is unknown."""


@dataclass(frozen=True, eq=False)
class PhoneColumns:
    """The least, the greatest and the newest count of reachable phones of every number."""

    names: list[str]
    low: Figures
    high: Figures
    last: Figures
    bound: Figures
    """How many phones each number has."""

    @classmethod
    def of(cls, result: CheckResult) -> "PhoneColumns":
        """The columns of the present moment."""
        reachable = result.phones.reachable.astype(np.float32)
        bound = result.phones.counts.astype(np.float32)
        return cls(result.names, reachable, reachable, reachable, bound)

    def followed_by(self, newer: "PhoneColumns") -> "PhoneColumns":
        """Both as one stretch of time, for the numbers of ``newer``."""
        alignment = Alignment.of(newer.names, self.names)
        return PhoneColumns(
            newer.names,
            np.fmin(moved(self.low, alignment), newer.low),
            np.fmax(moved(self.high, alignment), newer.high),
            newer.last,
            newer.bound,
        )


def moved(column: Figures, alignment: Alignment) -> Figures:
    """``column`` in the rows of ``alignment``; NaN in rows that are new."""
    if alignment.carry is None:
        return column
    if not column.size:
        return np.full(alignment.size, np.nan, dtype=np.float32)
    taken = column[alignment.carry]
    taken[alignment.carry == MISSING_ROW] = np.nan
    return taken


def differs(left: Figures, right: Figures) -> npt.NDArray[np.bool_]:
    """Where two columns differ; unknown equals unknown."""
    both_unknown = np.isnan(left) & np.isnan(right)
    different: npt.NDArray[np.bool_] = (left != right) & ~both_unknown
    return different
