"""A fault is reported with the number, the registered company, the symptom, when it began, whether
it is always there, callers that fail, what they hear, and whom to call back. The report is
acknowledged with where its progress is shown, has its ticket, and shows every field there."""

from tests.source_rows.asking import send_signed
from tests.source_rows.hotlines import Hotlines

ROW = "fault_report"


def test_a_report_keeps_its_fields_and_is_acknowledged(hotlines: Hotlines) -> None:
    report = {
        "kind": "fault_report",
        "number": hotlines.number(ROW),
        "company": "示例公司",
        "symptom": "no_connection",
        "pattern": "intermittent",
        "prompt": "您拨打的号码是空号",
        "content": "since this morning",
        "callers": ["13900001111", "02288881111"],
        "contact": "Zhang San",
        "channel": "web",
    }
    answer = send_signed(hotlines, "/hooks/complaints", report)
    assert answer["id"]
    ticket = hotlines.ticket(ROW)
    (kept,) = ticket["complaints"]
    assert (kept["id"], kept["kind"]) == (answer["id"], "fault_report")
    assert (kept["company"], kept["symptom"]) == ("示例公司", "no_connection")
    assert (kept["prompt_heard"], kept["contact"]) == (report["prompt"], "Zhang San")
    assert ticket["pattern"] == "intermittent"
    assert len(kept["callers"]) == 2
    assert not set(kept["callers"]) & set(report["callers"])
    for lang in ("en", "zh-CN"):
        assert report["prompt"] in hotlines.page(f"/tickets/{ticket['id']}", lang)
        assert "示例公司" in hotlines.page(f"/complaints/{answer['id']}", lang)
