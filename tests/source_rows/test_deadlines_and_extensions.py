"""Each step of a complaint is due at the end of a working day; an extension moves it by working
days, needs an explanation, and is filed with the complaint."""

import urllib.error
from datetime import datetime
from typing import Any

import pytest

from tests.source_rows.asking import send_signed
from tests.source_rows.hotlines import Hotlines


def _due(complaint: dict[str, Any]) -> dict[str, datetime]:
    return {it["step"]: datetime.fromisoformat(it["due"]) for it in complaint["deadlines"]}


def test_a_deadline_is_extended_with_an_explanation(hotlines: Hotlines) -> None:
    number = hotlines.number("deadlines_and_extensions")
    taken = send_signed(hotlines, "/hooks/complaints", {"number": number, "caller": "13922220002"})
    path = f"/api/complaints/{taken['id']}"
    before = {
        it["step"]: datetime.fromisoformat(it["due"]) for it in hotlines.json(path)["deadlines"]
    }
    assert before["reply"] < before["verify"] < before["solve"]
    act = {
        "action": "extend",
        "actor": "Li Wei",
        "text": "the carrier answers on Monday",
        "fields": {"step": "verify", "working_days": "5"},
    }
    with pytest.raises(urllib.error.HTTPError, match="409"):
        hotlines.post(f"{path}/actions", {**act, "text": ""})
    after = hotlines.post(f"{path}/actions", act)
    due = _due(after)
    assert (due["verify"] - before["verify"]).days >= 5
    assert due["reply"] == before["reply"]
    (filed,) = after["filed"]
    assert (filed["event"], filed["text"]) == ("extend", "the carrier answers on Monday")
