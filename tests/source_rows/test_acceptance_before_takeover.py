"""A number is taken over when every row of its acceptance is in order, and not before; until then
its faults open no ticket."""

from tests.source_rows.checklists import Checklists
from tests.source_rows.hotlines import Hotlines

ROW = "acceptance_before_takeover"


def test_a_number_is_taken_over_when_all_is_in_order(hotlines: Hotlines) -> None:
    checklists = Checklists(hotlines, ROW)
    view = checklists.begin("onboarding")
    checklists.answer_the_rest(view)
    checklists.answer(view, "one-way audio", opening_test="failed")
    assert checklists.is_refused(view)
    assert hotlines.tickets(ROW) == []
    checklists.answer(view, "after the trunk was changed", opening_test="passed")
    taken = checklists.close(view, "handed over")
    assert taken["checklist"]["closed_at"]
    assert "Acceptance report" in checklists.report(view, "en")
    hotlines.set(ROW, {"state": "suspended_violation"})
    assert hotlines.ticket(ROW)["symptom"] == "number_down"
