"""Each capability of the sources has a test, and the page is made from the tests."""

from pathlib import Path

import pytest

from tests.source_rows.page import page, shown
from tests.source_rows.rows import ROWS, Row

_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "coverage.md"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.slug)
def test_each_row_has_a_test_that_says_what_it_shows(row: Row) -> None:
    found = shown(row)
    assert found is not None
    assert found.text
    assert found.tests


def test_there_are_as_many_rows_as_the_sources_have() -> None:
    assert len({row.slug for row in ROWS}) == 42


def test_the_page_is_what_the_tests_say() -> None:
    assert _PAGE.read_text(encoding="utf-8") == page()
