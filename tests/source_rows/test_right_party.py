"""A fault goes to whoever can mend it: what the provider closed to the provider with whom the
contract is, a phone in arrears to that phone's own carrier or holder, a closed schedule to the
administrator; the answer names the party and the next steps in both languages."""

from tests.source_rows.asking import until_cause
from tests.source_rows.hotlines import Hotlines

ROW = "right_party"
NEVER = [{"days": "mon", "from": "00:00", "to": "00:01"}]


def test_each_fault_names_who_mends_it(hotlines: Hotlines) -> None:
    until_cause(hotlines, ROW, "healthy")
    hotlines.set(ROW, {"routing.schedule": NEVER})
    closed = until_cause(hotlines, ROW, "config_changed")
    assert closed["party"] == "admin"
    hotlines.set(ROW, {"routing.schedule": []})
    for binding in ("b1", "b2"):
        hotlines.set(ROW, {"state": "arrears"}, binding=binding)
    phones = until_cause(hotlines, ROW, "binding_arrears")
    hotlines.set(ROW, {"state": "suspended_violation"})
    suspended = until_cause(hotlines, ROW, "number_suspended_violation")
    page = hotlines.page(f"/numbers/{hotlines.number(ROW)}/diagnosis", "zh-CN")
    assert "服务商" in page
    # So that rows together are no outage of their provider.
    hotlines.set(ROW, {"state": "active"})
    parties = [closed["party"], phones["party"], suspended["party"]]
    assert len(set(parties)) == len(parties)
    assert suspended["party"] == "provider"
    assert all(it["next_steps"] for it in (closed, phones, suspended))
