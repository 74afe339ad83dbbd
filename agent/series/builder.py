"""Builds all series of one account: a block for each metric family, ready to be published."""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from agent.baselines.planned import PlannedPeriod
from agent.checks.columns import Rows
from agent.checks.result import CheckResult
from agent.config.settings import Metrics
from agent.health.account import AccountHealth, assess
from agent.health.rule import HEALTH_CODES
from agent.model import Snapshot
from agent.series.account import account_blocks
from agent.series.calls import call_blocks
from agent.series.context import Memo, SeriesContext
from agent.series.drift import drift_blocks
from agent.series.health import health_blocks
from agent.series.lints import lint_blocks
from agent.series.marking import marking_blocks
from agent.series.numbers import number_blocks, planned_blocks
from agent.series.phones import phone_blocks
from agent.series.planned_calls import planned_call_blocks
from agent.series.probes import probe_blocks
from agent.series.records import load_blocks, record_blocks, unusual_blocks
from agent.states import Health
from exporters.block import Block

EXPIRY_NEAR = 30 * 86400.0
"""Seconds before the end of a contract from which the number is shown in any case.

The alert on contract expiry looks as far ahead (docs/reference/domain.md §5).
"""


def abnormal_rows(health: AccountHealth, now: float) -> Rows:
    """Returns the rows of numbers that are not known to be healthy or whose contract ends soon.

    A number of which only the phones are not told is not among them: a provider that never tells
    them would otherwise have series for all its numbers.
    """
    result = health.result
    columns, phones = result.columns, result.phones
    abnormal = np.isin(health.codes, _IN_TROUBLE)
    abnormal |= columns.up != 1.0
    abnormal |= columns.mismatch
    abnormal |= columns.realname_ok == 0.0
    abnormal |= columns.contract_end < now + EXPIRY_NEAR
    abnormal |= ~np.isnan(columns.reclaim_at)
    abnormal |= ~np.isnan(phones.counts) & (phones.reachable != phones.counts)
    abnormal |= phones.counts == 0
    abnormal |= result.drift.drifted != 0
    for number in result.illegal:
        row = result.number_row(number)
        if row is not None:
            abnormal[row] = True
    return np.flatnonzero(abnormal)


_IN_TROUBLE = [HEALTH_CODES[Health.DOWN], HEALTH_CODES[Health.DEGRADED]]
_FAMILIES = (
    account_blocks,
    number_blocks,
    health_blocks,
    marking_blocks,
    phone_blocks,
    call_blocks,
    load_blocks,
    unusual_blocks,
    record_blocks,
    drift_blocks,
    lint_blocks,
    planned_call_blocks,
    probe_blocks,
)


class SeriesBuilder:
    """Builds blocks, and returns the same block again while its facts have not changed.

    :meth:`build` may run in a thread, but not twice at a time for one account. Facts become
    stale as time passes, so it must also be called when no poll has finished.
    """

    def __init__(self, metrics: Metrics, plans: Sequence[PlannedPeriod] = ()) -> None:
        self._abnormal_only = metrics.detail == "abnormal"
        self._plans = plans
        self._memos: dict[tuple[str, str], Memo] = {}

    def build(
        self,
        snapshot: Snapshot,
        result: CheckResult,
        now: float,
        health: AccountHealth | None = None,
    ) -> tuple[Block, ...]:
        """The blocks of one account; the same objects as before where nothing changed.

        ``health`` is that of the numbers of ``result``; without it no ticket is considered.

        Families whose facts are stale at ``now`` (epoch seconds) are left out, and so is a
        family without samples.
        """
        memo = self._memos.setdefault((snapshot.provider, snapshot.account), Memo())
        health = health or assess(result, now)
        number_rows = self._abnormal_rows(memo, health, now) if self._abnormal_only else None
        context = SeriesContext(snapshot, result, memo, now, number_rows, health)
        blocks = chain(_of_account(context), planned_blocks(context, self._plans))
        return tuple(block for block in blocks if block.size)

    def forget(self, provider: str, account: str) -> None:
        """Drop the stored blocks of an account that is no longer configured."""
        self._memos.pop((provider, account), None)

    def _abnormal_rows(self, memo: Memo, health: AccountHealth, now: float) -> Rows:
        rows = tuple(abnormal_rows(health, now).tolist())
        return memo.of("abnormal rows", _as_rows, rows)


def _as_rows(rows: tuple[int, ...]) -> Rows:
    return np.array(rows, dtype=np.intp)


def _of_account(context: SeriesContext) -> Iterator[Block]:
    return chain.from_iterable(family(context) for family in _FAMILIES)
