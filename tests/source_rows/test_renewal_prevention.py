"""A periodic check sees that a contract comes to its end and that it was renewed, from the
provider's own answers, and nobody can sign it away."""

from datetime import UTC, datetime, timedelta

from tests.source_rows.checklists import Checklists
from tests.source_rows.hotlines import Hotlines

ROW = "renewal_prevention"


def test_a_check_sees_the_end_of_a_contract_and_its_renewal(hotlines: Hotlines) -> None:
    today = datetime.now(UTC).date()
    near, far = (today + timedelta(days=days) for days in (10, 400))
    hotlines.set(ROW, {"contract_end": near.isoformat()})
    checklists = Checklists(hotlines, ROW)
    view = checklists.begin("inspection")
    hotlines.until(
        lambda: checklists.results(view)["contract"] == "failed", "the check sees the end"
    )
    checklists.answer(view, contract="passed")
    assert checklists.results(view)["contract"] == "failed", "an answer does not outvote a fact"
    (row,) = [it for it in checklists.show(view)["rows"] if it["item"] == "contract"]
    assert row["detail"][0] in checklists.report(view, "en")
    assert row["detail"][0].startswith(near.isoformat()[:4])
    hotlines.set(ROW, {"contract_end": far.isoformat()})
    hotlines.until(
        lambda: checklists.results(view)["contract"] == "passed", "the check sees the renewal"
    )
