"""Columns that follow what changed, and stay the same objects where nothing did."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.checks.carriers import carrier_of
from agent.checks.columns import (
    CHUNK_ROWS,
    MISSING_ROW,
    Alignment,
    chunks,
    float_column,
    look_up,
    take_rows,
    union,
)

NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True)


def rows(*numbers):
    return np.array(numbers, dtype=np.intp)


@given(NAMES, NAMES)
def test_a_row_is_found_where_its_name_was(names, before):
    alignment = Alignment.of(names, before)
    assert alignment.size == len(names)
    former = [alignment.former(row) for row in range(len(names))]
    assert former == [before.index(name) if name in before else MISSING_ROW for name in names]
    assert (alignment.carry is None) == (names == before)


def test_without_a_column_before_every_row_is_new():
    alignment = Alignment.of(["a", "b"], None)
    assert alignment.size == 2
    assert alignment.carry.tolist() == [MISSING_ROW] * 2


@given(NAMES, NAMES, st.data())
def test_changed_rows_are_new_or_hold_another_object(names, before, data):
    objects = {name: object() for name in "abcdefgh"}
    old = [objects[name] for name in before]
    edited = data.draw(st.sets(st.sampled_from("abcdefgh")))
    new = [object() if name in edited else objects[name] for name in names]
    changed = Alignment.of(names, before).changed(new, old)
    assert changed.dtype == np.intp
    assert changed.tolist() == [
        row for row, name in enumerate(names) if name in edited or name not in before
    ]


def test_the_same_column_has_no_changed_rows():
    column = [object()]
    changed = Alignment(1, None).changed(column, column)
    assert (changed.size, changed.dtype) == (0, np.intp)


@given(NAMES, NAMES, st.data())
def test_a_patched_column_is_what_a_new_one_would_be(names, before, data):
    values = st.sampled_from([0.0, 1.0, float("nan")])
    old = {name: data.draw(values) for name in before}
    edited = {
        name: data.draw(values) for name in names if name not in old or data.draw(st.booleans())
    }
    expected = [edited.get(name, old.get(name)) for name in names]
    alignment = Alignment.of(names, before)
    changed = rows(*(row for row, name in enumerate(names) if name in edited))
    fresh = [edited[name] for name in names if name in edited]
    column = np.array(list(old.values()))
    patched = alignment.patch(column, changed, np.array(fresh))
    assert np.array_equal(patched, expected, equal_nan=True)
    assert column.tolist() == pytest.approx(list(old.values()), nan_ok=True)
    texts = list(map(str, old.values()))
    listed = alignment.patch_list(texts, changed, list(map(str, fresh)))
    assert listed == list(map(str, expected))
    assert texts == list(map(str, old.values()))
    if names == before:
        same = np.array_equal(column, expected, equal_nan=True)
        assert (patched is column) == same
        assert (listed is texts) == (texts == listed)


@pytest.mark.parametrize("kind", [np.float64, np.int8, np.bool_])
def test_columns_of_every_kind_stay_the_same_objects(kind):
    old = np.array([0, 1, 1], dtype=kind)
    for changed in (rows(1), rows(0, 1, 2)):
        assert Alignment(3, None).patch(old, changed, old[changed]) is old
    moved = Alignment(3, rows(2, 0, 1))
    assert moved.patch(old, rows(1), old[:1]).tolist() == [1, 0, 1]
    fresh = old.copy()
    assert moved.patch(old, rows(0, 1, 2), fresh) is fresh


def test_moved_lists_are_new_lists():
    moved = Alignment(2, rows(1, 0))
    assert moved.patch_list(["a", "b"], rows(), []) == ["b", "a"]
    assert moved.patch_list(["a", "b"], rows(0, 1), ("c", "d")) == ["c", "d"]
    assert moved.patch_list(["a", "b"], rows(1), ["c"]) == ["b", "c"]


def test_taking_all_rows_takes_the_items_themselves():
    items = ("a", "b", "c")
    assert take_rows(items, rows(0, 1, 2)) is items
    assert take_rows(items, rows(2, 0)) == ["c", "a"]


@pytest.mark.parametrize("size", [0, 1, CHUNK_ROWS - 1, CHUNK_ROWS, 2 * CHUNK_ROWS + 1])
def test_a_column_is_read_in_chunks_without_a_gap(size):
    items = list(range(size))
    pieces = list(chunks(items))
    assert [start for start, _ in pieces] == list(range(0, size, CHUNK_ROWS))
    assert [item for _, piece in pieces for item in piece] == items
    column = float_column(items, lambda item: None if item % 2 else float(item))
    expected = [float("nan") if item % 2 else item for item in items]
    assert np.array_equal(column, expected, equal_nan=True)
    names = list(map(str, items))
    facts = {name: int(name) for name in names[::3]}
    assert look_up(facts, names) == [None if item % 3 else item for item in items]


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_a_union_is_sorted_and_holds_every_row_once(one, other):
    both = union(rows(*sorted(one)), rows(*sorted(other)))
    assert both.tolist() == sorted(one | other)
    assert both.dtype == np.intp


@pytest.mark.parametrize(
    ("number", "reported", "carrier"),
    [
        ("4006220001", "", "unicom"),
        ("4008220001", "", "telecom"),
        ("4001220001", "", "mobile"),
        ("4006220001", "mobile", "mobile"),
        ("4003220001", "", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_the_prefix_fixes_the_carrier_unless_the_provider_reports_one(number, reported, carrier):
    assert carrier_of(number, reported) == carrier
