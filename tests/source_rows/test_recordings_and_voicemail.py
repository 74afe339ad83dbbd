"""Recordings that wait for their export, unread voicemail and the colour ring are facts of a number
in the interface; an inspection sees recordings that may be lost, and menu and hours are walked
through by a person."""

from datetime import UTC, datetime, timedelta

from tests.source_rows.checklists import BY, Checklists
from tests.source_rows.hotlines import Hotlines

ROW = "recordings_and_voicemail"


def test_recordings_voicemail_and_colour_ring_are_seen(hotlines: Hotlines) -> None:
    oldest = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    told = {"recordings_pending": 4, "voicemail_unread": 2, "colour_ring": True}
    hotlines.set(ROW, {**told, "recording_oldest": oldest})
    number = hotlines.number(ROW)

    def facts() -> dict[str, object] | None:
        shown = hotlines.json(f"/api/numbers/{number}")
        found = {name: shown.get(name) for name in told}
        return found if found == told else None

    hotlines.until(facts, "the interface has what the provider tells")
    checklists = Checklists(hotlines, ROW)
    view = checklists.begin("inspection")
    hotlines.until(
        lambda: checklists.results(view)["recordings"] == "failed", "recordings wait for export"
    )
    checklists.answer(view, "every key and the hours walked through", menu="passed")
    hotlines.set(ROW, {"recordings_pending": 0})
    hotlines.until(
        lambda: checklists.results(view)["recordings"] == "passed", "all recordings are exported"
    )
    for word in (BY, "every key and the hours walked through"):
        assert word in checklists.report(view, "en")
