"""A running agent's history fills by itself, and its pages draw what is in it."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient

from agent.web.app import make_app
from tests.app.conftest import Scene, until
from tests.web.plots.markup import Plot

NUMBER = "4006220002"
FIGURE = re.compile(r"<figure.*?</figure>", re.DOTALL)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks and writes at once instead of after seconds and a quarter of an hour."""
    monkeypatch.setattr("agent.history.recorder.SAMPLE_SECONDS", 0.1)
    monkeypatch.setattr("agent.history.recorder.WRITE_SECONDS", 0.1)


@pytest.fixture
async def web(scene: Scene, aiohttp_client) -> TestClient:
    return await aiohttp_client(make_app(scene.agent.web_services()), headers=scene.authorized)


def written(data: Path) -> bool:
    """Whether the file has the account's balance and the number's phones."""
    with closing(sqlite3.connect(f"file:{data / 'history.db'}?mode=ro", uri=True)) as history:
        # The file is there before its tables are: a busy machine looks in between.
        if not history.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'history_accounts'"
        ).fetchone():
            return False
        money = "SELECT 1 FROM history_accounts WHERE provider = 'north' AND last IS NOT NULL"
        phones = (
            "SELECT 1 FROM history_numbers JOIN history_subjects ON id = subject"
            " WHERE number = ? AND last = 2"
        )
        return bool(
            history.execute(money).fetchone() and history.execute(phones, (NUMBER,)).fetchone()
        )


async def figures(web: TestClient, path: str) -> list[str]:
    async with web.get(path, headers={"Accept-Language": "en"}) as answer:
        page = await answer.text()
        assert answer.status == 200, page
        return FIGURE.findall(page)


async def test_what_was_polled_is_drawn_on_the_pages(scene: Scene, web: TestClient) -> None:
    await until(lambda: written(scene.config.parent / "data"), "the history is written")
    (balance,) = await figures(web, "/accounts/north/hq?days=1")
    line, _legend = Plot(balance).paths("plot-line plot-1")
    assert "M" in line
    phones = [it for it in await figures(web, f"/numbers/{NUMBER}") if "can be reached" in it]
    line, _legend = Plot(phones[0]).paths("plot-line plot-1")
    assert "M" in line
    async with web.get(f"/api/history/numbers/{NUMBER}?hours=1") as answer:
        hours = (await answer.json())["hours"]
    assert hours[-1]["reachable_last"] == 2
    # The control: an hour in which no agent ran is a gap, on the page as in the API.
    async with web.get(f"/api/history/numbers/{NUMBER}?hours=1&ago=5") as answer:
        assert {hour["reachable_last"] for hour in (await answer.json())["hours"]} == {None}
