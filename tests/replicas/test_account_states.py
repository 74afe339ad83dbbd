"""The state of an account moves with its lease: nothing forgotten, nothing spent twice.

Negative control: a takeover that counts what the former poller may have sent unseen as not sent has
the whole limit left (:func:`test_what_was_sent_counts_for_the_next_poller`).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.config.store import Store
from agent.model import AccountKey, Balance, Listing, Number
from agent.net.exchange import RateLimit
from agent.polling.budget import Budget
from agent.polling.handover import Absence, RequestTimes, SentRequests
from agent.polling.rate_windows import RateWindows
from agent.replicas import account_states
from agent.replicas.account_parts import PollingState
from agent.replicas.account_states import AccountStates
from agent.replicas.state_rows import Part, delete_old_ids, read_newer, read_versions
from agent.states import NumberState
from agent.store import StoreError
from agent.store.database import Database
from agent.store.leases import TTL, account_lease
from agent.store.postgresql.moment import Moment, moment_of
from agent.store.schema import account_states as account_states_table
from tests.postgresql_server import PostgresqlServer
from tests.replicas.test_account_parts import state

KEY = ("north", "hq")
OTHER = ("north", "shop")


class Replica:
    """The states of one replica, which polls ``KEY`` while it holds its lease."""

    def __init__(self, database: Database, clock_ahead: float = 0.0) -> None:
        self.database = database
        assert database.lease_keeper is not None
        self.keeper = database.lease_keeper
        self.polled: PollingState | None = None
        self.asked = 0
        self.states = AccountStates(
            database, self.known, self.signs, self.epoch, lambda: clock_ahead
        )

    def known(self, _key: AccountKey) -> PollingState | None:
        self.asked += 1
        return self.polled

    def signs(self, _key: AccountKey) -> tuple[object, ...]:
        return () if self.polled is None else self.polled.signs

    def epoch(self, key: AccountKey) -> int | None:
        lease = self.keeper.lease(account_lease(*key))
        return None if lease is None else lease.epoch

    async def take(self, *keys: AccountKey) -> None:
        names = [account_lease(*key) for key in keys or (KEY,)]
        await self.keeper.survey(names, names)
        assert len(await self.keeper.take(names)) == len(names)


@pytest.fixture
async def pair(empty_store: Store, tmp_path: Path) -> AsyncIterator[tuple[Replica, Replica]]:
    shared = empty_store.model_copy(update={"replicas": True})
    databases = [await Database.open(tmp_path / name, shared) for name in ("one", "two")]
    yield Replica(databases[0]), Replica(databases[1], clock_ahead=3600.0)
    for database in databases:
        await database.close()


async def test_the_others_see_what_one_polls_and_the_next_goes_on_from_it(
    pair: tuple[Replica, Replica],
) -> None:
    one, two = pair
    assert await two.states.read([KEY]) == []
    await one.take()
    one.polled = state()
    await one.states.write([KEY])
    (snapshot,) = await two.states.read([KEY])
    assert snapshot.listing == one.polled.merged.snapshot.listing
    assert await two.states.read([KEY]) == [], "nothing has changed"
    await one.states.write_last({KEY: one.polled})
    await one.keeper.give([account_lease(*KEY)])
    await two.take()
    former = (await two.states.take([KEY]))[KEY]
    assert former.merged.missing == one.polled.merged.missing
    assert former.handover.calls == one.polled.counted or former.handover.calls.since == 4.0
    assert former.call_ids == {4: list(one.polled.call_ids[4])}
    assert former.absence.unsaved == 0.0, "it wrote when it had stopped"
    gone = former.merged.gone
    assert gone == {number: at + 3600.0 for number, at in one.polled.merged.gone.items()}


async def test_only_what_has_changed_is_written(
    pair: tuple[Replica, Replica], empty_store: Store, postgresql: PostgresqlServer
) -> None:
    one, _ = pair
    await one.take()
    one.polled = state()
    await one.states.write([KEY])
    query = 'SELECT part, revision FROM account_states ORDER BY part COLLATE "C"'
    written = postgresql.execute_in(empty_store, query)
    assert {line.split("|")[1] for line in written} == {"1"}
    one.asked = 0
    await one.states.write([KEY])
    assert postgresql.execute_in(empty_store, query) == written
    assert one.asked == 0, "what has not changed is not put together either"
    before = one.polled
    one.polled = PollingState(
        before.merged, before.export, before.call_ids, before.sent + 1, before.counted
    )
    await one.states.write([KEY])
    changed = set(postgresql.execute_in(empty_store, query)) - set(written)
    assert changed == {"handover|2"}


async def test_who_takes_an_account_again_writes_it_again(
    pair: tuple[Replica, Replica], empty_store: Store, postgresql: PostgresqlServer
) -> None:
    """Under another epoch: another may have had it meanwhile."""
    one, _ = pair
    await one.take()
    one.polled = state()
    await one.states.write([KEY])
    await one.keeper.give([account_lease(*KEY)])
    await one.take()
    await one.states.write([KEY])
    epochs = postgresql.execute_in(empty_store, "SELECT DISTINCT epoch FROM account_states")
    assert epochs == ["2"]


async def test_only_what_has_changed_is_read(
    pair: tuple[Replica, Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    await one.take()
    one.polled = state()
    await one.states.write([KEY])
    (first,) = await two.states.read([KEY])
    read: list[str] = []

    async def noting(connection: AsyncConnection, parts: Sequence[Part]) -> Any:
        read.extend(name for _, name in parts)
        return await read_versions(connection, parts)

    monkeypatch.setattr(account_states, "read_versions", noting)
    merged = one.polled.merged
    snapshot = msgspec.structs.replace(merged.snapshot, balance=Balance(4.0, "CNY"))
    one.polled = replace(one.polled, merged=replace(merged, snapshot=snapshot))
    await one.states.write([KEY])
    (second,) = await two.states.read([KEY])
    # The status, which every poll changes, comes with what is asked for it.
    assert read == []
    assert second.balance == Balance(4.0, "CNY")
    assert second.listing is first.listing
    # Another part is read when it is another one, and no part beside it.
    listing = Listing((Number("4006229999", NumberState.ACTIVE),))
    snapshot = msgspec.structs.replace(snapshot, listing=listing)
    one.polled = replace(one.polled, merged=replace(merged, snapshot=snapshot))
    await one.states.write([KEY])
    (third,) = await two.states.read([KEY])
    assert read == ["numbers"]
    assert third.listing == listing


def _noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The accounts of the rows that come of each look for what is newer, as they come."""
    found: list[str] = []

    async def noting(*asked: Any) -> Any:
        rows = await read_newer(*asked)
        found.extend(key[1] for (key, _), _, _ in rows)
        return rows

    monkeypatch.setattr(account_states, "read_newer", noting)
    return found


