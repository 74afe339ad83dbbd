"""How a ticket was handled has a score from its clocks, reopenings, survey and quality check, by
provider, responsible party and person; a ticket whose responsibility is unclear has none, and the
report says so in both languages."""

from typing import Any

from tests.source_rows.hotlines import Hotlines


def _scores(hotlines: Hotlines) -> dict[str, Any]:
    return dict(hotlines.json("/api/reports/scores"))


def test_a_handled_ticket_is_scored(hotlines: Hotlines) -> None:
    hotlines.set("handling_score", {"state": "suspended_violation"})
    ticket = hotlines.ticket("handling_score")["id"]
    hotlines.act(ticket, "assign", "hers", assignee="Zhang Min")
    hotlines.act(ticket, "contact", "called")
    hotlines.act(ticket, "quality_check", "well written", result="passed")
    hotlines.act(ticket, "close", "agreed", resolution="wont_fix", waiver="agreed by phone")
    found = _scores(hotlines)
    (score,) = [row for row in found["tickets"] if row["ticket"] == ticket]
    assert score["person"] == "Zhang Min"
    assert score["party"] == "provider"
    assert score["parts"]["quality"] == 100
    assert 0 <= score["score"] <= 100
    assert "Zhang Min" in {row["name"] for row in found["people"]}
    for lang, words in (("en", "Handling scores"), ("zh-CN", "处理评分")):
        assert words in hotlines.page("/reports/scores", lang)

    hotlines.act(ticket, "reopen", "looked at again")
    hotlines.act(ticket, "attribute", "nobody can say", responsible="unclear")
    hotlines.act(ticket, "close", "agreed", resolution="wont_fix", waiver="agreed by phone")
    found = _scores(hotlines)
    assert ticket not in {row["ticket"] for row in found["tickets"]}
    assert found["not_scored"]["unclear"] >= 1
    assert "责任不明" in hotlines.page("/reports/scores", "zh-CN")
    hotlines.set("handling_score", {"state": "active"})
