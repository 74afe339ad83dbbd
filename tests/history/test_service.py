"""The history as the agent runs it: begun, chosen by the configuration, written at the end."""

import asyncio
from pathlib import Path

import pytest

from agent.config.settings import Settings
from agent.event_loop import BackgroundTask
from agent.history.database import HistoryDatabase
from agent.history.ledger_reader import LedgerHistory
from agent.history.prometheus import PrometheusHistory
from agent.history.service import HistoryService
from tests.history.scene import KEY, SETTINGS, START, Scene


class Fleet:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    @property
    def results(self):
        return self.scene.results()


class NoTickets:
    open = ()


def service(folder: Path, **settings) -> HistoryService:
    scene = Scene(now=START + 60)
    configured = Settings.model_validate(
        {**SETTINGS.model_dump(include={"providers"}), "data_dir": str(folder), **settings}
    )

    async def retention() -> float:
        return scene.now

    return HistoryService(
        lambda: configured, Fleet(scene), NoTickets(), lambda: scene.now, retention
    )


async def until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [({}, LedgerHistory), ({"prometheus": {"url": "http://127.0.0.1:9090"}}, PrometheusHistory)],
)
async def test_the_configuration_says_where_it_is_read(tmp_path, settings, kind) -> None:
    history = service(tmp_path, **settings)
    assert history.reader() is None
    task = BackgroundTask("history", history.run)
    task.start()
    await until(lambda: isinstance(history.reader(), kind))
    await task.stop()
    assert history.reader() is None


async def test_what_was_observed_is_written_when_the_agent_stops(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("agent.history.recorder.SAMPLE_SECONDS", 0.01)
    history = service(tmp_path)
    task = BackgroundTask("history", history.run)
    task.start()
    await until(lambda: history._recording and history._recording._observed_at is not None)
    await task.stop()
    database = await HistoryDatabase.open(tmp_path)
    (hour,) = await LedgerHistory(database).balance(KEY, START, START + 3600)
    assert hour.last == 100.0
    await database.close()


async def test_without_a_history_nothing_is_made(tmp_path) -> None:
    task = BackgroundTask("history", service(tmp_path, history={"enabled": False}).run)
    task.start()
    for _ in range(20):
        await asyncio.sleep(0)
    await task.stop()
    assert list(tmp_path.iterdir()) == []


async def test_a_history_that_cannot_be_opened_does_not_stop_the_agent(tmp_path, capsys) -> None:
    (tmp_path / "history.db").mkdir()
    history = service(tmp_path)
    task = BackgroundTask("history", history.run)
    task.start()
    said = ""

    def is_said() -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return "history_not_opened" in said

    await until(is_said)
    assert history.reader() is None
    await task.stop()
