"""How many of a number's bound phones can be reached (docs/reference/domain.md §1).

While the state of one of its phones is unknown, a number's count is unknown too.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from agent.checks.lifecycle import Codes, Floats
from agent.states import REACHABLE_STATES, BindingState

BINDING_STATES: tuple[BindingState, ...] = tuple(BindingState)
BINDING_CODES: Mapping[BindingState, int] = {
    state: code for code, state in enumerate(BINDING_STATES)
}


def reachable_value(state: BindingState) -> float:
    """Returns 1 if a phone in ``state`` can be reached, 0 if it cannot, NaN if unknown."""
    if state is BindingState.UNKNOWN:
        return float("nan")
    return float(state in REACHABLE_STATES)


_REACHABLE = np.array([reachable_value(state) for state in BINDING_STATES])


def binding_codes(states: Iterable[BindingState]) -> Codes:
    """Returns the codes of ``states``."""
    # A generator, unlike map, lets other threads run between items.
    return np.fromiter((BINDING_CODES[state] for state in states), dtype=np.int8)


def reachable_column(states: Codes) -> Floats:
    """:func:`reachable_value` for a whole column of codes."""
    return np.asarray(_REACHABLE[states], dtype=np.float64)


def reachable_counts(states: Codes, counts: Floats) -> Floats:
    """Returns how many phones of each number can be reached; NaN if unknown.

    Args:
        states: The codes of all bound phones, number by number.
        counts: How many phones each number has; NaN if unknown.
    """
    sizes = np.nan_to_num(counts).astype(np.intp)
    owners = np.repeat(np.arange(counts.size), sizes)
    reachable = np.bincount(owners, weights=reachable_column(states), minlength=counts.size)
    return np.where(np.isnan(counts), np.nan, reachable)
