"""An inspection is carried out by the agent where it can and by people where it cannot, is signed,
and has a report in both languages; what was found is a ticket."""

from tests.source_rows.checklists import BY, Checklists
from tests.source_rows.hotlines import Hotlines

ROW = "routine_inspection"


def test_an_inspection_is_signed_and_its_findings_are_a_ticket(hotlines: Hotlines) -> None:
    checklists = Checklists(hotlines, ROW)
    view = checklists.begin("inspection")
    assert checklists.results(view)["in_service"] == "passed", "the agent has looked itself"
    assert checklists.is_refused(view), "rows for people need an answer"
    checklists.answer(view, "key 3 leads nowhere", menu="failed")
    checklists.answer_the_rest(view)
    signed = checklists.close(view)
    assert signed["checklist"]["closed_by"] == BY
    ticket = hotlines.ticket(ROW)
    assert ticket["symptom"] == "inspection"
    for lang, words in (("en", "Inspection report"), ("zh-CN", "巡检报告")):
        report = checklists.report(view, lang)
        for word in (words, BY, "key 3 leads nowhere", checklists.number):
            assert word in report
