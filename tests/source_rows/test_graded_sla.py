"""Each grade has its promise: AAA is called within 15 minutes and visited within an hour, AA within
30 minutes and two hours, A has no clock unless one is configured. Another grade keeps the time that
has counted; page and interface show the same clocks."""

from tests.source_rows.hotlines import Hotlines


def test_each_grade_has_its_clocks(hotlines: Hotlines) -> None:
    hotlines.set("graded_sla", {"state": "suspended_violation"})
    ticket = hotlines.ticket("graded_sla")
    assert (ticket["grade"], ticket["clocks"]) == ("A", [])
    for grade, promised in (("AAA", (900, 3600, 7200)), ("AA", (1800, 7200, 14400))):
        after = hotlines.act(ticket["id"], "grade", "another contract", grade=grade)
        clocks = {it["name"]: it["allowed_seconds"] for it in after["clocks"]}
        assert tuple(clocks[name] for name in ("contact", "on_site", "restore")) == promised
    page = hotlines.page(f"/tickets/{ticket['id']}", "zh-CN")
    for words in ("联系客户", "到达现场", "30 分钟", "4 小时"):
        assert words in page
