"""Writes hours into the database: each as a whole, so that writing one again changes nothing.

Of an account's numbers only those are written whose phones differ from their newest row, and calls
only where there were any. The row of the account comes last: a reader takes an hour for observed
only once it is there. Many small accounts share a transaction, a large one takes several.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final, TypeVar

from sqlalchemy import delete, func, insert, select

from agent.history import schema
from agent.history.aggregate import AccountHour, Extremes, FleetHour
from agent.history.database import HistoryDatabase
from agent.history.plan import CallColumns, WritePlan, make_plan, phone_rows
from agent.history.rows import (
    CallRow,
    PhoneRow,
    SubjectRow,
    counts_with,
    delete_unused,
    name_numbers,
    read_calls,
    read_subjects,
    read_summaries,
    replace_calls,
    replace_phones,
    replace_summaries,
    seconds_of,
    summary_of,
    unknown_phones,
)
from agent.history.subjects import AccountSubjects
from agent.model import AccountKey
from agent.store.database import uninterrupted

_Owner = TypeVar("_Owner")

_ROWS_A_TRANSACTION: Final = 4000
"""Readers wait for a transaction."""
_ACCOUNTS_AT_ONCE: Final = 200
"""Accounts that share transactions: each transaction takes a few turns of the loop and the disk."""

_subjects, _tickets = schema.subjects, schema.tickets


@dataclass(frozen=True, eq=False)
class _Work:
    """What there is to write of an account."""

    key: AccountKey
    account: AccountHour
    subjects: AccountSubjects
    plan: WritePlan


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
        rest = iter([it for it in hour.accounts.items() if _says_something(it[1])])
        while accounts := dict(islice(rest, _ACCOUNTS_AT_ONCE)):
            await self._write_accounts(hour.hour, accounts)
        await self._write_tickets(hour)

    async def _write_accounts(self, hour: int, accounts: Mapping[AccountKey, AccountHour]) -> None:
        await self._load([key for key in accounts if key not in self._by_account])
        async with self._database.transaction() as connection:
            stored = await read_summaries(connection, hour, accounts)
        for key, account in accounts.items():
            if account.stored_seconds is None:
                account.stored_seconds = seconds_of(stored.get(key))
        work = await asyncio.to_thread(self._planned, accounts)
        await self._name(work)
        await self._write_phones(hour, [it for it in work if it.account.phones is not None])
        await self._write_calls(hour, work)
        rows = {key: summary_of(it, stored.get(key)) for key, it in accounts.items()}
        async with self._database.transaction() as connection:
            await replace_summaries(connection, hour, rows)

    def _planned(self, accounts: Mapping[AccountKey, AccountHour]) -> list[_Work]:
        known = ((key, account, self._by_account[key]) for key, account in accounts.items())
        return [_Work(*it, make_plan(it[2], it[1])) for it in known]

    async def _load(self, keys: Sequence[AccountKey]) -> None:
        """The numbers of accounts; those of which nothing is left are deleted first."""
        if not keys:
            return
        small: dict[AccountKey, list[Sequence[SubjectRow]]] = {}
        async with self._database.transaction() as connection:
            await delete_unused(connection, keys)
            for key in keys:
                small[key] = [await read_subjects(connection, key, "", _ROWS_A_TRANSACTION)]
        for key, parts in small.items():
            while len(parts[-1]) == _ROWS_A_TRANSACTION:
                last = parts[-1][-1][1]
                async with self._database.transaction() as connection:
                    parts.append(await read_subjects(connection, key, last, _ROWS_A_TRANSACTION))
        self._by_account |= await asyncio.to_thread(_subjects_of, small)

    async def _name(self, work: Iterable[_Work]) -> None:
        """Give numbers their ids."""
        for group in _groups((it, list(it.plan.nameless)) for it in work):
            async with self._database.transaction() as connection:
                if self._last_id is None:
                    newest = await connection.execute(select(func.max(_subjects.c.id)))
                    self._last_id = newest.scalar() or 0
                first = self._last_id + 1
                numbers = ((*it.key, number) for it, part in group for number in part)
                await name_numbers(connection, _numbered(first, numbers))
            self._last_id += sum(len(part) for _, part in group)
            await asyncio.to_thread(_note_names, first, group)

    async def _write_phones(self, hour: int, work: Sequence[_Work]) -> None:
        for group in _groups((it, it.plan.rows) for it in work):
            rows = await asyncio.to_thread(_phone_rows, group)
            async with self._database.transaction() as connection:
                await replace_phones(connection, hour, rows)
            await asyncio.to_thread(_note_phones, group)
        for vanished in _groups((it, it.plan.vanished) for it in work):
            ids = chain.from_iterable(part for _, part in vanished)
            async with self._database.transaction() as connection:
                await replace_phones(connection, hour, unknown_phones(ids))
        for it in work:
            it.subjects.forget_vanished(len(it.plan.vanished))

    async def _write_calls(self, hour: int, work: Sequence[_Work]) -> None:
        called = await asyncio.to_thread(_called, work)
        for group in _groups(called, _ROWS_A_TRANSACTION // 2):
            missing = await asyncio.to_thread(_not_looked_up, group)
            async with self._database.transaction() as connection:
                if missing:
                    stored = await read_calls(connection, hour, missing)
                    await asyncio.to_thread(_note_calls, missing, stored)
                await replace_calls(connection, hour, _call_rows(group))

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


def _says_something(account: AccountHour) -> bool:
    return bool(account.reachability_seconds or account.calls_seconds or account.balance)


def _groups(
    parts: Iterable[tuple[_Owner, Any]], most: int = _ROWS_A_TRANSACTION
) -> Iterator[list[tuple[_Owner, Any]]]:
    """What belongs to each owner, in groups of ``most`` items: many short ones, parts of long."""
    group: list[tuple[_Owner, Any]] = []
    room = most
    for owner, items in parts:
        start = 0
        while start < len(items):
            part = items[start : start + room]
            group.append((owner, part))
            start, room = start + len(part), room - len(part)
            if not room:
                yield group
                group, room = [], most
    if group:
        yield group


def _subjects_of(
    stored: Mapping[AccountKey, Sequence[Sequence[SubjectRow]]],
) -> dict[AccountKey, AccountSubjects]:
    return {key: AccountSubjects.of(parts) for key, parts in stored.items()}


def _numbered(
    first: int, numbers: Iterable[tuple[str, str, str]]
) -> Iterator[tuple[int, str, str, str]]:
    return ((id_, *number) for id_, number in enumerate(numbers, first))


def _note_names(first: int, group: Iterable[tuple[_Work, Sequence[str]]]) -> None:
    for it, numbers in group:
        it.subjects.add(first, {number: it.plan.nameless[number] for number in numbers})
        first += len(numbers)


def _phone_rows(group: Iterable[tuple[_Work, Any]]) -> list[PhoneRow]:
    return [row for it, rows in group for row in phone_rows(it.subjects, it.account, rows)]


def _note_phones(group: Iterable[tuple[_Work, Any]]) -> None:
    for it, rows in group:
        assert it.account.phones is not None
        it.subjects.stored(rows, it.account.phones)


@dataclass(frozen=True, eq=False)
class _Calls:
    """The calls of an account's hour: the ids of its numbers beside the columns."""

    account: AccountHour
    ids: list[int]
    columns: CallColumns


