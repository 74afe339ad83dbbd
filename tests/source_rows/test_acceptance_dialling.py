"""Calls from several areas and carriers are a row of the onboarding: a person enters them with what
was dialled from where, and the number is not taken over without it.

Not shown: calls that numwatch places by itself from several areas and carriers."""

from tests.source_rows.checklists import BY, Checklists
from tests.source_rows.hotlines import Hotlines

ROW = "acceptance_dialling"
CALLS = "Beijing unicom ok, Tianjin telecom ok, Shanghai mobile ok"


def test_the_calls_are_entered_before_the_take_over(hotlines: Hotlines) -> None:
    checklists = Checklists(hotlines, ROW)
    view = checklists.begin("onboarding")
    rest = {it: "passed" for it, is_ in checklists.results(view).items() if is_ == "unknown"}
    assert rest.pop("areas") == "passed"
    checklists.answer(view, **rest)
    assert checklists.is_refused(view), "nobody has dialled"
    checklists.answer(view, CALLS, areas="passed")
    checklists.close(view)
    report = checklists.report(view, "zh-CN")
    for word in ("多地区、多运营商拨打均可接通", CALLS, BY):
        assert word in report
