"""Faults are of twelve categories, named in both languages; a bound phone in arrears is one of the
bound phones, by the cause that the diagnosis found.

Not shown: the words of the sources' own catalogue, which the notes on them do not repeat."""

from typing import Any

from tests.source_rows.hotlines import Hotlines


def _categories(hotlines: Hotlines) -> dict[str, int]:
    found: dict[str, Any] = hotlines.json("/api/reports/statistics")
    return {row["name"]: int(row["faults"]) for row in found["categories"]}


def test_a_fault_gets_one_of_twelve_categories(hotlines: Hotlines) -> None:
    before = _categories(hotlines)
    assert len(before) == 12
    hotlines.set("fault_catalogue", {"state": "arrears"}, binding="b1")
    hotlines.ticket("fault_catalogue")
    hotlines.until(
        lambda: _categories(hotlines)["bound_phone"] > before["bound_phone"],
        "the phone's fault is counted",
    )
    for lang, words in (
        ("en", ("state of the number", "bound phone", "voice quality", "not found out")),
        ("zh-CN", ("号码状态", "绑定号码", "通话质量", "原因未查明")),
    ):
        page = hotlines.page("/reports", lang)
        assert all(word in page for word in words)
    hotlines.set("fault_catalogue", {"state": "ok"}, binding="b1")
