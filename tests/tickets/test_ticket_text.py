"""What a ticket says, in both languages: what is wrong, whose job, what to tell them."""

import pytest

from agent.model import Alert
from agent.sinks.text import Writer
from agent.states import Scope
from agent.tickets.text import text_of
from agent.tickets.ticket import Subject
from agent.verdict import Verdict

SUBJECT = Subject(Scope.NUMBER, "number_down", "north", "hq", "4006220001")
ALERT = Alert(
    "NumberNotActive",
    {},
    {"summary": "Number 4006220001 is down", "summary_zh": "号码 4006220001 中断"},
    "firing",
    1_795_000_000.0,
    None,
    0.0,
)
VERDICT = Verdict(
    "4006220001",
    "number_suspended_arrears",
    "finance",
    "财务 13800000001",
    0.95,
    None,
    next_steps=("Pay.",),
)
TICKET = {
    "id": "T1",
    "number": "4006220001",
    "company": "示例公司",
    "title": "号码 4006220001 中断",
    "started_at": "2026-11-18T11:06:40.000Z",
    "pattern": "intermittent",
    "sample_callers": ["139****1111"],
    "prompt_heard": "您拨打的电话已停机",
}


@pytest.mark.parametrize(
    ("locale", "fragments"),
    [
        (
            "en",
            (
                "Since 2026-11-18 19:06 (Asia/Shanghai).",
                "whose job: finance",
                "95% sure",
                "Next: Pay.",
            ),
        ),
        ("zh-CN", ("自 2026-11-18 19:06", "欠费", "责任方：财务", "把握 95%")),
    ],
)
def test_the_description_says_since_when_why_and_whose_job(locale, fragments):
    text = text_of(SUBJECT, ALERT, VERDICT, locale, "Asia/Shanghai")
    assert "4006220001" in text.title
    for fragment in fragments:
        assert fragment in text.description
    assert "13800000001" not in text.description
    assert "number_suspended_arrears" not in text.description
    titles = {"en": "Number 4006220001 is down", "zh-CN": "号码 4006220001 中断"}
    assert text.title == titles.pop(locale)
    assert {other: title for other, (title, _about) in text.others.items()} == titles


@pytest.mark.parametrize(
    ("locale", "heading"), [("en", "Tell them: number"), ("zh-CN", "报障内容: 号码")]
)
def test_what_to_tell_the_provider_has_every_field_of_a_report(locale, heading):
    [line] = [it for it in Writer(locale).description(TICKET) if it.startswith(heading)]
    for field in ("4006220001", "示例公司", "139****1111", "已停机", "2026-11-18", "T1"):
        assert field in line


def test_a_fault_of_an_account_has_no_report_of_a_number():
    description = Writer("en").description({**TICKET, "number": ""})
    assert not [line for line in description if line.startswith("Tell them")]
