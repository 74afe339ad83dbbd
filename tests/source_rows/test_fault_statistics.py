"""The table of fault statistics of a month has the fault in its category, provider, carrier and
grade, on the page in both languages and as CSV; the list of single faults has a row for it with
the columns of the sources' form."""

import csv
import io
from typing import Any

from tests.source_rows.hotlines import Hotlines


def _faults(hotlines: Hotlines, category: str) -> int:
    found: dict[str, Any] = hotlines.json("/api/reports/statistics")
    rows = {row["name"]: row["faults"] for row in found["categories"]}
    return int(rows[category])


def test_a_fault_is_in_the_statistics_of_its_month(hotlines: Hotlines) -> None:
    before = _faults(hotlines, "account")
    hotlines.set("fault_statistics", {"state": "suspended_arrears"})
    ticket = hotlines.ticket("fault_statistics")
    hotlines.until(lambda: _faults(hotlines, "account") > before, "the fault is counted")
    found = hotlines.json("/api/reports/statistics")
    assert found["all"]["faults"] == sum(row["faults"] for row in found["categories"])
    assert {row["name"] for row in found["providers"]} >= {"north"}
    for lang, words in (
        ("en", ("By category", "account and money", "By base carrier", "China Unicom")),
        ("zh-CN", ("按故障类别", "账户与费用", "按基础运营商", "中国联通")),
    ):
        page = hotlines.page("/reports", lang)
        assert all(word in page for word in words)
    table = hotlines.agent.get("/api/reports/statistics?format=csv&lang=zh-CN").decode("utf-8-sig")
    assert "账户与费用" in table
    rows = list(csv.reader(io.StringIO(hotlines.agent.get("/api/statistics.csv").decode())))
    assert len(rows[0]) == 20
    assert ticket["id"] in {row[1] for row in rows}
    hotlines.set("fault_statistics", {"state": "active"})
