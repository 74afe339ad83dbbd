"""What is collected and exported about a fault: a whole agent against a world over real HTTP."""

import asyncio
import csv
import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from agent.app import Agent
from agent.evidence.repository import EvidenceDamagedError, EvidenceRepository
from agent.store.schema import evidence as table
from agent.tickets.ledger import Ledger
from agent.web.services import ReloadOutcome
from tests.app.conftest import Scene, until
from tests.forks import numwatch_ended

NUMBER = "4006220001"
"""It is suspended from the start."""


async def export(scene: Scene, ticket: str) -> dict[str, bytes]:
    bundle = await scene.agent.evidence.exporter.bundle(ticket)
    assert bundle is not None
    with zipfile.ZipFile(io.BytesIO(bundle[1])) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def collected(scene: Scene, ticket: str, moment: str) -> dict[str, bytes]:
    """The bundle once it has evidence of ``moment``."""
    async with asyncio.timeout(30):
        while f"{moment}/series.json" not in (  # noqa: ASYNC110
            files := await export(scene, ticket)
        ):
            await asyncio.sleep(0.05)  # the ledger has no event to wait for
    return files


async def ticket_of(scene: Scene) -> dict[str, Any]:
    return dict(await until(lambda: scene.ticket("number_down"), "the number has its ticket"))


async def test_a_bundle_has_the_providers_own_words_before_and_after(scene: Scene) -> None:
    ticket = await ticket_of(scene)
    onset = await collected(scene, ticket["id"], "onset")
    answers = json.loads(onset["onset/answers-north-hq.json"])["answers"]
    assert any("suspended_violation" in answer["body"] for answer in answers)
    assert any(answer["request"].startswith("GET http://127.0.0.1") for answer in answers)
    down = json.loads(onset["onset/series.json"])["result"]
    up = [series for series in down if series["metric"]["__name__"] == "numwatch_number_up"]
    assert [series["value"][1] for series in up] == ["0"]
    scene.world.apply({"number": NUMBER, "set": {"state": "active"}})
    after = await collected(scene, ticket["id"], "recovery")
    answers = json.loads(after["recovery/answers-north-hq.json"])["answers"]
    listing = [answer["body"] for answer in answers if "/v1/numbers?" in answer["request"]]
    assert ["suspended_violation" in body for body in listing] == [False, True]


async def test_the_manifest_has_the_sum_of_every_file(scene: Scene) -> None:
    ticket = await ticket_of(scene)
    files = await collected(scene, ticket["id"], "onset")
    manifest = json.loads(files["manifest.json"])
    assert manifest["ticket"] == ticket["id"]
    sums = {file["name"]: file["sha256"] for file in manifest["files"]}
    assert set(sums) == set(files) - {"manifest.json"}
    for name, digest in sums.items():
        assert hashlib.sha256(files[name]).hexdigest() == digest, name
    assert {"ticket.json", "timeline.csv", "clocks.json", "deliveries.json", "sheet.html"} <= set(
        files
    )
    deliveries = json.loads(files["deliveries.json"])
    assert deliveries[0]["type"] == "ticket.opened"
    rows = list(csv.reader(io.StringIO(files["timeline.csv"].decode())))
    assert rows[0] == ["at", "actor", "event", "reason"]
    assert len(rows) > 1


async def test_no_secret_and_no_whole_phone_leaves_with_a_bundle(scene: Scene) -> None:
    ticket = await ticket_of(scene)
    whole = b"".join((await collected(scene, ticket["id"], "onset")).values())
    for word in (b"demo-secret", b"13800000001", b"02287654321"):
        assert word not in whole
    assert b"138****0001" in whole


async def test_evidence_that_was_changed_is_not_exported(scene: Scene) -> None:
    ticket = await ticket_of(scene)
    await collected(scene, ticket["id"], "onset")
    async with scene.agent.database.transaction() as connection:
        await connection.execute(table.update().values(sha256="0" * 64))
    with pytest.raises(EvidenceDamagedError, match="digest differs"):
        await EvidenceRepository(scene.agent.database).files_of(ticket["id"])


async def test_evidence_is_deleted_when_its_time_is_over(scene: Scene) -> None:
    ticket = await ticket_of(scene)
    await collected(scene, ticket["id"], "onset")
    repository = EvidenceRepository(scene.agent.database)
    files = await repository.files_of(ticket["id"])
    assert await repository.delete_before(min(file.taken_at for file in files)) == 0
    assert await repository.delete_before(max(file.taken_at for file in files) + 1) == len(files)
    assert await repository.files_of(ticket["id"]) == []


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
async def test_the_sheet_prints_on_one_page(scene: Scene, tmp_path: Path, locale: str) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("chromium is not installed")
    scene.write(lambda settings: settings.update(locale=locale))
    assert await scene.agent.reload() == ReloadOutcome()
    ticket = await ticket_of(scene)
    text = await scene.agent.evidence.exporter.sheet(ticket["id"])
    assert text is not None
    assert "示例公司" in text
    page, pdf = tmp_path / "sheet.html", tmp_path / "sheet.pdf"
    page.write_text(text)
    process = await asyncio.create_subprocess_exec(
        *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"),
        *(f"--print-to-pdf={pdf}", f"--user-data-dir={tmp_path / 'browser'}", page.as_uri()),
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(60):
        assert await process.wait() == 0
    assert pdf.read_bytes().count(b"/Type /Page\n") == 1


async def test_statistics_have_a_row_for_every_ticket(scene: Scene) -> None:
    ticket = await ticket_of(scene)
    content = await scene.agent.evidence.exporter.statistics(0.0, 4e9)
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows[0]) == 20
    open_tickets = await Ledger(scene.agent.database).open_tickets()
    assert len(rows) == 1 + len(open_tickets)
    assert ticket["id"] in {row[1] for row in rows}
    nothing = await scene.agent.evidence.exporter.statistics(0.0, 1.0)
    assert len(nothing.decode("utf-8-sig").splitlines()) == 1


async def test_the_command_writes_a_bundle_of_a_stopped_agent(scene: Scene, tmp_path: Path) -> None:
    ticket = await ticket_of(scene)
    await collected(scene, ticket["id"], "onset")
    await scene.agent.stop()
    out = tmp_path / "out"
    for name, status in ((ticket["id"], 0), ("nobody", 1)):
        returned, printed, errors = await numwatch_ended(
            *("tickets", "export", name, "--out", str(out), "--config", str(scene.config))
        )
        assert returned == status, errors
        if status == 0:
            folder = Path(printed.strip())
            assert (folder / "onset" / "answers-north-hq.json").exists()
            assert (folder / "manifest.json").exists()
        else:
            assert "there is no ticket 'nobody'" in errors
    scene.agent = Agent(scene.config)
    await scene.agent.start()
