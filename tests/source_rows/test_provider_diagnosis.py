"""What the provider would look at is looked at here: the number's state, its phones, its call
records and the account's money are facts of one diagnosis, each with its source and age; what the
interface answered is kept with the ticket."""

import io
import zipfile

from tests.source_rows.asking import until_cause
from tests.source_rows.hotlines import Hotlines

ROW = "provider_diagnosis"


def test_state_phones_calls_and_money_are_looked_at(hotlines: Hotlines) -> None:
    hotlines.set(ROW, {"calls": {"per_hour": 3600, "results": {"network": 0.9, "answered": 0.1}}})
    leg = until_cause(hotlines, ROW, "provider_leg")
    assert leg["party"] == "provider"
    assert any("calls" in it["source"] for it in leg["evidence"])
    hotlines.set(ROW, {"state": "suspended_violation"})
    state = until_cause(hotlines, ROW, "number_suspended_violation")
    assert any("numbers" in it["source"] for it in state["evidence"])
    assert all(it["age_seconds"] is not None for it in state["evidence"] if "north" in it["source"])
    ticket = hotlines.until(
        lambda: next((it for it in hotlines.tickets(ROW) if it["symptom"] == "number_down"), None),
        "it has its ticket",
    )
    archive = hotlines.agent.get(f"/api/tickets/{ticket['id']}/evidence.zip")
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
        assert len(bundle.namelist()) > 1
    # So that rows together are no outage of their provider.
    hotlines.set(ROW, {"state": "active"})
    account = hotlines.page("/accounts/north/hq")
    for capability in ("numbers", "calls", "balance"):
        assert capability in account.lower()
