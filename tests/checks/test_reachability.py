"""How many phones of a number can be reached."""

import numpy as np
import pytest

from agent.checks.columns import Alignment
from agent.checks.phone_columns import PhoneColumns, binding_labels, read_phones
from agent.checks.reachability import (
    BINDING_CODES,
    BINDING_STATES,
    binding_codes,
    reachable_column,
    reachable_counts,
    reachable_value,
)
from agent.model import Binding
from agent.states import REACHABLE_STATES, BindingState
from tests.account_facts import B1, B2, rebound

NAN = float("nan")
UNKNOWN = rebound(B1, "unknown")


@pytest.mark.parametrize("state", BindingState)
def test_a_state_says_whether_a_phone_can_be_reached(state):
    expected = NAN if state is BindingState.UNKNOWN else float(state in REACHABLE_STATES)
    assert np.array_equal([reachable_value(state)], [expected], equal_nan=True)
    codes = binding_codes([state, BindingState.OK])
    assert codes.dtype == np.int8
    assert codes.tolist() == [BINDING_CODES[state], BINDING_CODES[BindingState.OK]]
    assert BINDING_STATES[codes[0]] is state
    assert np.array_equal(reachable_column(codes), [expected, 1.0], equal_nan=True)
    assert reachable_column(codes).dtype == np.float64


def test_phones_are_counted_by_number_and_one_unknown_makes_the_count_unknown():
    codes = binding_codes(map(BindingState, ("ok", "off", "busy", "ok", "unknown", "arrears")))
    counts = np.array([2, 0, NAN, 1, 2, 1])
    found = reachable_counts(codes, counts)
    assert np.array_equal(found, [1, 0, NAN, 1, NAN, 0], equal_nan=True)


def columns(*bound):
    return read_phones(list(bound))


def test_phones_lie_side_by_side_and_are_found_by_label():
    phones = columns((B1, rebound(B2, "off")), None, (), (UNKNOWN,))
    assert phones.starts.tolist() == [0, 2, 2, 2, 3]
    assert phones.labels == [("b1", "b2"), (), (), ("b1",)]
    assert np.array_equal(phones.counts, [2, NAN, 0, 1], equal_nan=True)
    assert np.array_equal(phones.reachable, [1, NAN, 0, NAN], equal_nan=True)
    assert phones.state_of(0, "b2") is BindingState.OFF
    assert phones.state_of(0, "b9") is None
    assert phones.state_of(1, "b1") is None
    assert phones.states_of(0) == {"b1": BindingState.OK, "b2": BindingState.OFF}
    assert phones.states_of(2) == {}
    assert phones.states_of(3) == {"b1": BindingState.UNKNOWN}
    assert phones.label_columns(["n0", "n1", "n2", "n3"]) == (
        ["n0", "n0", "n3"],
        ["b1", "b2", "b1"],
    )


def follow(before: PhoneColumns, *bound, moved=None):
    alignment = Alignment(len(bound), moved)
    changed = alignment.changed(bound, before.bound)
    return before.follow(list(bound), alignment, changed)


def same(one: PhoneColumns, other: PhoneColumns) -> bool:
    arrays = ("counts", "starts", "states", "reachable")
    return (
        one.bound == other.bound
        and one.labels == other.labels
        and all(
            np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
            for name in arrays
        )
    )


@pytest.mark.parametrize(
    "after",
    [
        ((B1, B2), (B1,)),
        ((B1, rebound(B2, "off")), (B1,)),
        ((B1, B2), (UNKNOWN,)),
        ((B1, B2), None),
        ((B1, B2), ()),
        ((B2, B1), (B1,)),
        ((B1,), (B1, B2)),
        (None, None),
        ((rebound(B1, "off"), rebound(B2, "off")), (rebound(B1, "off"),)),
    ],
)
def test_phones_that_follow_are_what_new_ones_would_be(after):
    before = columns((B1, B2), (B1,))
    assert same(follow(before, *after), columns(*after))
    unknown = columns(None, ())
    assert same(follow(unknown, *after), columns(*after))


def test_only_what_changed_is_made_anew():
    both, one = (B1, B2), (B1,)
    before = columns(both, one)
    assert follow(before, both, one) is before
    busy = follow(before, both, (rebound(B1, "busy"),))
    assert busy.labels is before.labels
    assert busy.starts is before.starts
    assert busy.states is not before.states
    assert busy.reachable is before.reachable
    off = follow(before, both, (rebound(B1, "off"),))
    assert off.reachable.tolist() == [2, 0]
    renamed = follow(before, both, (Binding("b1", "13900000009", state=BindingState.OK),))
    assert renamed.states is before.states
    assert renamed.reachable is before.reachable


def test_numbers_that_moved_take_their_phones_along():
    both, one = (B1, B2), (B1,)
    moved = follow(columns(both, one), one, both, moved=np.array([1, 0]))
    assert same(moved, columns(one, both))


@pytest.mark.parametrize(
    ("phones", "labels"),
    [
        ([("123456", "123456")], ("123456",)),
        ([("1234567", "1234567")], ("****567",)),
        ([("1234567", "x")], ("****567",)),
        ([("02287654321", "x")], ("022****4321",)),
        ([("a", ""), ("a", ""), ("a", "")], ("a", "a#2", "a#3")),
        ([("a", ""), ("a#2", ""), ("a", "")], ("a", "a#2", "a#3")),
        ([], ()),
    ],
)
def test_labels_are_short_ids_or_masked_phones(phones, labels):
    assert binding_labels([Binding(name, phone) for name, phone in phones]) == labels
