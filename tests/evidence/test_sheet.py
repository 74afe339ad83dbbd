"""The confirmation sheet has what a joint test by test calls showed."""

import html

import pytest
from msgspec.structs import replace

from agent.evidence.sheet import SheetWriter
from agent.tickets.joint_test import JointTest, JointTestCall, JointTestState
from tests.web.facts import NOW
from tests.web.ledger import ticket

PASSED = JointTestCall("telecom-bj", outcome="answered", confidence=0.95, result="passed")
REFUSED = JointTestCall("unicom-tj", refusal="budget")


def sheet(locale: str, *calls: JointTestCall, state: JointTestState) -> str:
    joint = JointTest(1, NOW - 100, "Li", state, ended_at=NOW - 40, calls=calls)
    writer = SheetWriter(locale, "Asia/Shanghai")
    return html.unescape(writer.html(replace(ticket(), joint_test=joint), NOW))


@pytest.mark.parametrize(
    ("locale", "name", "result"),
    [
        ("en", "Joint test", "the other side was heard (certainty 95 %)"),
        ("zh-CN", "联合测试", "telecom-bj：呼叫已应答"),
    ],
)
def test_who_heard_what_stands_on_the_sheet(locale: str, name: str, result: str) -> None:
    shown = sheet(locale, PASSED, state=JointTestState.PASSED)
    assert f"<th>{name}</th>" in shown
    assert result in shown
    undecided = sheet(locale, PASSED, REFUSED, state=JointTestState.UNDECIDED)
    assert "unicom-tj" in undecided
    assert "budget" not in undecided


def test_a_ticket_without_test_calls_has_no_row_for_them() -> None:
    plain = SheetWriter("en", "Asia/Shanghai").html(ticket(), NOW)
    assert "Joint test" not in plain
