"""A number's way from low balance over the stop to the reclaim is shown as what it is, and what
takes it out of service has a ticket that names the money.

Not shown: a number that was reserved and never in service, which is ``not_opened``
(docs/health.md); the hotlines of these tests are all in service at first."""

from tests.source_rows.hotlines import Hotlines

ROW = "pre_occupation_to_reclaim"


def test_low_balance_stop_renewal_and_reclaim_are_told_apart(hotlines: Hotlines) -> None:
    number = hotlines.number(ROW)

    def is_shown(state: str, health: str) -> bool:
        shown = hotlines.json(f"/api/numbers/{number}")
        return (shown["state"], shown["health"]) == (state, health)

    hotlines.set(ROW, {"state": "low_balance"})
    hotlines.until(lambda: is_shown("low_balance", "degraded"), "the balance is low")
    hotlines.set(ROW, {"state": "suspended_arrears"})
    hotlines.until(lambda: is_shown("suspended_arrears", "down"), "the number is stopped")
    ticket = hotlines.ticket(ROW)
    assert ticket["diagnosis"]["cause"] == "number_suspended_arrears"
    assert ticket["diagnosis"]["party"] == "finance"
    hotlines.set(ROW, {"state": "active"})
    hotlines.until(lambda: is_shown("active", "ok") or is_shown("active", "degraded"), "renewed")
    hotlines.set(ROW, {"state": "reclaimed"})
    hotlines.until(lambda: is_shown("reclaimed", "down"), "the number is reclaimed")
    for lang, words in (("en", "Reclaimed"), ("zh-CN", "已回收")):
        assert words.lower() in hotlines.page(f"/numbers/{number}", lang).lower()
