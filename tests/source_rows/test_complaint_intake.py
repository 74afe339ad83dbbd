"""A complaint is taken in with its fields, registered under an id, verified, solved and answered;
each step is done once, by somebody, with what they say filed with it, and all is on its page in
both languages."""

import urllib.error

import pytest

from tests.source_rows.asking import send_signed
from tests.source_rows.hotlines import Hotlines


def test_a_complaint_goes_from_intake_to_the_answer(hotlines: Hotlines) -> None:
    sent = {
        "number": hotlines.number("complaint_intake"),
        "caller": "13922220001",
        "prompt": "您拨打的电话正忙",
        "channel": "hotline",
        "content": "三次都打不通",
        "reference": "C-2001",
        "handler": "Li Wei",
    }
    taken = send_signed(hotlines, "/hooks/complaints", sent)
    assert taken["taken"]
    assert not send_signed(hotlines, "/hooks/complaints", sent)["taken"]
    path = f"/api/complaints/{taken['id']}"
    stored = hotlines.json(path)
    assert (stored["reference"], stored["channel"], stored["handler"]) == (
        "C-2001",
        "hotline",
        "Li Wei",
    )
    assert "13922220001" not in str(stored)
    owed = [it["step"] for it in stored["deadlines"]]
    assert owed == ["reply", "verify", "solve"]
    for step in owed:
        act = {"action": step, "actor": "Li Wei", "text": f"{step} is done"}
        after = hotlines.post(f"{path}/actions", act)
        with pytest.raises(urllib.error.HTTPError, match="409"):
            hotlines.post(f"{path}/actions", act)
    assert all(it["done_at"] for it in after["deadlines"])
    assert [it["event"] for it in after["filed"]] == owed
    assert all(it["actor"] == "Li Wei" for it in after["filed"])
    assert "三次都打不通" in hotlines.page(f"/complaints/{taken['id']}", "zh-CN")
    assert "C-2001" in hotlines.page(f"/complaints/{taken['id']}", "en")
