"""A push that another replica was sent reaches whoever polls the account, once, and not a stranger.

Negative control: an account that is not polled here is handed nothing
(:func:`test_it_is_handed_on_where_the_account_is_polled`).
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.config.store import Store
from agent.model import AccountKey
from agent.providers.pushed import PushedFacts, PushedNumber
from agent.replicas.pushes import StoredPushes, Take
from agent.replicas.state_rows import database_time
from agent.states import NumberState
from agent.store.database import Database
from agent.webhooks.pushes.repository import Message, PushRepository

KEY = ("north", "hq")
FACT = PushedNumber("4006220001", NumberState.ACTIVE, at=900.0)
Taken = list[tuple[AccountKey, PushedFacts]]


@pytest.fixture
async def databases(empty_store: Store, tmp_path: Path) -> AsyncIterator[list[Database]]:
    shared = empty_store.model_copy(update={"replicas": True})
    opened = [await Database.open(tmp_path / name, shared) for name in ("one", "two")]
    yield opened
    for database in opened:
        await database.close()


def repository(database: Database) -> PushRepository:
    made = PushRepository(database)
    made.is_shared = True
    return made


class Polling(StoredPushes):
    """What a replica does with the messages each second."""

    def __init__(self, database: Database, take: Take) -> None:
        super().__init__(take)
        self._database = database

    async def take_new(self, now: float) -> None:
        async with self._database.reading() as connection:
            messages = await self.look(connection, await database_time(connection))
        await self.hand_on(messages, now)


def pushes_of(database: Database) -> tuple[Polling, Taken]:
    taken: Taken = []

    async def take(key: AccountKey, facts: PushedFacts, _now: float) -> None:
        taken.append((key, facts))

    return Polling(database, take), taken


async def test_it_is_handed_on_where_the_account_is_polled(databases: list[Database]) -> None:
    """The clock of whoever got it is an hour behind."""
    here, there = databases
    polling, taken = pushes_of(here)
    elsewhere, others = pushes_of(there)
    polling.begin(KEY, 0.0)
    elsewhere.begin(("north", "branch"), 0.0)
    assert await repository(there).add(KEY, Message("m-1", [FACT]), 1000.0 - 3600.0)
    assert not await repository(here).add(KEY, Message("m-1", [FACT]), 1000.0)
    for _ in range(2):
        await polling.take_new(1000.0)
        await elsewhere.take_new(1000.0)
    assert taken == [(KEY, [FACT])]
    assert others == []
    assert await repository(there).add(KEY, Message("m-2", [FACT]), 1001.0)
    await polling.take_new(1001.0)
    assert len(taken) == 2
    polling.end([KEY])
    assert await repository(there).add(KEY, Message("m-3", [FACT]), 1002.0)
    await polling.take_new(1002.0)
    assert len(taken) == 2
