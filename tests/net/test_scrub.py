import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.net.retry_after import parse_http_date, parse_retry_after
from agent.net.scrub import scrub

ANY = st.text(alphabet=st.characters(exclude_categories=()), max_size=300)
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(ANY, st.integers(1, 250))
def test_nothing_hostile_is_left(text, limit):
    clean = scrub(text, limit)
    assert len(clean) <= limit
    assert not BIDI & set(clean)
    assert not [
        letter for letter in clean if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")
    ]
    clean.encode()


@given(ANY)
def test_scrubbing_twice_changes_nothing(text):
    assert scrub(scrub(text)) == scrub(text)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("欠费停机", "欠费停机"),
        ("a\r\nb\tc", "a b c"),
        ("\x1b[31mred", "[31mred"),
        ("x" * 201, "x" * 199 + "…"),
        ("\ud800x", "x"),
        ("abc\u202edef", "abcdef"),
        ("  spaces stay  ", "  spaces stay  "),
    ],
)
def test_examples(text, clean):
    assert scrub(text) == clean


@given(st.text(max_size=40), st.floats(0, 4e9))
def test_any_retry_after_is_none_or_within_an_hour(text, now):
    wait = parse_retry_after(text, now)
    assert wait is None or 0 <= wait <= 3600


def test_dates():
    assert parse_http_date("Sun, 01 Mar 2026 00:00:00 GMT") == 1_772_323_200
    assert parse_http_date("x" * 10**6) is None
    assert parse_http_date(None) is None