def _called(work: Iterable[_Work]) -> list[tuple[_Calls, range]]:
    """The calls of each account, with the places of their rows."""
    calls = [
        _Calls(it.account, _call_subjects(it.subjects, it.plan.calls), it.plan.calls) for it in work
    ]
    return [(it, range(len(it.ids))) for it in calls]


def _call_subjects(subjects: AccountSubjects, calls: CallColumns) -> list[int]:
    """The id of the number of each row of ``calls``."""
    called = {number: None for number in calls.numbers}  # noqa: C420 - gives way to the loop
    ids = subjects.ids_of(called)
    return [ids[number] for number in calls.numbers]


def _not_looked_up(group: Iterable[tuple[_Calls, range]]) -> dict[int, AccountHour]:
    """The ids of which it is not known what the database has, with the accounts."""
    ids = ((it.ids[place], it.account) for it, places in group for place in places)
    return {id_: account for id_, account in ids if id_ not in account.looked_up}


def _note_calls(accounts: Mapping[int, AccountHour], rows: Iterable[CallRow]) -> None:
    """Note the calls that the database has of those of the ids of ``accounts``."""
    for subject, account in accounts.items():
        account.looked_up.add(subject)
    for subject, code, count in rows:
        accounts[subject].stored_calls[subject, code] = count


def _call_rows(group: Iterable[tuple[_Calls, range]]) -> Iterator[CallRow]:
    for it, places in group:
        rows = (
            (it.ids[place], it.columns.codes[place], it.columns.counts[place]) for place in places
        )
        yield from counts_with(it.account.stored_calls, rows)
