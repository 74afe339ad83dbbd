"""The leases of a replica: kept while they are renewed, given up before anybody else may have them.

Negative control: the lease that an agent has as a whole is not given up at that time
(:func:`test_at_its_deadline_a_replica_holds_nothing_and_takes_again_what_is_free`); without its
thread nothing is renewed in an event loop that is late.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agent.config.store import Store
from agent.store import InUseError, StoreError
from agent.store.acting import acting_under
from agent.store.database import Database
from agent.store.leases import TTL, agents_at_work, this_place
from agent.store.postgresql import lease_keeper
from agent.store.postgresql.lease_keeper import LeaseKeeper
from tests.postgresql_server import PostgresqlServer

NAMES = ["account:north/a", "account:north/b", "sink:desk"]


@pytest.fixture
def shared(empty_store: Store) -> Store:
    return empty_store.model_copy(update={"replicas": True})


@pytest.fixture
async def database(shared: Store, tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "one", shared)
    yield opened
    await opened.close()


def keeper_of(database: Database) -> LeaseKeeper:
    assert database.lease_keeper is not None
    return database.lease_keeper


async def _take(keeper: LeaseKeeper, names: list[str]) -> list[str]:
    await keeper.survey(names, names)
    return sorted(lease.name for lease in await keeper.take(names))


async def renewed(keeper: LeaseKeeper) -> None:
    """Wait until the leases have been renewed once more."""
    before = keeper.held_until
    async with asyncio.timeout(60):
        while keeper.held_until == before:  # noqa: ASYNC110 - the keeper's thread renews it
            await asyncio.sleep(0.02)


async def test_what_one_holds_no_other_gets_until_it_gives_it_back(
    database: Database, shared: Store, tmp_path: Path
) -> None:
    other = await Database.open(tmp_path / "two", shared)
    first, second = keeper_of(database), keeper_of(other)
    assert await _take(first, NAMES) == NAMES
    assert await _take(second, NAMES) == []
    survey = await second.survey(NAMES, [])
    assert survey.members == {first.holder, second.holder}
    assert not survey.free
    await first.give(NAMES[:1])
    assert first.lease(NAMES[0]) is None
    assert await _take(second, NAMES) == NAMES[:1]
    lease = second.lease(NAMES[0])
    assert lease is not None
    assert lease.epoch == 2
    await other.close()
    assert (await first.survey(NAMES, [])).members == {first.holder}


async def test_what_is_written_under_a_lease_that_is_not_held_is_refused(
    database: Database,
) -> None:
    """The agent goes on: nobody else need have it."""
    keeper = keeper_of(database)
    await _take(keeper, NAMES)
    with acting_under(NAMES[0]):
        await database.put("page", b"1")
    with acting_under("account:north/other"), pytest.raises(StoreError, match="north/other is not"):
        await database.put("page", b"2")
    assert await database.get("page") == b"1"
    assert database.trouble is None
    assert not database.lost.is_set()


async def test_what_is_written_under_a_lease_that_another_took_ends_the_agent(
    database: Database, shared: Store, postgresql: PostgresqlServer
) -> None:
    keeper = keeper_of(database)
    await _take(keeper, NAMES)
    postgresql.execute_in(
        shared, f"UPDATE leases SET epoch = epoch + 1, holder = 'x' WHERE name = '{NAMES[1]}'"
    )
    with acting_under(*NAMES), pytest.raises(StoreError, match="taken the ledger over"):
        await database.put("page", b"stale")
    assert postgresql.execute_in(shared, "SELECT name FROM keep WHERE name = 'page'") == []
    assert database.lost.is_set()


async def test_at_its_deadline_a_replica_holds_nothing_and_takes_again_what_is_free(
    database: Database,
) -> None:
    keeper = keeper_of(database)
    await _take(keeper, NAMES)
    assert keeper.expire() == []
    keeper.held_until = time.monotonic() + 1.0  # as 14 seconds after the last renewal
    assert keeper.lease(NAMES[0]) is None
    with acting_under(NAMES[0]), pytest.raises(StoreError, match="not this agent's now"):
        await database.put("page", b"late")
    await database.put("page", b"as a whole")
    assert keeper.expire() == NAMES
    assert await keeper._asked(keeper._renew()) is None
    assert keeper.held_until > time.monotonic() + TTL - 5
    assert keeper.lease(NAMES[0]) is None, "what was given up is taken anew, under another epoch"


async def test_a_look_that_takes_long_holds_no_renewal_up(
    shared: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_keeper, "RENEWAL_INTERVAL", 0.05)
    database = await Database.open(tmp_path / "one", shared)
    keeper = keeper_of(database)
    looking, may_end = asyncio.Event(), asyncio.Event()

    async def look() -> None:
        async with keeper._session():
            looking.set()
            await may_end.wait()

    async def let_end() -> None:
        may_end.set()

    look_under_way = asyncio.ensure_future(keeper._asked(look()))
    await keeper._asked(looking.wait())
    for _ in range(2):
        await renewed(keeper)
    await keeper._asked(let_end())
    await look_under_way
    await database.close()


async def test_an_event_loop_that_is_late_holds_no_renewal_up(
    shared: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_keeper, "RENEWAL_INTERVAL", 0.05)
    database = await Database.open(tmp_path / "one", shared)
    keeper = keeper_of(database)
    await renewed(keeper)
    before, deadline = keeper.held_until, time.monotonic() + 60
    while keeper.held_until == before and time.monotonic() < deadline:
        time.sleep(0.02)  # noqa: ASYNC251 - the event loop stands still
    assert keeper.held_until > before
    await database.close()


async def test_an_event_loop_that_stands_still_keeps_nothing(
    shared: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stands still polls nothing: the leases are another's at last."""
    monkeypatch.setattr(lease_keeper, "RENEWAL_INTERVAL", 0.05)
    monkeypatch.setattr(lease_keeper, "LONGEST_SILENCE", 0.5)
    database = await Database.open(tmp_path / "one", shared)
    keeper = keeper_of(database)
    await renewed(keeper)
    with capture_logs() as logs:
        deadline = time.monotonic() + 60
        while not logs and time.monotonic() < deadline:
            time.sleep(0.02)  # noqa: ASYNC251 - the event loop stands still
        left_at = keeper.held_until
        time.sleep(3 * lease_keeper.RETRY_INTERVAL)  # noqa: ASYNC251 - as before
        assert keeper.held_until == left_at
    assert [line["event"] for line in logs] == ["leases_left_to_expire"]
    await renewed(keeper)
    await database.close()


async def test_an_agent_alone_and_one_that_shares_exclude_each_other(
    empty_store: Store, shared: Store, tmp_path: Path
) -> None:
    alone = await Database.open(tmp_path / "alone", empty_store)
    with pytest.raises(InUseError, match=r"store\.replicas is not the same for both"):
        await Database.open(tmp_path / "shares", shared)
    await alone.close()
    shares = await Database.open(tmp_path / "shares", shared)
    with pytest.raises(InUseError, match=r"store\.replicas is not the same for both"):
        await Database.open(tmp_path / "alone", empty_store)
    await shares.close()


async def test_whoever_asks_is_told_that_replicas_work_on_the_database(
    database: Database, shared: Store, tmp_path: Path
) -> None:
    async with database.reading() as connection:
        holding = await agents_at_work(connection)
    assert holding is not None
    assert this_place() in holding.place
    assert 0 < holding.seconds <= TTL
    other = await Database.open(tmp_path / "two", shared)
    async with database.reading() as connection:
        both = await agents_at_work(connection)
    await other.close()
    assert both is not None
    assert both.place == f"{this_place()}; {this_place()}"
