"""Equal columns are one array, and a column of one value takes no memory."""

import numpy as np
import pytest

from exporters.equal_columns import shared
from exporters.ones import are_ones, ones, some_of, zeros


def test_equal_columns_are_one_array_that_nobody_writes_to() -> None:
    one, other = np.array([1.0, np.nan]), np.array([1.0, np.nan])
    assert shared(one) is shared(other)
    assert np.array_equal(shared(one), one, equal_nan=True)
    with pytest.raises(ValueError, match="read-only"):
        shared(one)[0] = 2.0


def test_other_kinds_and_other_zeros_are_other_columns() -> None:
    assert shared(np.zeros(8, np.int8)) is not shared(np.zeros(1, np.int64))
    assert np.signbit(shared(np.array([-0.0])))[0]
    assert not np.signbit(shared(np.array([0.0])))[0]


def test_long_columns_and_tables_are_returned_as_they_are() -> None:
    for column in (np.zeros(100_000), np.zeros((2, 2))):
        assert shared(column) is column


def test_some_rows_of_a_constant_are_a_constant() -> None:
    chosen = np.array([True, False, True])
    assert are_ones(some_of(ones(3), chosen))
    assert some_of(zeros(3), np.array([2, 0], np.int32)).tolist() == [0.0, 0.0]
    assert some_of(np.array([1.0, 2.0, 3.0]), chosen).tolist() == [1.0, 3.0]
    assert ones(1_000_000).base is not None
    assert ones(1_000_000).strides == (0,)


def test_no_rows_are_no_ones() -> None:
    assert ones(0).tolist() == []
    assert not are_ones(ones(0))
    assert not are_ones(np.ones(1))
