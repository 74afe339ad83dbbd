"""The alert state is stored in small pages: none grows with the number of alerts."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from agent.baselines.baseline import BaselineBook
from agent.baselines.repository import BaselineRepository
from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.rules.rule import RuleSet
from agent.runtime_state import RuntimeState
from agent.store import schema
from agent.store.database import Database
from tests.rules.series import up

RULES = """
groups:
  - name: numbers
    rules:
      - alert: Down
        expr: up == 0
        labels: {severity: critical}
        annotations: {summary: '{{ $labels.number }} is down'}
"""
MANY = 20_000


@pytest.fixture
def make(tmp_path: Path):
    path = tmp_path / "rules.yml"
    path.write_text(RULES, encoding="utf-8")
    return lambda: RuleEngine(load_rules([path]))


def down(count: int):
    return [up(**{f"n{index}": 0 for index in range(count)})]


async def test_many_alerts_are_restored_from_small_pages(database: Database, make) -> None:
    state = RuntimeState(database, BaselineRepository(database, BaselineBook()))
    engine = make()
    engine.evaluate(down(MANY), 100.0)
    await state.save_alerts(engine)
    async with database.transaction() as connection:
        rows = await connection.execute(select(func.max(func.length(schema.pages.c.value))))
        assert rows.scalar_one() < 64 * 1024
    after = make()
    await RuntimeState(database, BaselineRepository(database, BaselineBook())).restore_alerts(after)
    assert {alert.labels["number"]: alert.active_at for alert in after.alerts()} == {
        alert.labels["number"]: 100 for alert in engine.alerts()
    }


async def test_one_more_alert_writes_one_page_and_one_that_ends_deletes_its_page(
    database: Database, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[int, int]] = []
    replace = Database.replace

    async def counted(self: Database, changed, gone) -> None:
        written.append((len(changed), len(gone)))
        await replace(self, changed, gone)

    monkeypatch.setattr(Database, "replace", counted)
    state = RuntimeState(database, BaselineRepository(database, BaselineBook()))
    engine = make()
    engine.evaluate(down(1000), 100)
    await state.save_alerts(engine)
    engine.evaluate(down(1001), 115)
    await state.save_alerts(engine)
    await state.save_alerts(engine)
    assert written[1:] == [(1, 0)]
    engine.evaluate([], 130)
    await state.save_alerts(engine)
    assert written[-1][1] == written[0][0] - 1
    assert [name for name, _ in await database.pages("rules/")] == ["rules/alerts"]


async def test_a_page_that_was_written_by_a_save_that_was_cancelled_is_deleted_when_it_ends(
    database: Database, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Database.replace

    async def interrupted(self: Database, changed, gone) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await replace(self, changed, gone)

    state = RuntimeState(database, BaselineRepository(database, BaselineBook()))
    engine = make()
    with monkeypatch.context() as patch:
        patch.setattr(Database, "replace", interrupted)
        engine.evaluate(down(3), 100)
        saving = asyncio.create_task(state.save_alerts(engine))
        await asyncio.wait([saving])
    assert saving.cancelled()
    assert len(await database.pages("rules/")) == 2, "the ledger had written it all the same"
    engine.evaluate([], 115)
    await state.save_alerts(engine)
    after = make()
    await RuntimeState(database, BaselineRepository(database, BaselineBook())).restore_alerts(after)
    assert after.alerts() == ()


async def test_the_single_page_of_an_earlier_version_is_read_and_replaced(
    database: Database, make
) -> None:
    engine = make()
    engine.evaluate(down(3), 100.0)
    pages = engine.state()
    (content,) = [msgspec.msgpack.decode(page) for name, page in pages.items() if "/" in name[7:]]
    old = {"version": 1, "rules": {content["rule"]: content["alerts"]}, "watched_until": 0.0}
    await database.put("rules/alerts", msgspec.msgpack.encode(old))
    after = make()
    state = RuntimeState(database, BaselineRepository(database, BaselineBook()))
    await state.restore_alerts(after)
    assert len(after.alerts()) == 3
    await state.save_alerts(after)
    assert dict(await database.pages("rules/alerts")) == pages


async def test_what_is_known_of_a_rule_that_is_gone_stays_until_tickets_are_told(
    database: Database, make
) -> None:
    state = RuntimeState(database, BaselineRepository(database, BaselineBook()))
    engine = make()
    engine.evaluate(down(3), 100)
    await state.save_alerts(engine)
    await state.save()
    without = RuleEngine(RuleSet(()), retention=0)
    await state.save_alerts(without)
    assert len(await database.pages("rules/")) == 2
    await state.save()
    assert len(await database.pages("rules/")) == 1
