"""What a provider's console offers is read and shown: bound phones, masked, with their states, the
way of a call, and a report for a file; a person walks through menu and hours in an inspection."""

from tests.source_rows.checklists import Checklists
from tests.source_rows.hotlines import Hotlines

ROW = "console"


def test_binding_way_and_reports_are_shown(hotlines: Hotlines) -> None:
    number = hotlines.number(ROW)
    shown = hotlines.until(
        lambda: hotlines.json(f"/api/numbers/{number}")["phones"], "the phones are known"
    )
    assert all("****" in it["phone"] for it in shown)
    hotlines.set(ROW, {"state": "off"}, binding="b1")

    def is_off() -> bool:
        phones = hotlines.json(f"/api/numbers/{number}")["phones"]
        return "off" in {it["state"] for it in phones}

    hotlines.until(is_off, "a phone that is off is shown")
    for lang in ("en", "zh-CN"):
        assert "138****" in hotlines.page(f"/numbers/{number}", lang)
        assert "/reports" in hotlines.page("/", lang)
    checklists = Checklists(hotlines, ROW)
    view = checklists.begin("inspection")
    hotlines.until(lambda: checklists.results(view)["phones"] == "failed", "b1 is off")
    assert checklists.results(view)["menu"] == "unknown", "a person walks through the menu"
