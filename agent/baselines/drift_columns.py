"""The drift of each number's configuration from its baseline, by column."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.baselines.baseline import Baseline
from agent.baselines.drift import compare
from agent.checks.columns import Alignment, Rows, take_rows, union
from agent.checks.phone_columns import Bound
from agent.model import Routing
from exporters.equal_columns import shared

Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Configuration:
    """The facts that drift is computed from; one entry for each number in every list."""

    routings: list[Routing | None]
    bound: list[Bound]
    baselines: list[Baseline | None]


@dataclass(frozen=True, eq=False)
class DriftColumns:
    """Bits of ``drift.SECTION_BITS``; one entry for each number in every column."""

    configuration: Configuration
    drifted: Bits
    """Sections that differ from the baseline."""
    known: Bits
    """Sections that could be compared."""
    seen: Bits
    """Sections that have drifted at any time since the agent started."""

    @classmethod
    def read(cls, configuration: Configuration) -> "DriftColumns":
        """Returns the columns of ``configuration``."""
        drifted, known = _compare(
            configuration.baselines, configuration.routings, configuration.bound
        )
        return cls(configuration, drifted, known, drifted)

    def follow(
        self, configuration: Configuration, alignment: Alignment, rows: Rows
    ) -> "DriftColumns":
        """Returns the columns of ``configuration``, recomputed only in the changed ``rows``."""
        drifted, known = _compare(
            take_rows(configuration.baselines, rows),
            take_rows(configuration.routings, rows),
            take_rows(configuration.bound, rows),
        )
        new_drifted = alignment.patch(self.drifted, rows, drifted)
        new_known = alignment.patch(self.known, rows, known)
        earlier = _earlier(self.seen, alignment, rows)
        return DriftColumns(
            configuration,
            new_drifted,
            new_known,
            alignment.patch(self.seen, rows, earlier | drifted),
        )

    def changed(self, before: "DriftColumns", alignment: Alignment) -> Rows:
        """Returns the rows whose configuration or drift differs from ``before``."""
        new, old = self.configuration, before.configuration
        rows = union(
            alignment.changed(new.routings, old.routings), alignment.changed(new.bound, old.bound)
        )
        was = before.drifted if alignment.carry is None else None
        if was is None:
            was = np.append(before.drifted, np.uint8(0))[alignment.carry]
        return union(rows, np.flatnonzero(was != self.drifted))


def _earlier(seen: Bits, alignment: Alignment, rows: Rows) -> Bits:
    """The sections that had drifted before in ``rows``; none for a new number."""
    former = rows if alignment.carry is None else alignment.carry[rows]
    padded = np.append(seen, np.uint8(0))
    return np.asarray(padded[former], dtype=np.uint8)


def _compare(
    baselines: Sequence[Baseline | None],
    routings: Sequence[Routing | None],
    bound: Sequence[Bound],
) -> tuple[Bits, Bits]:
    drifts = list(map(compare, baselines, routings, bound))
    drifted = np.array([drift.drifted for drift in drifts], dtype=np.uint8)
    known = np.array([drift.known for drift in drifts], dtype=np.uint8)
    return shared(drifted), shared(known)
