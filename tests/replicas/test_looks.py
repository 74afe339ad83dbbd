"""What a replica asks the database each second does not grow with the accounts that there are.

Negative control: a query that names each account is noticed
(:func:`test_a_query_that_names_each_account_is_noticed`).
"""

import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import Engine, event, insert, select

from agent.config.store import Store
from agent.model import AccountKey
from agent.replicas.account_states import AccountStates
from agent.replicas.forwarded_polls import ForwardedPolls
from agent.replicas.pushes import StoredPushes
from agent.replicas.state_rows import database_time
from agent.store.database import Database
from agent.store.leases import TICKETS, account_lease
from agent.store.postgresql.lease_keeper import LeaseKeeper
from agent.store.postgresql.moment import moment_of
from agent.store.schema import leases, poll_requests

FEW, MANY = 3, 300
Asked = list[int]
"""How many values each statement was sent with."""


@pytest.fixture
async def database(empty_store: Store, tmp_path: Path) -> AsyncIterator[Database]:
    shared = empty_store.model_copy(update={"replicas": True})
    opened = await Database.open(tmp_path / "one", shared)
    yield opened
    await opened.close()


def keeper_of(database: Database) -> LeaseKeeper:
    assert database.lease_keeper is not None
    return database.lease_keeper


def keys_of(count: int) -> list[AccountKey]:
    return [("north", f"a{place}") for place in range(count)]


@contextlib.contextmanager
def noted() -> Iterator[Asked]:
    asked: Asked = []

    def note(_c: Any, _u: Any, _s: Any, parameters: Any, *_rest: Any) -> None:
        asked.append(len(parameters))

    event.listen(Engine, "before_cursor_execute", note)
    yield asked
    event.remove(Engine, "before_cursor_execute", note)


async def asked_by_a_look(database: Database, count: int) -> Asked:
    """What a replica asks that polls so many accounts, and that reads as many others."""
    keys, keeper = keys_of(2 * count), keeper_of(database)
    own, others = keys[:count], keys[count:]
    names = [account_lease(*key) for key in keys]
    await keeper.survey(names, names)
    await keeper.take(names)
    states = AccountStates(database, lambda _: None, lambda _: (), lambda _: None, lambda: 0.0)
    pushes = StoredPushes(Mock())
    for key in own:
        pushes.begin(key, time.time())
    requests = ForwardedPolls(database, Mock(), lambda: frozenset(own), Mock(), Mock(), Mock())
    with noted() as asked:
        await keeper.survey([account_lease(*key) for key in others], [])
        async with database.reading() as connection:
            moment = await moment_of(connection)
            await states.look(connection, frozenset(), moment)
            await pushes.look(connection, moment.at)
            await requests.look(connection)
    return asked


async def test_a_look_asks_as_little_about_many_accounts_as_about_few(database: Database) -> None:
    few = await asked_by_a_look(database, FEW)
    assert await asked_by_a_look(database, MANY) == few


async def test_a_requested_poll_is_found_behind_many_of_other_accounts(database: Database) -> None:
    asked_at = await _database_now(database)
    rows = [
        {"id": f"{place:03}", "provider": "north", "account": "other", "requested_at": asked_at}
        for place in range(150)
    ]
    own = {**rows[0], "id": "own", "account": "a0"}
    async with database.transaction() as connection:
        await connection.execute(insert(poll_requests), [*rows, own])
    requests = ForwardedPolls(
        database, Mock(), lambda: frozenset({("north", "a0")}), Mock(), Mock(), Mock()
    )
    async with database.reading() as connection:
        assert await requests.look(connection) == [("own", ("north", "a0"))]


async def _database_now(database: Database) -> float:
    async with database.reading() as connection:
        return await database_time(connection)


async def test_a_query_that_names_each_account_is_noticed(database: Database) -> None:
    counts = []
    for count in (FEW, MANY):
        with noted() as asked:
            async with database.reading() as connection:
                named = leases.c.name.in_([account_lease(*key) for key in keys_of(count)])
                await connection.execute(select(leases.c.name).where(named))
        counts.append(asked)
    assert counts[0] != counts[1]


async def test_a_look_finds_what_is_free_of_what_is_wanted_and_who_decides(
    database: Database, empty_store: Store, tmp_path: Path
) -> None:
    shared = empty_store.model_copy(update={"replicas": True})
    other = await Database.open(tmp_path / "two", shared)
    held, free, removed = (account_lease(*key) for key in keys_of(3))
    here, there = keeper_of(database), keeper_of(other)
    await there.survey([], [TICKETS, held, free, removed])
    assert (await here.survey([TICKETS], [])).decider == ""
    await there.take([TICKETS, held])
    survey = await here.survey([TICKETS, held, free, account_lease("north", "new")], [])
    assert list(survey.free) == [free]
    assert survey.members == {here.holder, there.holder}
    assert survey.decider
    await other.close()
    survey = await here.survey([held, free], [])
    assert set(survey.free) == {held, free}
    assert survey.members == {here.holder}
    assert survey.decider == ""
