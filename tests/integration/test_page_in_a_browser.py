"""The status page in a real browser: hostile text stays text, our own script runs."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agent.states import NumberState
from agent.store.database import Database
from agent.tickets.ledger import Ledger
from agent.tickets.ticket import Text
from agent.web.app import make_app
from agent.web.services import WebServices
from exporters.exposition import Exposition
from tests.integration.processes import needs
from tests.web.facts import Facts, number, snapshot
from tests.web.ledger import ticket, write

pytestmark = pytest.mark.integration

PAYLOADS = (
    "<script>document.title='hacked'</script>",
    "<img src=x onerror=\"document.title='hacked'\">",
    "</title><svg onload=\"document.title='hacked'\">",
    "\"' autofocus onfocus=\"document.title='hacked'\"",
)


@pytest.fixture
async def hostile_app(tmp_path: Path) -> AsyncIterator[web.Application]:
    facts, database = Facts(), await Database.open(tmp_path / "data")
    await write(database, *(ticket(f"t{i}", text=Text(t, t)) for i, t in enumerate(PAYLOADS)))
    listed = [number(text, NumberState.FROZEN, company=text, reason=text) for text in PAYLOADS]
    facts.show(snapshot(listed, {}))
    yield make_app(
        WebServices(
            fleet=facts.fleet,
            exposition=Exposition(),
            tickets=Ledger(database),
            settings=lambda: facts.settings,
            check_result=lambda provider, account: facts.results.get((provider, account)),
            diagnose=facts.diagnose,
            reload=facts.reload,
            ready=lambda: PAYLOADS[0],
            replay=lambda _ticket: asyncio.sleep(0, 0),
            version="1.2.3",
            started_at=facts.now,
            clock=lambda: facts.now,
        )
    )
    await database.close()


async def rendered(url: str, folder: Path) -> str:
    """The document after the browser has run what it will run."""
    process = await asyncio.create_subprocess_exec(
        needs("chromium"),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        f"--user-data-dir={folder}",
        "--dump-dom",
        url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60):
            document, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return document.decode()


def title(document: str) -> str:
    found = re.search(r"<title>(.*?)</title>", document, re.DOTALL)
    return found[1] if found else ""


@pytest.mark.parametrize("path", ["/", "/?lang=zh-CN"])
async def test_hostile_text_is_inert(hostile_app, tmp_path, path):
    async with TestServer(hostile_app) as server:
        document = await rendered(str(server.make_url(path)), tmp_path / "browser")
    assert title(document).endswith("· numwatch")
    assert document.count("<script") == 1
    assert document.count("&lt;script&gt;") >= 2


async def test_an_unguarded_page_would_be_noticed(tmp_path):
    async def unguarded(_: web.Request) -> web.Response:
        text = f"<!doctype html><title>fine</title>{PAYLOADS[0]}"
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", unguarded)
    async with TestServer(app) as server:
        assert title(await rendered(str(server.make_url("/")), tmp_path)) == "hacked"
