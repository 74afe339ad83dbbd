"""Durations and scalars, whatever the text."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.yamlfile.duration import duration_text, parse_duration
from agent.yamlfile.reader import parse_yaml, scalar

_OTHERS = st.none() | st.booleans() | st.integers() | st.floats()


@given(seconds=st.integers(0, 10**11).map(lambda milliseconds: milliseconds / 1000))
def test_a_duration_is_read_back_from_its_text(seconds: float) -> None:
    assert parse_duration(duration_text(seconds)) == pytest.approx(seconds, abs=1e-6)


@given(written=st.text(max_size=10) | st.text("0123456789.smhdw -+e", max_size=8) | _OTHERS)
def test_a_duration_is_never_negative_endless_or_of_another_kind(written: object) -> None:
    with suppress(ValueError):
        assert 0 <= parse_duration(written) <= 10 * 366 * 86400


@given(text=st.text(max_size=20))
def test_a_quoted_scalar_is_always_its_text(text: str) -> None:
    assert scalar(text, plain=False) == text


@given(whole=st.integers(-(10**17), 10**17), decimal=st.floats(0.001, 1e6))
def test_a_plain_number_is_a_number(whole: int, decimal: float) -> None:
    assert scalar(str(whole), plain=True) == whole
    assert scalar(f"{decimal:.6f}", plain=True) == float(f"{decimal:.6f}")


@pytest.mark.parametrize(
    ("content", "path"),
    [(rb'a: "x\ud800"', ("a",)), (rb'{"\udfff": 1}', ()), (rb'a: ["b", "\U0000d83d"]', ("a", 1))],
)
def test_half_of_a_character_is_no_text(content: bytes, path: tuple[str | int, ...]) -> None:
    (problem,) = parse_yaml(content).problems
    assert problem.path == path
    assert "half of a character" in problem.text


def test_a_whole_character_written_as_an_escape_is_text() -> None:
    assert parse_yaml(rb'a: "\U0001f600\u4e2d"').data == {"a": "😀中"}
