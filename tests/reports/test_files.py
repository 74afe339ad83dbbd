"""Reports as files: HTML that loads nothing, PDF with Chinese fonts, text, and the command."""

import asyncio
import contextlib
import json
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from agent.cli.main import app
from agent.reports.pdf import PdfError, PdfPrinter, is_available
from agent.store.database import Database
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.reports.book import C, at, handled
from tests.web.facts import Facts
from tests.web.ledger import write

STATISTICS = "/api/reports/statistics"
needs_pdf = pytest.mark.skipif(not is_available(), reason="weasyprint is not installed")


@pytest.fixture
async def book(database: Database, facts: Facts) -> None:
    facts.now = at("10-05 12:00")
    ticket = handled("one", "09-05 10:00", contact=9, restored=60, closed=90, number=C)
    await write(database, msgspec.structs.replace(ticket, company="<b>甲</b>"))


def unpacked(pdf: bytes) -> bytes:
    """The document with its streams unpacked, as far as they are packed by Flate."""
    found = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompress(stream))
    return b"".join(found)


@pytest.mark.usefixtures("book")
async def test_the_html_stands_alone_and_escapes(client: TestClient) -> None:
    query = {"period": "2026-09", "format": "html", "lang": "zh-CN"}
    answer = await client.get(STATISTICS, params=query)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    text = await answer.text()
    assert '<html lang="zh-CN">' in text
    assert "&lt;b&gt;甲&lt;/b&gt;" in text
    assert not re.search(r"(src|href)=|url\(|@import", text)
    assert "故障统计" in text


@needs_pdf
@pytest.mark.usefixtures("book")
async def test_the_pdf_has_chinese_glyphs_of_its_own(client: TestClient) -> None:
    query = {"period": "2026-09", "format": "pdf", "lang": "zh-CN"}
    answer = await client.get(STATISTICS, params=query)
    assert answer.status == 200, await answer.text()
    assert answer.content_type == "application/pdf"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="fault-statistics-2026-09.pdf"'
    )
    content = await answer.read()
    assert content.startswith(b"%PDF-")
    assert b"/FontFile" in unpacked(content)


async def test_a_layout_that_takes_too_long_is_ended() -> None:
    if not is_available():
        pytest.skip("weasyprint is not installed")
    with pytest.raises(PdfError, match="took longer"):
        await PdfPrinter(seconds=0.01).print("<p>x</p>")


@needs_pdf
async def test_a_document_loads_nothing(tmp_path: Path) -> None:
    style = tmp_path / "style.css"
    style.write_text("@page { size: 100pt 100pt }")
    link = f'<link rel="stylesheet" href="{style.as_uri()}">'
    content = unpacked(await PdfPrinter().print(f"{link}<p>x</p>"))
    # A4, not the size that the style sheet asks for.
    assert re.findall(rb"/MediaBox ?\[0 0 (\d+)", content) == [b"595"]


@pytest.mark.usefixtures("book")
async def test_text_fits_its_width(client: TestClient) -> None:
    for width in (60, 140):
        query = {"period": "2026-09", "format": "text", "width": str(width)}
        text = await (await client.get(STATISTICS, params=query)).text()
        assert max(map(len, text.splitlines())) <= max(width, 80)
        assert "Fault statistics" in text


async def command(*arguments: str) -> int:
    """The exit status of ``numwatch report``, run as the command line runs it."""
    return await asyncio.to_thread(_invoke, arguments)


def _invoke(arguments: Sequence[str]) -> int:
    return int(app(["report", *arguments], standalone_mode=False) or 0)


@pytest.mark.usefixtures("book")
async def test_the_command_asks_a_running_agent(
    services: WebServices, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    async with TestServer(make_app(services)) as server:
        url = str(server.make_url("/")).rstrip("/")
        assert await command("statistics", "--period", "2026-09", "--url", url) == 0
        assert "Fault statistics" in capfdbinary.readouterr().out.decode()
        assert await command("statistics", "--period", "x", "--url", url) == 1
        assert "2026-Q4" in capfdbinary.readouterr().err.decode()
    assert await command("statistics", "--format", "doc") == 2
    assert "csv" in capfdbinary.readouterr().err.decode()


async def test_the_command_reads_the_ledger_of_a_stopped_agent(tmp_path: Path) -> None:
    ledger = await Database.open(tmp_path)
    await write(ledger, handled("one", "09-05 10:00", restored=60, closed=90))
    await ledger.close()
    account = {"id": "hq", "credentials": {"key": "k", "secret": "s-1"}}
    provider = {"name": "north", "profile": "generic", "base_url": "https://north.example"}
    config, target = tmp_path / "config.yaml", tmp_path / "out.json"
    config.write_text(
        json.dumps({"data_dir": str(tmp_path), "providers": [{**provider, "accounts": [account]}]})
    )
    form = ("--format", "json", "--out", str(target), "--config", str(config))
    assert await command("statistics", "--period", "2026-09", *form) == 0
    assert json.loads(target.read_text())["all"]["faults"] == 1
    assert await command("statistics", "--period", "2026-9", *form) == 2
