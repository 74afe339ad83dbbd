"""The timeline in the reader's language: every sentence that the agent writes is known."""

import re

import pytest

from agent.probing.book import Refusal
from agent.probing.outcome import CallOutcome
from agent.testcalls.joint_test_words import CANNOT_CALL, call_text
from agent.tickets.actions.action import TicketAction
from agent.tickets.changes import AGENT
from agent.tickets.joint_test import JointTestCall
from agent.tickets.members import MemberSlice
from agent.tickets.ticket import Entry
from agent.tickets.transitions import _EVENTS
from agent.web.pages.ticket_view import MOST_ENTRIES, ticket_view
from agent.web.pages.timeline import event_text, reason_text, timeline_rows
from agent.web.texts import PageTexts
from tests.tickets.decide.test_reasons_of_facts import CASES
from tests.web.facts import NOW
from tests.web.ledger import ticket

ENGLISH, CHINESE = PageTexts("en"), PageTexts("zh-CN")
_WORDS = re.compile(r"(?<![A-Za-z/])[a-z]{2,} [a-z]{2,}")
"""Two English words in a row: a sentence that was not translated."""
_CODE = re.compile(r"[a-z]+_[a-z]+")
"""A code with an underscore."""

REASONS = (
    "number_suspended_arrears, for finance, confidence 0.95",
    "binding_off, for holder; before: no diagnosis",
    "NumberDown fires; the last episode, NW-1, ended 40 s ago",
    "NumberDown, BindingDown fires",
    "NumberDown fires for it, explained by balance of the account",
    "explained by number_down of the account",
    "raised from warning to critical: NumberDown",
    "4006220001 is active; seen in 3 polls and held for 300 s",
    "4006220001 is active; seen in 3 polls and held for 300 s, after coming back 2 times",
    "a phone behind 4006220001 can be reached, seen in 2 polls; held for 300 s",
    "4006220001, 4006220002 and 3 more: restored: 4006220001 is active",
    "data stopped coming, the ticket stays open: no fresh numbers, routing of north/hq",
    "4006220001 is no longer listed at north/hq; closed in 300 s unless it comes back",
    "4006220001 is no longer listed at north/hq, for 301 s",
    "contact (AAA, 15m) was due 2026-11-22T09:30+08:00, 5m late; notify finance (财务)",
    "restore (AA): 80 % of 4h used, 48m left, due 2026-11-22T09:30+08:00",
    "the number is now of grade AAA, it was standard",
    "a severe fault: 3 callers complained, and it goes on; notify admin",
    "3 numbers share a cause: NumberDown",
    "came back while held: NumberDown fires",
    "4006220001 moved from north/hq to south/hq; ticket SP-1 is north's",
    "4006220001 by 139****1111 (hotline), who heard “您拨打的电话正忙”, and 2 more",
    "nobody objected within 1d of the restoration",
    "every test call got through: telecom-bj answered (0.95), unicom.tj answered (0.98)",
    "a test call did not get through: telecom-bj no_answer (0.90), unicom.tj answered (0.95)",
    "the test calls decide nothing, a person is to test: tj busy (0.90, not judged)",
    "the test calls decide nothing, a person is to test: a.b not called: budget, c busy (0.90)",
    "test calls wait: phone_busy",
    "Li closed it as won't_fix 40 s ago, and NumberDown fires still",
)


@pytest.mark.parametrize("reason", [*REASONS, *(case[-1] for case in CASES.values())])
def test_every_reason_is_chinese_for_chinese_readers(reason):
    shown = reason_text(reason, CHINESE)
    assert shown != reason
    assert not _WORDS.search(shown), shown
    assert reason_text(reason, ENGLISH).strip()


@pytest.mark.parametrize("refusal", [*Refusal, CANNOT_CALL])
def test_no_code_of_a_refusal_stands_in_a_timeline(refusal: str) -> None:
    part = JointTestCall("telecom-bj", refusal=refusal)
    for texts in (ENGLISH, CHINESE):
        waits = reason_text(f"test calls wait: {refusal}", texts)
        ended = f"the test calls decide nothing, a person is to test: {part.words}"
        assert "telecom-bj" in reason_text(ended, texts)
        assert not _CODE.search(waits + reason_text(ended, texts)), waits
    assert not _WORDS.search(waits), waits


