"""What the families of one account are made from: findings, and frames they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from agent.checks.columns import Rows, gather
from agent.checks.result import CheckResult
from agent.model import Snapshot
from agent.series.memo import Memo
from agent.states import Capability
from exporters.block import Block, Frame
from exporters.family import FAMILIES

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """One account's findings at one instant, and what was made of them before."""

    snapshot: Snapshot
    """The newest facts; ``checked`` may rest on slightly older ones."""
    checked: CheckResult
    memo: Memo
    now: float
    picked: Rows | None
    """The rows whose numbers have series of their own; ``None`` means all."""

    @property
    def owner(self) -> tuple[str, str]:
        """Provider and account, the first two labels of nearly every family."""
        return self.snapshot.provider, self.snapshot.account

    def fresh(self, capability: Capability) -> bool:
        """Whether series of ``capability`` may be shown at all."""
        return self.snapshot.is_fresh(capability, self.now)

    def number_names(self) -> Sequence[str]:
        """The numbers that have series, in order."""
        return self.memo.of("names", _picked, self.checked.names, self.picked)

    def number_frame(self) -> Frame:
        """A row per number."""
        return self.memo.of("frame", _number_frame, self.owner, self.number_names())

    def frame(self, name: str, labels: Sequence[str], *columns: Sequence[str]) -> Frame:
        """A frame of few rows below the account's labels, the same while its rows are."""
        held = tuple(map(tuple, columns))
        return self.memo.of("frame " + name, account_frame, self.owner, tuple(labels), *held)

    def column(self, family: str, frame: Frame, values: Floats) -> Block:
        """A block of a column that has one value per number of the account."""
        return self.memo.of(family, _column, family, frame, values, self.picked)


def account_frame(owner: tuple[str, str], labels: Sequence[str], *columns: Sequence[str]) -> Frame:
    """A frame with the account's labels before ``labels``."""
    rows = len(columns[0]) if columns else 1
    own = [repeated(label, rows) for label in owner]
    return Frame.of(("provider", "account", *labels), (*own, *columns))


def repeated(text: str, rows: int) -> Sequence[str]:
    """``text`` in each of ``rows`` rows, held once.

    An array, as :func:`worded` gives, is nothing the garbage collector walks along: a list of
    100,000 texts keeps the event loop waiting for milliseconds whenever it looks.
    """
    return cast("Sequence[str]", np.broadcast_to(np.array(text, dtype=object), rows))


def worded(words: Sequence[str], codes: npt.NDArray[np.integer[Any]]) -> Sequence[str]:
    """The word for each of ``codes``."""
    return cast("Sequence[str]", np.array(words, dtype=object)[codes])


def extended(frame: Frame, label: str, column: Sequence[str]) -> Frame:
    """``frame`` with one label more; the columns it has are shared."""
    return Frame.of((*frame.names, label), (*frame.columns, column))


def sampled(family: str, frame: Frame, values: Floats) -> Block:
    """A block of the rows whose value is not NaN."""
    absent = np.isnan(values)
    if not absent.any():
        return Block(FAMILIES[family], frame, values)
    rows = np.flatnonzero(~absent)
    return Block(FAMILIES[family], frame, values[rows], rows)


def _column(family: str, frame: Frame, values: Floats, rows: Rows | None) -> Block:
    return sampled(family, frame, values if rows is None else values[rows])


def _picked(names: Sequence[str], rows: Rows | None) -> Sequence[str]:
    return names if rows is None else gather(names, rows)


def _number_frame(owner: tuple[str, str], names: Sequence[str]) -> Frame:
    return account_frame(owner, ("number",), names)
