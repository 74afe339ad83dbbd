"""Baselines survive being written down."""

import pytest

from agent.baselines.baseline import PAGE_PREFIX, Baseline, BaselineBook, approved
from tests.account_facts import B1, B2, ROUTING, make_snapshot, number

FIRST = Baseline(ROUTING, (B1, B2), taken_at=5.0)


def test_pages_bring_back_what_was_put():
    book = BaselineBook()
    book.put("north", "hq", "4006220001", FIRST)
    book.put("north", "hq", "4006220002", FIRST)
    book.put("south", "shop", "4006220001", Baseline(None, (B1,), 6.0, approved=True))
    pages = dict(book.take_unwritten())
    assert sorted(pages) == [
        f"{PAGE_PREFIX}north/hq/4006220",
        f"{PAGE_PREFIX}south/shop/4006220",
    ]
    again = BaselineBook()
    again.restore([*pages.items(), ("rules/state", b"\x00")])
    assert again.get("north", "hq", "4006220002") == FIRST
    assert again.get("south", "shop", "4006220001") == Baseline(None, (B1,), 6.0, approved=True)
    assert again.get("south", "shop", "4006220002") is None
    assert list(again.take_unwritten()) == []


def test_only_changed_pages_are_written_again():
    book = BaselineBook()
    book.put("north", "hq", "4006220001", FIRST)
    book.put("north", "hq", "4007770001", FIRST)
    [first, _second] = list(book.take_unwritten())
    assert list(book.take_unwritten()) == []
    book.mark_unwritten(first[0])
    assert list(book.take_unwritten()) == [first]
    book.put("north", "hq", "4007770001", FIRST)
    assert [name for name, _ in book.take_unwritten()] == [f"{PAGE_PREFIX}north/hq/4007770"]


def test_a_page_that_is_not_ours_is_named():
    with pytest.raises(ValueError, match="baseline/north/hq/4006220 cannot be read"):
        BaselineBook().restore([(f"{PAGE_PREFIX}north/hq/4006220", b"\xc1")])


def test_approving_what_nobody_told_is_an_error():
    snapshot = make_snapshot(number(), bindings={}, routings={})
    with pytest.raises(LookupError, match="4006220001"):
        approved(snapshot, "4006220001", None, 7.0)
