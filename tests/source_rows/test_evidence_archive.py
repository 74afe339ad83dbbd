"""What was seen of a fault is kept with its ticket and leaves as one archive: the provider's own
answers, the series, alerts, timeline, clocks and sheet, each with its digest in the manifest; no
phone of anybody is whole in it."""

import hashlib
import io
import json
import zipfile

from tests.source_rows.hotlines import Hotlines


def _files(hotlines: Hotlines, ticket: str) -> dict[str, bytes]:
    content = hotlines.agent.get(f"/api/tickets/{ticket}/evidence.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_tickets_evidence_is_one_archive_with_digests(hotlines: Hotlines) -> None:
    hotlines.set("evidence_archive", {"state": "suspended_violation"})
    ticket = hotlines.ticket("evidence_archive")["id"]
    files = hotlines.until(
        lambda: found if "onset/series.json" in (found := _files(hotlines, ticket)) else None,
        "what was seen at the onset is kept",
    )
    assert {"ticket.json", "timeline.csv", "clocks.json", "alerts.json", "sheet.html"} <= set(files)
    answers = json.loads(files["onset/answers-north-hq.json"])["answers"]
    assert any("suspended_violation" in answer["body"] for answer in answers)
    sums = {it["name"]: it["sha256"] for it in json.loads(files["manifest.json"])["files"]}
    assert set(sums) == set(files) - {"manifest.json"}
    assert all(hashlib.sha256(files[name]).hexdigest() == it for name, it in sums.items())
    assert b"138000001" not in b"".join(files.values())
    hotlines.set("evidence_archive", {"state": "active"})
