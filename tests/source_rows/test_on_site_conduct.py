"""A visit is agreed, moved and kept as etiquette asks: the ticket shows whether staff came five to
ten minutes early, whether another hour was agreed two hours ahead, whether they waited for an
absent customer, and the checklist of the change discipline, with what nobody recorded shown as
that."""

from datetime import UTC, datetime, timedelta

from tests.source_rows.hotlines import Hotlines


def test_a_visit_shows_what_was_kept_and_what_was_not(hotlines: Hotlines) -> None:
    hotlines.set("on_site_conduct", {"state": "suspended_violation"})
    key = hotlines.ticket("on_site_conduct")["id"]
    now = datetime.now(UTC)
    hotlines.act(key, "appoint", "agreed", time=(now + timedelta(minutes=90)).isoformat())
    hotlines.act(key, "appoint", "sooner", time=(now + timedelta(minutes=8)).isoformat())
    hotlines.act(key, "absent", "nobody opened", waited="20m")
    hotlines.act(key, "appoint", "they are back", time=(now + timedelta(minutes=7)).isoformat())
    hotlines.act(key, "arrive", "at the door", staff="Li", helpers="Wu")
    hotlines.act(key, "conduct", "as asked", registered="yes", state_known="yes", tested="no")
    hotlines.act(key, "depart", "done")
    first, second = hotlines.json(f"/api/tickets/{key}/visits")["items"]
    states = [{it["name"]: it["state"] for it in visit["checks"]} for visit in (first, second)]
    assert (states[0]["reschedule"], states[0]["wait"]) == ("missed", "kept")
    assert states[1]["arrival"] == "kept"
    assert (states[1]["registered"], states[1]["tested"]) == ("kept", "missed")
    assert states[1]["repaired"] == "unknown"
    assert (second["staff"], second["helpers"]) == ("Li", "Wu")
    assert second["left_at"]
    page = hotlines.page(f"/tickets/{key}", "zh-CN")
    for words in ("上门记录", "未做到", "未记录", "客户不在"):
        assert words in page
