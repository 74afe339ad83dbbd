"""Which numbers of an account are called for tests by plan, by which callers and how often."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from agent.checks.lifecycle import NUMBER_STATES
from agent.checks.number_columns import NumberColumns
from agent.config.dial import Dial
from agent.config.dial_plans import DialPlan
from agent.model import AccountKey
from agent.states import NumberState

MOST_PLANNED: Final = 20_000
"""Pairs of a number and a caller that plans of one account have; more could not be called."""
_NOT_CALLED: Final = frozenset(
    {
        *(NumberState.IDLE, NumberState.PREOCCUPIED, NumberState.REVIEW),
        *(NumberState.REVIEW_REJECTED, NumberState.OPEN_UNFUNDED, NumberState.RECLAIMED),
        *(NumberState.CANCELLED, NumberState.SUSPENDED_REQUESTED),
    }
)
"""States in which nobody is to answer, or the number may be a stranger's."""


@dataclass(frozen=True)
class PlannedCall:
    """A caller that calls one number by plan."""

    plan: str
    caller: str
    every: float
    """Seconds between two calls at least."""
    spread: float
    """By up to which share of ``every`` calls come later."""
    second_opinion: bool
    """Whether a call that failed is followed by another soon."""


PlannedByNumber = Mapping[str, tuple[PlannedCall, ...]]
"""The planned calls of an account's numbers; one for each caller."""
NOTHING: Final[PlannedByNumber] = MappingProxyType({})


class PlannedCalls:
    """Reads from the plans of ``dial`` who calls the numbers of an account."""

    def __init__(self, dial: Dial) -> None:
        self._plans = tuple(dial.plans)
        self._last: dict[AccountKey, tuple[Sequence[str], NumberColumns, PlannedByNumber]] = {}

    def of(self, key: AccountKey, names: Sequence[str], columns: NumberColumns) -> PlannedByNumber:
        """The planned calls of an account; the same object while its numbers are the same.

        Args:
            key: The account.
            names: Its numbers, by row; those that are gone count as reclaimed.
            columns: Their states and grades, by row.
        """
        if not self._plans:
            return NOTHING
        last = self._last.get(key)
        if last is not None and last[0] is names and last[1] is columns:
            return last[2]
        planned = self._read(key, names, columns)
        if last is not None and last[2] == planned:
            planned = last[2]
        self._last[key] = names, columns, planned
        return planned

    def _read(
        self, key: AccountKey, names: Sequence[str], columns: NumberColumns
    ) -> PlannedByNumber:
        plans = [(it, set(it.numbers), set(it.grades)) for it in self._plans if _is_of(it, key)]
        found: dict[str, tuple[PlannedCall, ...]] = {}
        count = 0
        for name, code, grade in zip(names, columns.states, columns.grades, strict=True):
            if not plans or NUMBER_STATES[code] in _NOT_CALLED:
                continue
            own = [
                plan
                for plan, numbers, grades in plans
                if (not numbers or name in numbers) and (not grades or grade in grades)
            ]
            if not own:
                continue
            found[name] = _of_plans(own)
            count += len(found[name])
            if count >= MOST_PLANNED:
                break
        return found


def _is_of(plan: DialPlan, key: AccountKey) -> bool:
    return not plan.accounts or "/".join(key) in plan.accounts


def _of_plans(plans: Sequence[DialPlan]) -> tuple[PlannedCall, ...]:
    """One planned call for each caller: of several plans the most frequent holds."""
    by_caller: dict[str, PlannedCall] = {}
    for plan in plans:
        for caller in plan.callers:
            known = by_caller.get(caller)
            if known is None or plan.every < known.every:
                by_caller[caller] = PlannedCall(
                    plan.name, caller, plan.every, plan.spread, plan.second_opinion
                )
    return tuple(by_caller.values())
