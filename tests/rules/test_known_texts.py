"""Lists of texts that several tables have are looked up once, and each text has one code.

Negative control: with nothing known, every table looks its texts up again.
"""

from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.promql.symbols import Codes, KnownTexts, Symbols
from exporters.label_column import LabelColumn

TEXTS = ("", "4006220001", "4006220002", "north", "active", "frozen", "x")
lists = st.lists(st.sampled_from(TEXTS), max_size=6)


class Counted(Symbols):
    """Counts the texts that are looked up."""

    looked_up = 0

    def _encode_texts(self, values: Iterator[str], count: int) -> Codes:
        self.looked_up += count
        return super()._encode_texts(values, count)


@st.composite
def columns_of(draw: st.DrawFn) -> list[LabelColumn | list[str]]:
    """Columns of few lists, plain or with words, so that many have a list in common."""
    shared = draw(st.lists(lists, min_size=1, max_size=3))
    made: list[LabelColumn | list[str]] = []
    for _ in range(draw(st.integers(1, 5))):
        words = shared[draw(st.integers(0, len(shared) - 1))]
        if not words or draw(st.booleans()):
            made.append(words)
            continue
        places = st.lists(st.integers(0, len(words) - 1), max_size=5)
        made.append(LabelColumn(words, np.array(draw(places), np.int32)))
    return made


@given(st.lists(columns_of(), min_size=1, max_size=4), st.booleans())
def test_every_row_has_the_code_of_its_text(
    tables: list[list[LabelColumn | list[str]]], is_known: bool
) -> None:
    symbols, known = Symbols(), KnownTexts()
    for columns in tables:
        codes = symbols.encode_all(columns, known if is_known else KnownTexts())
        assert symbols.decode(codes) == [text for column in columns for text in column]
    used = {text for columns in tables for column in columns for text in column}
    assert set(symbols.texts) == used | {""}, "a word without a row is no text of a series"


def looked_up_by_two_tables(known: KnownTexts, other: KnownTexts) -> list[int]:
    symbols, numbers = Counted(), ["4006220001", "4006220002"]
    counts = []
    for column, texts in (
        (numbers, known),
        (LabelColumn(numbers, np.array([0, 0, 1], np.int32)), other),
    ):
        symbols.looked_up = 0
        symbols.encode_all([column], texts)
        counts.append(symbols.looked_up)
    return counts


def test_what_one_table_looked_up_no_other_does_again() -> None:
    known = KnownTexts()
    assert looked_up_by_two_tables(known, known) == [2, 0]


def test_looking_up_again_would_be_noticed() -> None:
    assert looked_up_by_two_tables(KnownTexts(), KnownTexts()) == [2, 2]
