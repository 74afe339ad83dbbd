"""A mobile that is off or out of coverage is narrowed down by what people find out: the tree asks
on, one question at a time, until it is the account, the card, the terminal or the network; the
answers stay with the ticket."""

from tests.source_rows.asking import until_cause
from tests.source_rows.hotlines import Hotlines

ROW = "wireless_fault_tree"


def test_the_tree_leads_to_the_card_the_terminal_or_the_network(hotlines: Hotlines) -> None:
    for binding in ("b1", "b2"):
        hotlines.set(ROW, {"state": "off"}, binding=binding)
    first = until_cause(hotlines, ROW, "binding_off")
    assert any("[service=" in question for question in first["questions"])
    hotlines.ticket(ROW)
    path = f"/api/diagnose/{hotlines.number(ROW)}"

    def answer(**answers: str) -> dict[str, object]:
        found: dict[str, object] = hotlines.post(path, {"answers": answers, "by": "Li Wei"})
        return found

    second = answer(service="no")
    assert second["questions"] != first["questions"]
    terminal = answer(own_sim_elsewhere="works")
    assert "terminal" in str(terminal["evidence"]) + str(terminal["next_steps"]).lower()
    ticket = hotlines.ticket(ROW)
    answered = [it for it in ticket["timeline"] if "own_sim_elsewhere" in it["reason"]]
    assert answered
    assert answered[0]["actor"] == "Li Wei"
