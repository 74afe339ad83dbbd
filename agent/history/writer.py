"""Writes hours into the database: each as a whole, so that writing one again changes nothing.

Of an account's numbers only those are written whose phones differ from their newest row, and calls
only where there were any. The row of the account comes last: a reader takes an hour for observed
only once it is there.
"""

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.history import schema
from agent.history.aggregate import AccountHour, Extremes, FleetHour
from agent.history.database import HistoryDatabase
from agent.history.plan import WritePlan, make_plan, phone_rows
from agent.history.subjects import AccountSubjects, StoredSubject
from agent.model import AccountKey
from agent.store.database import uninterrupted

Item = TypeVar("Item")

_ROWS_A_STATEMENT: Final = 1000
"""Few enough that the event loop never waits long for their parameters."""
_IDS_A_STATEMENT: Final = 500
"""SQLite before 3.32 takes at most 999 parameters in a statement."""
_ROWS_A_TRANSACTION: Final = 4000
"""Readers wait for a transaction, and the event loop for its rows to be made."""

_numbers, _calls, _accounts = schema.numbers, schema.calls, schema.accounts
_subjects, _tickets = schema.subjects, schema.tickets

_DELETE_NUMBER: Final = delete(_numbers).where(
    _numbers.c.subject == bindparam("key"), _numbers.c.hour == bindparam("at")
)
_DELETE_CALLS: Final = delete(_calls).where(
    _calls.c.subject == bindparam("key"), _calls.c.hour == bindparam("at")
)
_UPDATE_SUBJECT: Final = (
    update(_subjects)
    .where(_subjects.c.id == bindparam("key"))
    .values(reachable=bindparam("new_reachable"), bound=bindparam("new_bound"))
)


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
        stored: list[StoredSubject] = []
        mine = and_(_subjects.c.provider == key[0], _subjects.c.account == key[1])
        async with self._database.transaction() as connection:
            unused = (
                ~exists().where(_numbers.c.subject == _subjects.c.id),
                ~exists().where(_calls.c.subject == _subjects.c.id),
            )
            await connection.execute(delete(_subjects).where(mine, *unused))
        number = ""
        columns = (_subjects.c.id, _subjects.c.number, _subjects.c.reachable, _subjects.c.bound)
        query = select(*columns).where(mine).order_by(_subjects.c.number).limit(_ROWS_A_TRANSACTION)
        while True:
            async with self._database.transaction() as connection:
                rows = (await connection.execute(query.where(_subjects.c.number > number))).all()
            stored += [StoredSubject(*row) for row in rows]
            if len(rows) < _ROWS_A_TRANSACTION:
                return await asyncio.to_thread(AccountSubjects.of, stored)
            number = rows[-1][1]

    async def _name(
        self, key: AccountKey, subjects: AccountSubjects, numbers: Mapping[str, int | None]
    ) -> None:
        """Give ``numbers`` their ids."""
        provider, account = key
        for part in _parts(list(numbers), _ROWS_A_TRANSACTION):
            async with self._database.transaction() as connection:
                if self._last_id is None:
                    newest = await connection.execute(select(func.max(_subjects.c.id)))
                    self._last_id = newest.scalar() or 0
                first = self._last_id + 1
                ids = {number: first + place for place, number in enumerate(part)}
                rows = [
                    {"id": id_, "provider": provider, "account": account, "number": number}
                    for number, id_ in ids.items()
                ]
                await _execute(connection, insert(_subjects), rows)
            self._last_id += len(part)
            for number, id_ in ids.items():
                subjects.add(id_, number, numbers[number])

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
            subjects.stored(chosen, phones)
        nothing = (math.nan,) * 4
        for part in _parts(plan.vanished, _ROWS_A_TRANSACTION):
            async with self._database.transaction() as connection:
                await _replace_phones(connection, hour, [(id_, *nothing) for id_ in part])
        subjects.forget_vanished(len(plan.vanished))

    async def _write_calls(
        self, hour: int, account: AccountHour, subjects: AccountSubjects, plan: WritePlan
    ) -> None:
        ids = await asyncio.to_thread(subjects.ids_of, plan.calls)
        for part in _parts(list(plan.calls), _ROWS_A_TRANSACTION // 4):
            counts = {ids[number]: plan.calls[number] for number in part}
            async with self._database.transaction() as connection:
                await _load_calls(connection, hour, account.stored_calls, list(counts))
                rows = [
                    {"subject": subject, "hour": hour, "result": code, "count": count}
                    for subject, counted in counts.items()
                    for code, count in _sum(account.stored_calls[subject], counted).items()
                ]
                await _execute(connection, _DELETE_CALLS, _keys(counts, hour))
                await _execute(connection, insert(_calls), rows)

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


async def _execute(connection: AsyncConnection, statement: Any, rows: Sequence[Any]) -> None:
    for part in _parts(rows, _ROWS_A_STATEMENT):
        await connection.execute(statement, part)


def _parts(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def _keys(subjects: Mapping[int, object], hour: int) -> list[dict[str, int]]:
    return [{"key": subject, "at": hour} for subject in subjects]


def _sum(left: Mapping[int, int], right: Mapping[int, int]) -> dict[int, int]:
    return {code: left.get(code, 0) + right.get(code, 0) for code in (*left, *right)}


async def _load_calls(
    connection: AsyncConnection,
    hour: int,
    stored: dict[int, dict[int, int]],
    subjects: Sequence[int],
) -> None:
    """Read what ``stored`` does not have yet of the calls of ``subjects`` in ``hour``."""
    missing = [subject for subject in subjects if subject not in stored]
    for part in _parts(missing, _IDS_A_STATEMENT):
        stored.update({subject: {} for subject in part})
        query = select(_calls).where(_calls.c.subject.in_(part), _calls.c.hour == hour)
        for row in (await connection.execute(query)).mappings():
            stored[row["subject"]][row["result"]] = row["count"]


async def _replace_phones(
    connection: AsyncConnection, hour: int, rows: Sequence[tuple[int, float, float, float, float]]
) -> None:
    """Store ``rows`` of ``hour``, merged with what an earlier process stored of it."""
    former: dict[int, tuple[int | None, int | None]] = {}
    for part in _parts([row[0] for row in rows], _IDS_A_STATEMENT):
        columns = (_numbers.c.subject, _numbers.c.low, _numbers.c.high)
        query = select(*columns).where(_numbers.c.subject.in_(part), _numbers.c.hour == hour)
        former.update({id_: (low, high) for id_, low, high in await connection.execute(query)})
    merged = [_merge(row, former.get(row[0], (None, None))) for row in rows]
    await _execute(connection, _DELETE_NUMBER, _keys(former, hour))
    await _execute(connection, insert(_numbers), [row | {"hour": hour} for row in merged])
    await _execute(
        connection,
        _UPDATE_SUBJECT,
        [
            {"key": row["subject"], "new_reachable": row["last"], "new_bound": row["bound"]}
            for row in merged
        ],
    )


def _merge(
    row: tuple[int, float, float, float, float], former: tuple[int | None, int | None]
) -> dict[str, int | None]:
    subject, *figures = row
    low, high, last, bound = (None if math.isnan(each) else int(each) for each in figures)
    lows = [each for each in (low, former[0]) if each is not None]
    highs = [each for each in (high, former[1]) if each is not None]
    return {
        "subject": subject,
        "low": min(lows, default=None),
        "high": max(highs, default=None),
        "last": last,
        "bound": bound,
    }


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
