"""States, moves between them, and what they say about service."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.checks.lifecycle import (
    LEGAL_MOVES,
    LIFE_ENDS,
    NETWORK_CODES,
    NUMBER_CODES,
    effective_state,
    illegal_moves,
    is_legal_move,
    is_mismatch,
    mismatch_column,
    up_column,
    up_value,
)
from agent.states import IN_SERVICE_STATES, NetworkState, NumberState

states = st.sampled_from(NumberState)
networks = st.sampled_from(NetworkState)
known = st.sampled_from([state for state in NumberState if state is not NumberState.UNKNOWN])


@pytest.mark.parametrize(
    "move",
    [
        "active suspended_arrears",
        "active low_balance",
        "low_balance active",
        "active reclaimed",  # arrears in between were not polled
        "review active",
        "suspended_violation low_balance",
        "reclaimed idle",
        "idle active",
        "review idle",
        "unknown reclaimed",
        "reclaimed unknown",
    ],
)
def test_a_move_with_a_path_is_legal(move):
    assert is_legal_move(*map(NumberState, move.split()))


@pytest.mark.parametrize(
    "move",
    [
        "reclaimed active",
        "cancelled active",
        "active idle",
        "reclaimed low_balance",
        "active review",
        "active preoccupied",
        "suspended_arrears open_unfunded",
        "cancelled reclaimed",
    ],
)
def test_a_move_without_a_path_is_illegal(move):
    assert not is_legal_move(*map(NumberState, move.split()))


@given(st.lists(known, min_size=2, max_size=12))
def test_following_single_legal_steps_never_alarms_within_one_life(path):
    walked = [path[0]]
    for wanted in path[1:]:
        steps = LEGAL_MOVES[walked[-1]]
        following = wanted if wanted in steps else min(steps)
        walked.append(following)
    for start in range(len(walked)):
        for end in range(start + 1, len(walked)):
            between = walked[start + 1 : end]
            if not LIFE_ENDS.intersection(between):
                assert is_legal_move(walked[start], walked[end])


@given(known, known)
def test_a_path_never_leads_through_the_end_of_a_life(before, after):
    if before in {NumberState.RECLAIMED, NumberState.CANCELLED} and before is not after:
        assert is_legal_move(before, after) == (after is NumberState.IDLE)


def test_illegal_moves_are_told_with_when():
    moves = {
        "4006220001": (NumberState.RECLAIMED, NumberState.ACTIVE, 5.0),
        "4006220002": (NumberState.ACTIVE, NumberState.EXPIRED, 6.0),
    }
    assert illegal_moves(moves) == {"4006220001": moves["4006220001"]}


@given(states, networks)
def test_up_is_never_said_of_what_is_not_in_service(state, network):
    up = up_value(state, network)
    if up == 1.0:
        assert state in IN_SERVICE_STATES
        assert network in {NetworkState.ACTIVE, NetworkState.UNKNOWN}
    if state is NumberState.UNKNOWN and network in {NetworkState.ACTIVE, NetworkState.UNKNOWN}:
        assert math.isnan(up)


@given(st.lists(st.tuples(states, networks), min_size=1, max_size=30))
def test_columns_say_what_the_single_functions_say(pairs):
    codes = np.array([NUMBER_CODES[state] for state, _ in pairs], dtype=np.int8)
    nets = np.array([NETWORK_CODES[network] for _, network in pairs], dtype=np.int8)
    assert np.array_equal(
        up_column(codes, nets), [up_value(*pair) for pair in pairs], equal_nan=True
    )
    assert mismatch_column(codes, nets).tolist() == [is_mismatch(*pair) for pair in pairs]


@pytest.mark.parametrize(
    ("state", "network", "expected"),
    [
        ("active", "active", False),
        ("active", "unknown", False),
        ("active", "deactivated", True),
        ("low_balance", "loaded", True),
        ("cancelled", "active", True),
        ("suspended_arrears", "active", False),
        ("unknown", "deleted", False),
    ],
)
def test_mismatch_is_a_contradiction_not_a_gap(state, network, expected):
    assert is_mismatch(NumberState(state), NetworkState(network)) is expected


@pytest.mark.parametrize(
    ("state", "forced", "expected"),
    [
        ("active", None, "active"),
        ("active", "active", "active"),
        ("active", "suspended_arrears", "suspended_arrears"),
        ("unknown", "suspended_arrears", "suspended_arrears"),
        ("reclaimed", "suspended_arrears", "reclaimed"),
        ("active", "unknown", "unknown"),
    ],
)
def test_an_account_overrides_what_would_be_in_service(state, forced, expected):
    forced_state = None if forced is None else NumberState(forced)
    assert effective_state(NumberState(state), forced_state) == expected
