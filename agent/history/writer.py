"""Writes hours into the database: each as a whole, so that writing one again changes nothing.

Of an account's numbers only those are written whose phones differ from their newest row, and calls
only where there were any. The row of the account comes last: a reader takes an hour for observed
only once it is there.
"""

import asyncio
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import ColumnElement, and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.history import schema
from agent.history.aggregate import AccountHour, Extremes, FleetHour
from agent.history.database import HistoryDatabase, execute_many, fetch_all
from agent.history.plan import CallColumns, WritePlan, make_plan, phone_rows
from agent.history.subjects import AccountSubjects
from agent.model import AccountKey
from agent.store.database import uninterrupted

Item = TypeVar("Item")

_ROWS_A_TRANSACTION: Final = 4000
"""Readers wait for a transaction."""

_accounts, _subjects, _tickets = schema.accounts, schema.subjects, schema.tickets

_NAME: Final = "INSERT INTO history_subjects (id, provider, account, number) VALUES (?, ?, ?, ?)"
_STORE_PHONES: Final = """
    INSERT INTO history_numbers (subject, hour, low, high, last, bound) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (subject, hour) DO UPDATE SET
      low = coalesce(min(excluded.low, low), excluded.low, low),
      high = coalesce(max(excluded.high, high), excluded.high, high),
      last = excluded.last, bound = excluded.bound
"""
"""Merged with what an earlier process stored of the same hour."""
_NOTE_NEWEST: Final = "UPDATE history_subjects SET reachable = ?, bound = ? WHERE id = ?"
_STORE_CALLS: Final = """
    INSERT INTO history_calls (subject, hour, result, count) VALUES (?, ?, ?, ?)
    ON CONFLICT (subject, hour, result) DO UPDATE SET count = excluded.count
"""
_READ_CALLS: Final = """
    SELECT subject, result, count FROM history_calls
    WHERE hour = ? AND subject IN (SELECT value FROM json_each(?))
"""
_READ_SUBJECTS: Final = """
    SELECT id, number, reachable, bound FROM history_subjects
    WHERE provider = ? AND account = ? AND number > ? ORDER BY number LIMIT ?
"""
_DELETE_UNUSED: Final = """
    DELETE FROM history_subjects WHERE provider = ? AND account = ?
      AND NOT EXISTS (SELECT 1 FROM history_numbers WHERE subject = history_subjects.id)
      AND NOT EXISTS (SELECT 1 FROM history_calls WHERE subject = history_subjects.id)
"""


