"""The input of building one account's blocks: the check result, and frames that blocks share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from sys import intern
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from agent.checks.columns import Rows, take_rows
from agent.checks.result import CheckResult
from agent.health.account import AccountHealth
from agent.model import Snapshot
from agent.states import Capability
from exporters.block import Block, Frame
from exporters.equal_columns import shared
from exporters.family import FAMILIES
from exporters.label_column import LabelColumn

Result = TypeVar("Result")
_PLAIN = (bool, int, float, str, tuple)


class Memo:
    """Stores the newest result per name, with the inputs it was made from."""

    def __init__(self) -> None:
        self._results: dict[str, tuple[Any, ...]] = {}
        """By name: the inputs, and behind them the result. There are fifty for each account."""

    def of(self, name: str, make: Callable[..., Result], *inputs: Any) -> Result:
        """Return ``make(*inputs)``, or the last result for ``name`` when the inputs are the same.

        Plain values are compared by value, everything else by identity.
        """
        return self.reuse(name, inputs, partial(make, *inputs))

    def reuse(self, name: str, inputs: tuple[Any, ...], make: Callable[[], Result]) -> Result:
        """Return ``make()``, or the last result for ``name`` when ``inputs`` are the same.

        They must be all that the result follows from.
        """
        former = self._results.get(name)
        # As far as there are inputs, so that the result is not compared.
        if former and len(former) == len(inputs) + 1 and all(map(_same, inputs, former)):
            unchanged: Result = former[-1]
            return unchanged
        result = make()
        self._results[name] = (*inputs, result)
        return result

    def forget(self, *names: str) -> None:
        """Drop the results stored under ``names``."""
        for name in names:
            self._results.pop(name, None)


def _same(new: Any, old: Any) -> bool:
    return old is new or (type(old) is type(new) and isinstance(old, _PLAIN) and old == new)


Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SeriesContext:
    """One account's check result at one instant, and the blocks built from earlier ones."""

    snapshot: Snapshot
    """The newest facts; ``result`` may rest on slightly older ones."""
    result: CheckResult
    memo: Memo
    now: float
    number_rows: Rows | None
    """The rows of the numbers that have series of their own; ``None`` means all."""
    health: AccountHealth

    @property
    def owner(self) -> tuple[str, str]:
        """Provider and account: the first two labels of nearly every family."""
        return self.snapshot.provider, self.snapshot.account

    def fresh(self, capability: Capability) -> bool:
        """Whether the facts of ``capability`` are recent enough to be shown."""
        return self.snapshot.is_fresh(capability, self.now)

    def number_names(self) -> Sequence[str]:
        """The numbers that have series of their own, in the order of the rows."""
        return self.memo.of("names", _names_of_rows, self.result.names, self.number_rows)

    def number_frame(self) -> Frame:
        """A frame with one row per number."""
        return self.memo.of("frame", _number_frame, self.owner, self.number_names())

    def frame(self, name: str, labels: Sequence[str], *columns: Sequence[str]) -> Frame:
        """A small frame below the account's labels; the same object while its columns are equal.

        Families that give the same ``name`` share it.
        """
        inputs = tuple(_texts(tuple(column)) for column in columns)
        made = intern("frame " + name)  # one text for all accounts
        return self.memo.of(made, account_frame, self.owner, tuple(labels), *inputs)

    def column(self, family: str, frame: Frame, values: Floats) -> Block:
        """A block of a column with one value per number of the account; NaN means no sample."""
        return self.memo.of(family, _column, family, frame, values, self.number_rows)


def account_frame(owner: tuple[str, str], labels: Sequence[str], *columns: Sequence[str]) -> Frame:
    """A frame with the account's labels before ``labels``."""
    rows = len(columns[0]) if columns else 1
    return Frame.of(_with_account(tuple(labels)), (*_own_columns(owner, rows), *columns))


# An account's frames are made one after the other: the last few are all that is asked for again.
@lru_cache(maxsize=256)
def _own_columns(owner: tuple[str, str], rows: int) -> tuple[LabelColumn, ...]:
    """The account's own labels for ``rows`` rows, the same objects for all its frames."""
    return tuple(LabelColumn.constant(label, rows) for label in owner)


@lru_cache(maxsize=256)
def _with_account(labels: tuple[str, ...]) -> tuple[str, ...]:
    return ("provider", "account", *labels)


@lru_cache(maxsize=1024)
def _texts(column: tuple[str, ...]) -> tuple[str, ...]:
    """``column``: an equal one, such as the names of capabilities, is in memory once."""
    return column


def decode(words: Sequence[str], codes: npt.NDArray[np.integer[Any]]) -> Sequence[str]:
    """The word of each code, as a column that the garbage collector does not traverse."""
    return LabelColumn.of(words, codes)


def with_label(frame: Frame, label: str, column: Sequence[str]) -> Frame:
    """``frame`` with one more label; the existing columns are shared."""
    return Frame.of((*frame.names, label), (*frame.columns, column))


def sample_block(family: str, frame: Frame, values: Floats) -> Block:
    """A block with a sample for every row whose value is not NaN."""
    absent = np.isnan(values)
    if not absent.any():
        return Block(FAMILIES[family], frame, shared(values))
    rows = np.flatnonzero(~absent)
    return Block(FAMILIES[family], frame, shared(values[rows]), shared(rows))


def _column(family: str, frame: Frame, values: Floats, rows: Rows | None) -> Block:
    return sample_block(family, frame, values if rows is None else values[rows])


def _names_of_rows(names: Sequence[str], rows: Rows | None) -> Sequence[str]:
    return names if rows is None else take_rows(names, rows)


def _number_frame(owner: tuple[str, str], names: Sequence[str]) -> Frame:
    return account_frame(owner, ("number",), names)
