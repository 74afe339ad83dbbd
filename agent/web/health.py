"""How each number of an account is, from what the checks found, by column."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.checks.engine import CheckResult
from agent.checks.lifecycle import NUMBER_CODES
from agent.states import Capability, NumberState
from agent.web.views import Health

HEALTHS: tuple[Health, ...] = tuple(Health)
_CODE: Mapping[Health, int] = {health: code for code, health in enumerate(HEALTHS)}
OK, DEGRADED = _CODE[Health.OK], _CODE[Health.DEGRADED]
DOWN, UNKNOWN = _CODE[Health.DOWN], _CODE[Health.UNKNOWN]

Codes = npt.NDArray[np.int8]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class AccountHealth:
    """The health of every number of one account at one moment."""

    checked: CheckResult
    codes: Codes
    """Codes of ``HEALTHS``."""

    def rows(self, *wanted: Health, state: NumberState | None = None) -> Rows:
        """The rows whose health is one of ``wanted``, in ``state`` where one is given."""
        fits = np.isin(self.codes, [_CODE[health] for health in wanted])
        if state is not None:
            fits &= self.checked.columns.states == NUMBER_CODES[state]
        return np.flatnonzero(fits)

    def counts(self) -> dict[str, int]:
        """How many numbers are in each health."""
        counted = np.bincount(self.codes, minlength=len(HEALTHS)).tolist()
        return {health.value: count for health, count in zip(HEALTHS, counted, strict=True)}


def classify_health(checked: CheckResult, now: float) -> AccountHealth:
    """The health of every number of an account.

    A number is down when its state, its network state or the lack of a reachable phone keeps
    every call out; degraded when something is wrong but calls get through; unknown when the
    facts are too old or do not tell.
    """
    columns, count = checked.columns, len(checked.names)
    if not checked.is_fresh(Capability.NUMBERS, now):
        return AccountHealth(checked, np.full(count, UNKNOWN, dtype=np.int8))
    codes = np.where(np.isnan(columns.up), UNKNOWN, np.where(columns.up > 0, OK, DOWN))
    weak = columns.mismatch | (columns.states == NUMBER_CODES[NumberState.LOW_BALANCE])
    if checked.is_fresh(Capability.REACHABILITY, now):
        phones = checked.phones
        codes = np.where((codes == OK) & (phones.reachable == 0), DOWN, codes)
        weak = weak | (phones.reachable < phones.counts)
    weak = weak | (checked.drift.drifted > 0)
    codes = np.where((codes == OK) & weak, DEGRADED, codes)
    return AccountHealth(checked, codes.astype(np.int8))