@pytest.mark.parametrize("outcome", CallOutcome)
@pytest.mark.parametrize("result", ["passed", "failed", "not_judged"])
def test_what_each_caller_heard_is_said_in_words(outcome: CallOutcome, result: str) -> None:
    part = JointTestCall("telecom-bj", outcome=outcome, confidence=0.9, result=result)
    both = f"{part.words}, {JointTestCall('other', outcome='answered', confidence=1).words}"
    shown = reason_text(f"a test call did not get through: {both}", CHINESE)
    assert not _CODE.search(shown), shown
    assert not re.search(r"[a-z]{3,}", shown.replace("telecom-bj", "").replace("other", "")), shown
    assert shown.count("对方") >= 1
    assert call_text(part).text("zh-CN") in shown


def test_parts_that_nobody_knows_stay_as_they_are() -> None:
    shown = reason_text("every test call got through: someone sang (loudly)", CHINESE)
    assert "someone sang (loudly)" in shown


@pytest.mark.parametrize("reason", ["on it", "已联系客户 (稍后再打)", "it is off", "a; b"])
def test_what_a_person_wrote_stays_as_it_was_written(reason):
    assert reason_text(reason, CHINESE, is_agent=False) == reason


def test_what_the_agent_writes_for_a_ticket_system_is_translated():
    noted = "moved to Done by bob; not followed here: needs confirmed_or_waived"
    shown = reason_text(noted, CHINESE, is_agent=False, is_system=True)
    assert "bob" in shown
    assert "moved to" not in shown
    callback = "Done is done by bob"
    assert reason_text(callback, CHINESE, is_agent=False, is_system=True) == callback


def test_the_fields_behind_a_persons_reason_have_their_labels():
    shown = reason_text(
        "done (cause customer_lan, outcome restored, staff Wang)", CHINESE, is_agent=False
    )
    assert shown.startswith("done (")
    assert "customer_lan" not in shown
    assert "Wang" in shown


def test_every_event_of_the_agent_has_a_label():
    for event in {*_EVENTS.values(), "opened", "diagnosed", "complaint_heard"} - {""}:
        assert event_text(event, CHINESE, is_agent=True) != event.replace("_", " "), event
    assert event_text("no_such_event", CHINESE, is_agent=True) == "no such event"


def test_a_ticket_system_is_named_as_one():
    entry = Entry(0.0, "ticket-system:jira", "comment", "ok")
    (row,) = timeline_rows([entry], ENGLISH)
    assert (row.actor, row.is_system) == ("jira (ticket system)", True)


def test_a_hostile_reason_costs_no_time_and_changes_nothing():
    hostile = "; ".join(["a is b (c d)"] * 160)
    assert len(reason_text(hostile, CHINESE)) >= len(hostile) // 2
    assert reason_text("x" * 100_000, CHINESE) == "x" * 100_000


def test_of_a_long_timeline_only_what_is_shown_is_translated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    translated: list[str] = []

    def counted(reason: str, texts: PageTexts, **kind: bool) -> str:
        translated.append(reason)
        return reason_text(reason, texts, **kind)

    monkeypatch.setattr("agent.web.pages.timeline.reason_text", counted)
    comment = Entry(NOW - 9000, "Li", TicketAction.COMMENT, "seen on site")
    system = Entry(NOW - 8999, "ticket-system:desk", "linked", "NW-7")
    joins = [Entry(NOW - 8000 + it, AGENT, "members", f"{it} joined") for it in range(2000)]
    entries = (comment, system, *joins)
    view = ticket_view(ticket(timeline=entries), MemberSlice((), 0, 0), ENGLISH, NOW, 0)
    assert [it.reason for it in view.timeline] == [
        it.reason for it in joins[: -1 - MOST_ENTRIES : -1]
    ]
    assert (view.entries_total, len(view.timeline)) == (2002, MOST_ENTRIES)
    assert [it.reason for it in view.comments] == ["NW-7", "seen on site"]
    assert len(translated) == MOST_ENTRIES + 2
