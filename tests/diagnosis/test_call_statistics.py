"""When bad call results are significant, and when chance explains them."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.diagnosis.call_statistics import (
    SIGNIFICANCE,
    binomial_tail,
    find_bad_stretch,
    find_pattern,
    within_window,
)
from agent.model import CallOutcome
from agent.states import CallResult
from tests.account_facts import NOW

GOOD, BAD = CallResult.ANSWERED, CallResult.NETWORK


def records(word: str) -> list[CallOutcome]:
    """One record per letter, the oldest first; ``x`` is bad."""
    return [
        CallOutcome(NOW - 60 + index, BAD if letter == "x" else GOOD)
        for index, letter in enumerate(word)
    ]


def pattern_in(word: str, ordinary: float = 0.02):
    return find_pattern(records(word), {BAD}, ordinary)


@pytest.mark.parametrize("word", ["", ".", "x", "xx", "....x...", "x.......x...", "." * 64])
def test_a_few_bad_calls_are_ordinary(word):
    assert pattern_in(word) is None


@pytest.mark.parametrize(
    ("word", "count", "total"),
    [("xxxxx", 5, 5), ("." * 40 + "xxxxxxxx", 8, 8), ("x.x.x.x.x.x.", 6, 12)],
)
def test_a_run_of_bad_calls_is_not(word, count, total):
    pattern = pattern_in(word)
    assert (pattern.count, pattern.total) == (count, total)
    assert pattern.since == next(
        call.started_at for call in records(word)[-total:] if call.result is BAD
    )


def test_a_fault_that_is_over_is_over():
    assert pattern_in("x" * 20 + "." * 2) is not None
    assert pattern_in("x" * 20 + "." * 6) is None


def test_what_is_ordinary_convicts_less():
    assert pattern_in("xxxxx", 0.02) is not None
    assert pattern_in("xxxxx", 0.1) is None


def test_old_records_say_nothing_of_now():
    old = CallOutcome(NOW - 4000, BAD)
    new = CallOutcome(NOW - 10, BAD)
    assert within_window([old, new], NOW) == [new]


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0.001, 0.999))
def test_the_tail_is_a_probability_and_shrinks(total, count, rate):
    value = binomial_tail(count, total, rate)
    assert -1e-9 <= value <= 1 + 1e-9
    assert binomial_tail(count + 1, total, rate) <= value + 1e-12
    if count == total:
        assert value == pytest.approx(comb(total, count) * rate**count)


@given(st.lists(st.booleans(), max_size=64), st.floats(0.005, 0.5))
def test_a_conviction_is_never_what_chance_explains(bad, ordinary):
    calls = records("".join("x" if it else "." for it in bad))
    pattern = find_bad_stretch(bad, calls, ordinary)
    if pattern is not None:
        assert binomial_tail(pattern.count, pattern.total, ordinary) <= SIGNIFICANCE
        assert pattern.total <= len(bad)
