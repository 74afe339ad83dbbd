"""The form of a visit is filled in with customer, staff, arrival, departure, work, spare parts,
findings, result, cause, outcome and opinion. Its sheet prints with all of it, with fields for both
signatures, in both languages; a form that says not fixed sends the ticket back."""

from urllib.request import Request, urlopen

from tests.agent_process import TOKEN
from tests.source_rows.hotlines import Hotlines

FORM = {
    "customer": "王女士",
    "contact": "前台",
    "address": "天河路 1 号",
    "staff": "李伟",
    "helpers": "吴强",
    "findings": "接头氧化",
    "result": "已恢复通话",
    "work_done": "更换接头",
    "spare_parts": "RJ45 两只",
    "opinion": "满意",
    "cause": "customer_equipment",
}


def restored(hotlines: Hotlines) -> None:
    """Wait until the agent has seen that the number is in service."""
    hotlines.until(
        lambda: hotlines.ticket("on_site_form")["stage"] == "restored", "service is back"
    )


def sheet(hotlines: Hotlines, key: str, lang: str) -> str:
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept-Language": lang}
    request = Request(f"{hotlines.agent.url}/api/tickets/{key}/sheet", headers=headers)
    with urlopen(request, timeout=20) as answer:
        return str(answer.read().decode())


def test_the_form_has_every_field_and_prints(hotlines: Hotlines) -> None:
    hotlines.set("on_site_form", {"state": "suspended_violation"})
    key = hotlines.ticket("on_site_form")["id"]
    hotlines.act(key, "dispatch", "on the way", staff="李伟")
    hotlines.act(key, "arrive", "at the door")
    hotlines.act(key, "depart", "done")
    hotlines.set("on_site_form", {"state": "active"})
    restored(hotlines)
    back = hotlines.act(key, "confirm", "looked at", **FORM, outcome="not_fixed")
    assert back["stage"] == "diagnosing"
    restored(hotlines)
    done = hotlines.act(key, "confirm", "signed", **FORM, outcome="restored")
    assert done["stage"] == "confirmed"
    assert done["confirmation"]["spare_parts"] == "RJ45 两只"
    text = sheet(hotlines, key, "en")
    for value in (*FORM.values(),):
        assert value == "customer_equipment" or value in text, value
    labels = {"所做工作", "更换备件", "离开", "客户签字"}, {"Work done", "Spare parts", "Departed"}
    assert any(all(label in text for label in some) for some in labels)
    assert text.count("✓") == 2
