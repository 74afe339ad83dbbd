"""The result of a handling is checked by somebody else, with a reason; what is rejected goes back
to whoever handled it, a closed ticket is reopened for them, and the timeline says who, when and
why. Nobody checks their own work."""

import urllib.error

import pytest

from tests.source_rows.hotlines import Hotlines


def test_a_rejected_result_goes_back_to_its_handler(hotlines: Hotlines) -> None:
    hotlines.set("quality_check", {"state": "suspended_violation"})
    ticket = hotlines.ticket("quality_check")["id"]
    hotlines.act(ticket, "assign", "mine", assignee="Li Wei")
    hotlines.act(ticket, "close", "done", resolution="wont_fix", waiver="agreed by phone")
    path = f"/api/tickets/{ticket}/actions"
    check = {"action": "quality_check", "fields": {"result": "rejected"}, "reason": "not tested"}
    with pytest.raises(urllib.error.HTTPError, match="400"):
        hotlines.post(path, {**check, "actor": "Li Wei"})
    after = hotlines.post(path, {**check, "actor": "Wang Fang"})
    assert (after["stage"], after["assignee"]) == ("reopened", "Li Wei")
    (stored,) = after["quality"]
    assert (stored["result"], stored["checked_by"], stored["handler"]) == (
        "rejected",
        "Wang Fang",
        "Li Wei",
    )
    entry = next(it for it in after["timeline"] if it["event"] == "quality_check")
    assert (entry["actor"], "not tested" in entry["reason"]) == ("Wang Fang", True)
    assert "质检" in hotlines.page(f"/tickets/{ticket}", "zh-CN")
    hotlines.set("quality_check", {"state": "active"})
