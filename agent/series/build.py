"""All blocks of one account."""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from agent.baselines.planned import Plan
from agent.checks.columns import Rows
from agent.checks.result import CheckResult
from agent.config.settings import Metrics
from agent.model import Snapshot
from agent.series.account import account_blocks
from agent.series.calls import call_blocks
from agent.series.drift import drift_blocks
from agent.series.health import abnormal_rows
from agent.series.lints import lint_blocks
from agent.series.memo import Memo
from agent.series.numbers import number_blocks
from agent.series.phones import phone_blocks
from agent.series.planned import planned_blocks
from agent.series.source import Source
from exporters.block import Block

_FAMILIES = (account_blocks, number_blocks, phone_blocks, call_blocks, drift_blocks, lint_blocks)


class Series:
    """Makes blocks, and keeps them for as long as what they show has not changed.

    :meth:`build` may run in a thread, one at a time per account. Facts go stale with time
    alone, so it must be called again now and then although no poll came.
    """

    def __init__(self, metrics: Metrics, plans: Sequence[Plan] = ()) -> None:
        self._abnormal_only = metrics.detail == "abnormal"
        self._plans = plans
        self._memos: dict[tuple[str, str], Memo] = {}

    def build(self, snapshot: Snapshot, checked: CheckResult, now: float) -> tuple[Block, ...]:
        """The blocks of one account; the very same objects where nothing changed.

        Families whose facts are stale at ``now`` (epoch seconds) are left out, and so is a
        family without samples.
        """
        memo = self._memos.setdefault((snapshot.provider, snapshot.account), Memo())
        picked = self._picked(memo, checked, now) if self._abnormal_only else None
        source = Source(snapshot, checked, memo, now, picked)
        blocks = chain(_of_account(source), planned_blocks(source, self._plans))
        return tuple(block for block in blocks if block.size)

    def forget(self, provider: str, account: str) -> None:
        """Drop what is kept for an account that is no longer configured."""
        self._memos.pop((provider, account), None)

    def _picked(self, memo: Memo, checked: CheckResult, now: float) -> Rows:
        rows = tuple(abnormal_rows(checked, now).tolist())
        return memo.of("picked", _as_rows, rows)


def _as_rows(rows: tuple[int, ...]) -> Rows:
    return np.array(rows, dtype=np.intp)


def _of_account(source: Source) -> Iterator[Block]:
    return chain.from_iterable(family(source) for family in _FAMILIES)
