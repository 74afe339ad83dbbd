"""Hours of many accounts: small ones share transactions, and each finds its own again.

Negative control: with one account at a time the transactions grow with the accounts
(:func:`test_a_transaction_for_each_account_would_be_noticed`).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.history import writer
from agent.history.aggregate import AccountHour, Extremes, FleetHour
from agent.history.database import HistoryDatabase
from agent.history.ledger_reader import LedgerHistory
from agent.history.phones import PhoneColumns
from agent.history.rows import PhoneRow, replace_phones
from agent.history.writer import HistoryWriter
from agent.model import AccountKey
from agent.states import CallResult

FEW, MANY = 5, 150
HOUR = 3600.0
LARGE = 9000
"""Numbers of an account that takes several transactions."""


class Counted(HistoryDatabase):
    """Counts the transactions."""

    transactions = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        self.transactions += 1
        async with super().transaction() as connection:
            yield connection


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Counted]:
    opened = await HistoryDatabase.open(tmp_path)
    counted = Counted(opened.path, opened._engine)
    yield counted
    await counted.close()


def key_of(place: int) -> AccountKey:
    return ("north" if place % 2 else "south", f"a{place}")


def number_of(place: int, row: int) -> str:
    return f"4006{place:03}{row:04}"


def fleet(sizes: Mapping[int, int], hour: int, calls: int = 0) -> FleetHour:
    """An hour of accounts by their places, each with so many numbers; each has its own figures."""
    accounts = {}
    for place, size in sizes.items():
        names = [number_of(place, row) for row in range(size)]
        up = np.full(size, place % 7 + hour % 2, dtype=np.float32)
        all_of_them = np.full(size, 9, dtype=np.float32)
        accounts[key_of(place)] = AccountHour(
            phones=PhoneColumns(names, up, up, up, all_of_them),
            reachability_seconds=HOUR,
            calls_seconds=HOUR,
            balance=Extremes.of(float(place)),
            currency="CNY",
            calls_now={(names[-1], CallResult.BUSY): calls + place} if calls else {},
        )
    return FleetHour(hour, accounts)


async def transactions_for(database: Counted, count: int, first: int = 0) -> int:
    before, places = database.transactions, range(first, first + count)
    await HistoryWriter(database).write(fleet(dict.fromkeys(places, 1), 1, calls=1))
    return database.transactions - before


async def test_many_small_accounts_take_as_many_transactions_as_few(database: Counted) -> None:
    assert await transactions_for(database, MANY) == await transactions_for(database, FEW, MANY)


async def test_a_transaction_for_each_account_would_be_noticed(
    database: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_ACCOUNTS_AT_ONCE", 1)
    assert await transactions_for(database, MANY) > await transactions_for(database, FEW, MANY)


async def test_each_account_finds_its_own_again(database: Counted) -> None:
    """Across the ends of groups and transactions, and after a restart within the hour."""
    sizes = {place: place % 3 + 1 for place in range(450)} | {77: LARGE, 301: LARGE}
    await HistoryWriter(database).write(fleet(sizes, 1, calls=1))
    again = HistoryWriter(database)
    await again.write(fleet(sizes, 1, calls=2))
    await again.write(fleet(sizes, 2))
    reader = LedgerHistory(database)
    for place in (0, 1, 76, 77, 78, 199, 200, 300, 301, 302, 449):
        key, last = key_of(place), number_of(place, sizes[place] - 1)
        (balance,) = await reader.balance(key, HOUR, 2 * HOUR)
        assert balance.last == float(place)
        first, second = await reader.reachable(key, last, HOUR, 3 * HOUR)
        assert (first.last, second.last) == (place % 7 + 1, place % 7), place
        (calls,) = await reader.calls(key, last, HOUR, 2 * HOUR)
        assert calls.counts == {"busy": 1 + place + 2 + place}, place
        assert calls.complete


async def test_a_number_that_two_accounts_have_is_not_mixed_up(database: Counted) -> None:
    one, other = fleet({3: 1}, 1, calls=1), fleet({4: 1}, 1, calls=5)
    ((key, account),) = other.accounts.items()
    account.phones = one.accounts[key_of(3)].phones
    account.calls_now = {(number_of(3, 0), CallResult.BUSY): 9}
    both = FleetHour(1, {**one.accounts, key: account})
    await HistoryWriter(database).write(both)
    reader = LedgerHistory(database)
    found = [await reader.calls(it, number_of(3, 0), HOUR, 2 * HOUR) for it in (key_of(3), key)]
    assert [hours[0].counts for hours in found] == [{"busy": 4}, {"busy": 9}]


async def test_no_transaction_grows_with_what_shares_it(
    database: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers wait for a transaction."""
    written: list[int] = []

    async def noting(connection: AsyncConnection, hour: int, rows: Sequence[PhoneRow]) -> None:
        written.append(len(rows))
        await replace_phones(connection, hour, rows)

    monkeypatch.setattr(writer, "replace_phones", noting)
    await HistoryWriter(database).write(fleet(dict.fromkeys(range(7), 1500), 1))
    assert sum(written) == 7 * 1500
    assert max(written) <= 4000
