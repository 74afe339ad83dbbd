"""Choice of the provider, real name, contract, filing and opening test are rows of the onboarding:
the agent fills in what it sees, people the rest, and the audit log has the take-over."""

from tests.source_rows.checklists import BY, Checklists
from tests.source_rows.hotlines import Hotlines

ROW = "provider_selection"


def test_the_way_from_the_choice_to_the_take_over_is_recorded(hotlines: Hotlines) -> None:
    hotlines.set(ROW, {"realname_ok": False})
    checklists = Checklists(hotlines, ROW)
    view = checklists.begin("onboarding")
    order = [row["item"] for row in view["rows"]]
    for earlier, later in (("provider", "real_name"), ("contract", "opening_test")):
        assert order.index(earlier) < order.index(later)
    hotlines.until(
        lambda: checklists.results(view)["real_name"] == "failed", "the review is not passed"
    )
    checklists.answer_the_rest(view)
    assert checklists.is_refused(view)
    hotlines.set(ROW, {"realname_ok": True})
    hotlines.until(
        lambda: checklists.results(view)["real_name"] == "passed", "the review is passed"
    )
    taken = checklists.close(view)
    answers = {it["item"]: it["by"] for it in taken["checklist"]["answers"]}
    assert {answers[it] for it in ("provider", "filing", "opening_test")} == {BY}
    entries = hotlines.json("/api/audit")["items"]
    about = f"{checklists.number} ({taken['checklist']['id']})"
    assert ("number_taken_over", about) in {(it["what"], it["subject"]) for it in entries}
