"""Whoever runs a hotline tests it from the user's side: for one caller it is asked why the call
does not get through, and what the person who dialled has heard is entered with the inspection.

Not shown: a probe at the user's premises that dials by itself."""

from tests.source_rows.checklists import Checklists
from tests.source_rows.hotlines import Hotlines

ROW = "self_service_test"
CALLER = "13911112222"


def test_a_user_tests_for_one_caller_and_by_dialling(hotlines: Hotlines) -> None:
    number = hotlines.number(ROW)

    def cause() -> str:
        return str(hotlines.json(f"/api/diagnose/{number}", caller=CALLER)["cause"])

    hotlines.until(lambda: cause() == "healthy", "a call of this caller gets through")
    hotlines.set(ROW, {"state": "suspended_requested"})
    hotlines.until(lambda: cause() == "number_suspended_requested", "the test says why not")
    hotlines.set(ROW, {"state": "active"})
    hotlines.until(lambda: cause() == "healthy", "the test says that it gets through again")
    checklists = Checklists(hotlines, ROW)
    view = checklists.begin("inspection")
    checklists.answer(view, "heard the welcome, both ways clear", dialled="passed")
    assert "both ways clear" in checklists.report(view, "en")
