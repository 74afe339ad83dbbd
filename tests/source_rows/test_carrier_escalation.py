"""A fault that is the base carrier's is passed on with its number at the provider, told to the
ticket desk as an escalation, and followed up: the queue says that it waits for the carrier and for
how long nothing moved."""

from tests.source_rows.hotlines import Hotlines


def test_a_fault_is_passed_to_the_carrier_and_followed_up(hotlines: Hotlines) -> None:
    hotlines.set("carrier_escalation", {"state": "suspended_violation"})
    key = hotlines.ticket("carrier_escalation")["id"]
    hotlines.act(key, "provider_ticket", "accepted there", provider_ticket="CU-17")
    passed = hotlines.act(key, "escalate", "the trunk is the carrier's")
    assert (passed["stage"], passed["provider_ticket"]) == ("carrier_escalated", "CU-17")
    (row,) = [it for it in hotlines.json("/api/dispatch")["items"] if it["id"] == key]
    assert (row["waits_for"], row["stalled"]) == ("carrier", False)
    assert 0 <= row["unmoved_seconds"] < 600
    hotlines.until(
        lambda: [
            it for it in hotlines.desk() if it["id"] == key and it["stage"] == "carrier_escalated"
        ],
        "the desk is told",
    )
    assert "基础运营商" in hotlines.page("/dispatch", "zh-CN")
    back = hotlines.act(key, "diagnose", "the carrier says it is not theirs")
    assert back["stage"] == "diagnosing"
