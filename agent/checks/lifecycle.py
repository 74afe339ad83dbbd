"""States of numbers: in service or not, agreement of the two states, legal moves.

Tables of docs/reference/domain.md §1 (lifecycle, ledger) and pure functions over them.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from agent.states import IN_SERVICE_STATES, NetworkState, NumberState

Codes = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NUMBER_STATES: tuple[NumberState, ...] = tuple(NumberState)
NETWORK_STATES: tuple[NetworkState, ...] = tuple(NetworkState)
NUMBER_CODES: Mapping[NumberState, int] = {state: code for code, state in enumerate(NUMBER_STATES)}
NETWORK_CODES: Mapping[NetworkState, int] = {
    state: code for code, state in enumerate(NETWORK_STATES)
}

DEAD_NETWORK_STATES = frozenset(
    {NetworkState.DEACTIVATED, NetworkState.UNLOADED, NetworkState.DELETED}
)
"""Network states in which no call gets through, whatever the business state says."""

LEGAL_MOVES: Mapping[NumberState, frozenset[NumberState]] = {
    NumberState.IDLE: frozenset({NumberState.PREOCCUPIED}),
    NumberState.PREOCCUPIED: frozenset({NumberState.IDLE, NumberState.REVIEW}),
    NumberState.REVIEW: frozenset({NumberState.OPEN_UNFUNDED, NumberState.REVIEW_REJECTED}),
    NumberState.REVIEW_REJECTED: frozenset({NumberState.REVIEW, NumberState.IDLE}),
    NumberState.OPEN_UNFUNDED: frozenset({NumberState.ACTIVE, NumberState.RECLAIMED}),
    NumberState.ACTIVE: frozenset(
        {
            NumberState.LOW_BALANCE,
            NumberState.SUSPENDED_ARREARS,
            NumberState.EXPIRED,
            NumberState.SUSPENDED_VIOLATION,
            NumberState.SUSPENDED_REQUESTED,
            NumberState.CANCELLED,
        }
    ),
    NumberState.LOW_BALANCE: frozenset({NumberState.ACTIVE, NumberState.SUSPENDED_ARREARS}),
    NumberState.SUSPENDED_ARREARS: frozenset(
        {NumberState.ACTIVE, NumberState.FROZEN, NumberState.RECLAIMED}
    ),
    NumberState.FROZEN: frozenset({NumberState.ACTIVE, NumberState.RECLAIMED}),
    NumberState.EXPIRED: frozenset({NumberState.ACTIVE, NumberState.FROZEN}),
    NumberState.SUSPENDED_VIOLATION: frozenset({NumberState.ACTIVE, NumberState.CANCELLED}),
    NumberState.SUSPENDED_REQUESTED: frozenset({NumberState.ACTIVE}),
    NumberState.RECLAIMED: frozenset({NumberState.IDLE}),
    NumberState.CANCELLED: frozenset({NumberState.IDLE}),
}
"""The next states of each state (docs/reference/domain.md §1)."""

LIFE_ENDS = frozenset({NumberState.IDLE, NumberState.RECLAIMED, NumberState.CANCELLED})
"""States in which a number belongs to nobody. A path may begin or end in one, but not pass through
it: otherwise every move would be legal, and a number that returned from ``reclaimed`` would go
unnoticed."""


def _reached_from(start: NumberState) -> frozenset[NumberState]:
    reached: set[NumberState] = set()
    open_ends = [start]
    while open_ends:
        for following in LEGAL_MOVES.get(open_ends.pop(), frozenset()) - reached:
            reached.add(following)
            if following not in LIFE_ENDS:
                open_ends.append(following)
    return frozenset(reached)


REACHABLE_MOVES: Mapping[NumberState, frozenset[NumberState]] = {
    state: _reached_from(state) for state in LEGAL_MOVES
}
"""The states that can follow ``state`` after any number of steps that polls may have missed."""


def is_legal_move(before: NumberState, after: NumberState) -> bool:
    """Whether a path leads from ``before`` to ``after`` (docs/reference/domain.md §1).

    Polls skip states, so a path of several steps is legal. A move from or to ``unknown`` is
    always legal.
    """
    if NumberState.UNKNOWN in (before, after) or before is after:
        return True
    return after in REACHABLE_MOVES[before]


def illegal_moves(
    changes: Mapping[str, tuple[NumberState, NumberState, float]],
) -> dict[str, tuple[NumberState, NumberState, float]]:
    """Returns the changes (number: from, to, when) that the lifecycle does not allow."""
    return {number: change for number, change in changes.items() if not is_legal_move(*change[:2])}


def up_value(state: NumberState, network: NetworkState) -> float:
    """Returns 1 if calls get through, 0 if they cannot, NaN if that is unknown."""
    if network in DEAD_NETWORK_STATES:
        return 0.0
    if state is NumberState.UNKNOWN:
        return float("nan")
    if state not in IN_SERVICE_STATES:
        return 0.0
    return 1.0 if network in (NetworkState.ACTIVE, NetworkState.UNKNOWN) else 0.0


def is_mismatch(state: NumberState, network: NetworkState) -> bool:
    """Whether business and network state contradict each other (docs/reference/domain.md §1).

    They do if a number in service is not active in the network, or if a number that belongs to
    nobody still is. A suspended number may stay active in the network, because many providers
    block it on their own platform.
    """
    if network is NetworkState.UNKNOWN:
        return False
    if state in IN_SERVICE_STATES:
        return network is not NetworkState.ACTIVE
    return state in LIFE_ENDS and network is NetworkState.ACTIVE


def effective_state(state: NumberState, forced: NumberState | None) -> NumberState:
    """Returns the state of a number whose account forces ``forced`` on its numbers.

    A suspended or closed account overrides a number in service; it never lifts a number's own
    suspension (docs/reference/provider-apis.md §5).
    """
    if forced is None or forced in IN_SERVICE_STATES:
        return state
    return forced if state in IN_SERVICE_STATES or state is NumberState.UNKNOWN else state


_UP = np.array([[up_value(state, net) for net in NETWORK_STATES] for state in NUMBER_STATES])
_MISMATCH = np.array(
    [[is_mismatch(state, net) for net in NETWORK_STATES] for state in NUMBER_STATES], dtype=np.bool_
)


def up_column(states: Codes, networks: Codes) -> Floats:
    """:func:`up_value` for whole columns of codes."""
    return np.asarray(_UP[states, networks], dtype=np.float64)


def mismatch_column(states: Codes, networks: Codes) -> Flags:
    """:func:`is_mismatch` for whole columns of codes."""
    return np.asarray(_MISMATCH[states, networks], dtype=np.bool_)


def count_by_state(states: Codes) -> dict[NumberState, int]:
    """Returns how many numbers are in each state; every state has an entry."""
    counts = np.bincount(states, minlength=len(NUMBER_STATES)).tolist()
    return dict(zip(NUMBER_STATES, counts, strict=True))


def state_codes(states: Iterable[NumberState], forced: NumberState | None) -> Codes:
    """Returns the codes of ``states`` after :func:`effective_state`."""
    codes = {state: NUMBER_CODES[effective_state(state, forced)] for state in NUMBER_STATES}
    # A generator, unlike map, lets other threads run between items; so below.
    return np.fromiter((codes[state] for state in states), dtype=np.int8)


def network_codes(states: Iterable[NetworkState]) -> Codes:
    """Returns the codes of ``states``."""
    return np.fromiter((NETWORK_CODES[state] for state in states), dtype=np.int8)