async def test_what_others_see_late_is_read_late_and_not_never(
    pair: tuple[Replica, Replica],
    empty_store: Store,
    postgresql: PostgresqlServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control: by its time it was written before what was read last."""
    one, two = pair
    await one.take(KEY, OTHER)
    one.polled = state()
    await one.states.write([KEY, OTHER])
    await two.states.read([KEY, OTHER])
    await two.states.read([KEY, OTHER])
    found = _noted(monkeypatch)
    slow = update(account_states_table).where(account_states_table.c.account == KEY[1])
    older = account_states_table.c.written_at - 20, account_states_table.c.revision + 1
    async with one.database.transaction() as connection:
        await connection.execute(slow.values(written_at=older[0], revision=older[1]))
        newer = "UPDATE account_states SET revision = revision + 1 WHERE account = 'shop'"
        postgresql.execute_in(empty_store, newer)
        (read,) = await two.states.read([KEY, OTHER])
        assert read.account == OTHER[1]
    (read,) = await two.states.read([KEY, OTHER])
    assert read.account == KEY[1]
    found.clear()
    assert await two.states.read([KEY, OTHER]) == []
    assert found == [], "what was seen is not asked for again"


async def test_of_a_server_that_was_started_anew_all_is_asked_for(
    pair: tuple[Replica, Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A standby that took over may count transactions again that it never had."""
    one, two = pair
    await one.take()
    one.polled = state()
    await one.states.write([KEY])
    await two.states.read([KEY])
    found = _noted(monkeypatch)
    await two.states.read([KEY])
    assert found == []

    async def elsewhere(connection: AsyncConnection) -> Moment:
        return (await moment_of(connection))._replace(server=1.0)

    monkeypatch.setattr(account_states, "moment_of", elsewhere)
    await two.states.read([KEY])
    assert set(found) == {KEY[1]}


async def test_an_account_that_is_lost_while_it_is_written_harms_no_other(
    pair: tuple[Replica, Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    await one.take(KEY, OTHER)
    one.polled = state()

    async def losing(*arguments: Any) -> None:
        await delete_old_ids(*arguments)
        one.states.forget([KEY])

    monkeypatch.setitem(vars(account_states), "delete_old_ids", losing)
    await one.states.write([KEY, OTHER])
    await two.states.read([OTHER])
    snapshot = msgspec.structs.replace(one.polled.merged.snapshot, balance=Balance(7.0, "CNY"))
    one.polled = replace(one.polled, merged=replace(one.polled.merged, snapshot=snapshot))
    await one.states.write([OTHER])
    (read,) = await two.states.read([OTHER])
    assert read.balance == snapshot.balance


async def test_who_lost_the_account_writes_nothing(
    pair: tuple[Replica, Replica], empty_store: Store, postgresql: PostgresqlServer
) -> None:
    one, two = pair
    await one.take()
    one.polled = two.polled = state()
    await one.states.write([KEY])
    postgresql.execute_in(
        empty_store, "UPDATE leases SET expires_at = 0 WHERE name LIKE 'account:%'"
    )
    await two.take()
    await two.states.write([KEY])
    query = "SELECT part, epoch, revision FROM account_states"
    written = sorted(postgresql.execute_in(empty_store, query))
    stale = one.polled
    one.polled = PollingState(
        stale.merged, stale.export, stale.call_ids, stale.sent + 1, stale.counted
    )
    with pytest.raises(StoreError, match="taken the ledger over"):
        await one.states.write([KEY])
    assert sorted(postgresql.execute_in(empty_store, query)) == written


async def test_a_crash_leaves_a_time_in_which_anything_may_have_been_sent(
    pair: tuple[Replica, Replica], empty_store: Store, postgresql: PostgresqlServer
) -> None:
    one, two = pair
    await one.take()
    one.polled = state()
    await one.states.write([KEY])
    postgresql.execute_in(
        empty_store,
        "UPDATE leases SET expires_at = 0 WHERE name LIKE 'account:%';"
        "UPDATE account_states SET written_at = written_at - 100",
    )
    await two.take()
    absence = (await two.states.take([KEY]))[KEY].absence
    assert absence.seconds >= 100
    assert TTL <= absence.unsaved <= TTL + 2


def left(windows: RateWindows, limit: RateLimit) -> int:
    """How many requests may be sent at once."""
    count = 0
    while windows.take([limit]):
        count += 1
    return count


async def test_what_was_sent_counts_for_the_next_poller() -> None:
    limit = RateLimit(10, 60.0)
    sent = (RequestTimes(10, 60.0, "", (50.0, 30.0, 5.0)),)
    now = asyncio.get_running_loop().time()
    clean, crashed, careless = (RateWindows(lambda: now) for _ in range(3))
    clean.adopt(sent, 4.0, 0)
    crashed.adopt(sent, 4.0, 4)
    assert left(clean, limit) == 7
    assert left(crashed, limit) == 3
    assert left(careless, limit) == 10


async def test_a_pause_that_the_provider_asked_for_goes_on() -> None:
    budget = Budget(5.0, 2)
    budget.adopt(SentRequests(5.0, pause=30.0, on_trial=True), Absence(10.0))
    assert 19.0 < budget.remaining_pause() <= 20.0
    assert budget.export().on_trial
    over = Budget(5.0, 2)
    over.adopt(SentRequests(5.0, pause=30.0), Absence(40.0))
    assert over.remaining_pause() == 0.0
