"""Which numbers are not healthy, so that they have series of their own in any case."""

import numpy as np

from agent.checks.columns import Rows
from agent.checks.result import CheckResult

EXPIRY_NEAR = 30 * 86400.0
"""Seconds before a contract's end from which it is worth a series (domain.md §5)."""


def abnormal_rows(checked: CheckResult, now: float) -> Rows:
    """The rows of numbers that are not known to be healthy, or soon will not be."""
    columns, phones = checked.columns, checked.phones
    abnormal = columns.up != 1.0
    abnormal |= columns.mismatch
    abnormal |= columns.realname_ok == 0.0
    abnormal |= columns.contract_end < now + EXPIRY_NEAR
    abnormal |= ~np.isnan(columns.reclaim_at)
    abnormal |= ~np.isnan(phones.counts) & (phones.reachable != phones.counts)
    abnormal |= phones.counts == 0
    abnormal |= checked.drift.drifted != 0
    for number in checked.illegal:
        row = checked.number_row(number)
        if row is not None:
            abnormal[row] = True
    return np.flatnonzero(abnormal)
