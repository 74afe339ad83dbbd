"""Whose equipment it is decides whose fault it is: dead phones of the company are its own and its
phones' carriers', a number suspended at the provider is the provider's. What the form or a person
says goes first, is on the page, and a severe fault of the customer's own is not scored."""

from tests.source_rows.hotlines import Hotlines


def test_the_boundary_is_drawn_by_facts_and_by_people(hotlines: Hotlines) -> None:
    slug = "responsibility_boundary"
    for phone in ("b1", "b2"):
        hotlines.set(slug, {"state": "arrears"}, binding=phone)
    ticket = hotlines.ticket(slug)
    diagnosed = hotlines.until(
        lambda: it if (it := hotlines.ticket(slug))["diagnosis"]["cause"] != "unknown" else None,
        "it is diagnosed",
    )
    assert diagnosed["diagnosis"]["party"] in {"binding_carrier", "holder"}
    assert "binding_" in diagnosed["diagnosis"]["cause"]
    said = hotlines.act(ticket["id"], "attribute", "their own switch", responsible="customer")
    assert said["responsible"] == "customer"
    assert "customer" in said["timeline"][-1]["reason"]
    page = hotlines.page(f"/tickets/{ticket['id']}", "zh-CN")
    assert "责任方" in page
    assert "终端用户" in page or "号码持有人" in page or "运营商" in page