class HistoryWriter:
    """The only writer of the history; one call at a time."""

    def __init__(self, database: HistoryDatabase) -> None:
        self._database = database
        self._by_account: dict[AccountKey, AccountSubjects] = {}
        self._last_id: int | None = None

    @uninterrupted
    async def write(self, hour: FleetHour) -> None:
        """Store everything of ``hour``, in place of what was stored of it.

        Raises:
            HistoryError: when the database refuses; the same call later completes it.
        """
        for key, account in hour.accounts.items():
            await self._write_account(key, hour.hour, account)
        await self._write_tickets(hour)

    async def _write_account(self, key: AccountKey, hour: int, account: AccountHour) -> None:
        if not (account.reachability_seconds or account.calls_seconds or account.balance):
            return
        subjects = self._by_account.get(key)
        if subjects is None:
            subjects = self._by_account[key] = await self._load(key)
        if account.stored_seconds is None:
            account.stored_seconds = await self._stored_seconds(key, hour)
        plan = await asyncio.to_thread(make_plan, subjects, account)
        await self._name(key, subjects, plan.nameless)
        await self._write_phones(hour, account, subjects, plan)
        await self._write_calls(hour, account, subjects, plan)
        await self._write_summary(key, hour, account)

    async def _stored_seconds(self, key: AccountKey, hour: int) -> tuple[float, float]:
        """For how long of ``hour`` an earlier process knew the phones and the calls."""
        async with self._database.transaction() as connection:
            columns = (_accounts.c.reachability_seconds, _accounts.c.calls_seconds)
            row = (await connection.execute(select(*columns).where(_of(key, hour)))).first()
        return (0.0, 0.0) if row is None else (row[0], row[1])

    async def _load(self, key: AccountKey) -> AccountSubjects:
        """The account's numbers; those of which nothing is left are deleted first."""
        async with self._database.transaction() as connection:
            await execute_many(connection, _DELETE_UNUSED, [key])
        stored: list[Sequence[tuple[Any, ...]]] = []
        number = ""
        while True:
            async with self._database.transaction() as connection:
                parameters = (*key, number, _ROWS_A_TRANSACTION)
                rows = await fetch_all(connection, _READ_SUBJECTS, parameters)
            stored.append(rows)
            if len(rows) < _ROWS_A_TRANSACTION:
                return await asyncio.to_thread(AccountSubjects.of, stored)
            number = rows[-1][1]

    async def _name(
        self, key: AccountKey, subjects: AccountSubjects, numbers: Mapping[str, int | None]
    ) -> None:
        """Give ``numbers`` their ids."""
        for part in _parts(list(numbers), _ROWS_A_TRANSACTION):
            async with self._database.transaction() as connection:
                if self._last_id is None:
                    newest = await connection.execute(select(func.max(_subjects.c.id)))
                    self._last_id = newest.scalar() or 0
                first = self._last_id + 1
                rows = ((first + place, *key, number) for place, number in enumerate(part))
                await execute_many(connection, _NAME, rows)
            self._last_id += len(part)
            await asyncio.to_thread(subjects.add, first, {it: numbers[it] for it in part})

    async def _write_phones(
        self, hour: int, account: AccountHour, subjects: AccountSubjects, plan: WritePlan
    ) -> None:
        phones = account.phones
        if phones is None:
            return
        for start in range(0, plan.rows.size, _ROWS_A_TRANSACTION):
            chosen = plan.rows[start : start + _ROWS_A_TRANSACTION]
            rows = await asyncio.to_thread(phone_rows, subjects, account, chosen)
            async with self._database.transaction() as connection:
                await _replace_phones(connection, hour, rows)
            await asyncio.to_thread(subjects.stored, chosen, phones)
        nothing = (math.nan,) * 4
        for part in _parts(plan.vanished, _ROWS_A_TRANSACTION):
            async with self._database.transaction() as connection:
                await _replace_phones(connection, hour, [(id_, *nothing) for id_ in part])
        subjects.forget_vanished(len(plan.vanished))

    async def _write_calls(
        self, hour: int, account: AccountHour, subjects: AccountSubjects, plan: WritePlan
    ) -> None:
        calls = plan.calls
        ids = await asyncio.to_thread(_call_subjects, subjects, calls)
        for start in range(0, len(ids), _ROWS_A_TRANSACTION // 2):
            part = slice(start, start + _ROWS_A_TRANSACTION // 2)
            missing = set(ids[part]) - account.looked_up
            async with self._database.transaction() as connection:
                if missing:
                    parameters = (hour, msgspec.json.encode(missing).decode())
                    rows = await fetch_all(connection, _READ_CALLS, parameters)
                    await asyncio.to_thread(_note_stored, account, missing, rows)
                counted = zip(ids[part], calls.codes[part], calls.counts[part], strict=True)
                await execute_many(
                    connection, _STORE_CALLS, _call_rows(hour, account.stored_calls, counted)
                )

    async def _write_summary(self, key: AccountKey, hour: int, account: AccountHour) -> None:
        mine = _of(key, hour)
        async with self._database.transaction() as connection:
            row = (await connection.execute(select(_accounts).where(mine))).mappings().first()
            former = None if row is None else {str(name): value for name, value in row.items()}
            await connection.execute(delete(_accounts).where(mine))
            await connection.execute(insert(_accounts).values(_summary(key, hour, account, former)))

    async def _write_tickets(self, hour: FleetHour) -> None:
        this = _tickets.c.hour == hour.hour
        async with self._database.transaction() as connection:
            stored = {
                row["severity"]: Extremes(row["last"], row["last"], row["low"], row["high"])
                for row in (await connection.execute(select(_tickets).where(this))).mappings()
            }
            rows = []
            for severity, extremes in hour.tickets.items():
                before = stored.get(severity)
                both = extremes if before is None else before.followed_by(extremes)
                rows.append(
                    {
                        "hour": hour.hour,
                        "severity": severity,
                        "low": int(both.low),
                        "high": int(both.high),
                        "last": int(both.last),
                    }
                )
            if rows:
                await connection.execute(delete(_tickets).where(this))
                await connection.execute(insert(_tickets), rows)


def _of(key: AccountKey, hour: int) -> ColumnElement[bool]:
    columns = _accounts.c
    return and_(columns.provider == key[0], columns.account == key[1], columns.hour == hour)


def _parts(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def _call_subjects(subjects: AccountSubjects, calls: CallColumns) -> list[int]:
    """The id of the number of each row of ``calls``."""
    called = {number: None for number in calls.numbers}  # noqa: C420 - gives way to the loop
    ids = subjects.ids_of(called)
    return [ids[number] for number in calls.numbers]


def _note_stored(
    account: AccountHour, subjects: Iterable[int], rows: Iterable[tuple[int, int, int]]
) -> None:
    """Note the calls that the database has of ``subjects``."""
    account.looked_up.update(subjects)
    for subject, code, count in rows:
        account.stored_calls[subject, code] = count


def _call_rows(
    hour: int, stored: Mapping[tuple[int, int], int], counted: Iterable[tuple[int, int, int]]
) -> Iterator[tuple[int, int, int, int]]:
    """The counts of an hour, with what was ``stored`` of it before this process."""
    for subject, code, count in counted:
        yield subject, hour, code, stored.get((subject, code), 0) + count


async def _replace_phones(
    connection: AsyncConnection, hour: int, rows: Sequence[tuple[int, float, float, float, float]]
) -> None:
    """Store ``rows`` of ``hour``; SQLite takes a NaN for unknown (NULL)."""
    await execute_many(
        connection, _STORE_PHONES, ((subject, hour, *figures) for subject, *figures in rows)
    )
    newest = ((last, bound, subject) for subject, _low, _high, last, bound in rows)
    await execute_many(connection, _NOTE_NEWEST, newest)


def _summary(
    key: AccountKey, hour: int, account: AccountHour, row: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The row of an account: balances merged with ``row``, seconds added to those stored."""
    balance, currency = account.balance, account.currency
    if row is not None and row["first"] is not None and (currency in ("", row["currency"])):
        before = Extremes(row["first"], row["last"], row["low"], row["high"])
        balance = before if balance is None else before.followed_by(balance)
        currency = row["currency"]
    reachability, calls = account.stored_seconds or (0.0, 0.0)
    return {
        "provider": key[0],
        "account": key[1],
        "hour": hour,
        "currency": currency,
        "first": None if balance is None else balance.first,
        "last": None if balance is None else balance.last,
        "low": None if balance is None else balance.low,
        "high": None if balance is None else balance.high,
        "reachability_seconds": reachability + account.reachability_seconds,
        "calls_seconds": calls + account.calls_seconds,
    }
