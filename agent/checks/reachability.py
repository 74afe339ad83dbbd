"""How many of a number's bound phones can be reached (domain.md §1, bound phone).

A phone nobody knows anything about is unknown: while a number has one, how many of its phones
can be reached is not known either.
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
    """1 when the phone can be reached, 0 when it cannot, NaN when nobody knows."""
    if state is BindingState.UNKNOWN:
        return float("nan")
    return float(state in REACHABLE_STATES)


_REACHABLE = np.array([reachable_value(state) for state in BINDING_STATES])


def binding_codes(states: Iterable[BindingState]) -> Codes:
    """The codes of ``states``."""
    # A generator, unlike map, lets other threads in between.
    return np.fromiter((BINDING_CODES[state] for state in states), dtype=np.int8)


def reachable_column(states: Codes) -> Floats:
    """:func:`reachable_value` for a whole column of codes."""
    return np.asarray(_REACHABLE[states], dtype=np.float64)


def reachable_counts(states: Codes, counts: Floats) -> Floats:
    """Phones that can be reached, per number; NaN where that is not known.

    Args:
        states: The codes of all bound phones, number by number.
        counts: How many phones each number has; NaN where that is not known.
    """
    sizes = np.nan_to_num(counts).astype(np.intp)
    owners = np.repeat(np.arange(counts.size), sizes)
    reachable = np.bincount(owners, weights=reachable_column(states), minlength=counts.size)
    return np.where(np.isnan(counts), np.nan, reachable)
