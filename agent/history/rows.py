"""The statements that write hours, and the rows that they are carried out for."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.history.aggregate import AccountHour, Extremes
from agent.history.database import execute_many, fetch_all
from agent.model import AccountKey

PhoneRow = tuple[int, float, float, float, float]
"""A number's id, and its least, greatest and newest reachable phones, and its phones."""
CallRow = tuple[int, int, int]
"""A number's id, the code of a result, and how often it was."""
SubjectRow = tuple[int, str, int | None, int | None]
"""A number's id, the number, and its reachable and bound phones in its newest row."""

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
_READ_SUMMARIES: Final = """
    SELECT provider, account, currency, first, last, low, high, reachability_seconds, calls_seconds
    FROM json_each(?) AS wanted CROSS JOIN history_accounts
    WHERE provider = json_extract(wanted.value, '$[0]')
      AND account = json_extract(wanted.value, '$[1]') AND hour = ?
"""
_STORE_SUMMARY: Final = """
    INSERT OR REPLACE INTO history_accounts (provider, account, hour, currency, first, last, low,
      high, reachability_seconds, calls_seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class Summary(msgspec.Struct, frozen=True):
    """The row of an account's hour: what was stored of it."""

    currency: str
    first: float | None
    last: float | None
    low: float | None
    high: float | None
    reachability_seconds: float
    calls_seconds: float


async def delete_unused(connection: AsyncConnection, keys: Iterable[AccountKey]) -> None:
    """Delete the numbers of accounts of which nothing is left."""
    await execute_many(connection, _DELETE_UNUSED, keys)


async def read_subjects(
    connection: AsyncConnection, key: AccountKey, after: str, most: int
) -> Sequence[SubjectRow]:
    """The account's numbers after the number ``after``, in their order, at most so many."""
    return await fetch_all(connection, _READ_SUBJECTS, (*key, after, most))


async def name_numbers(
    connection: AsyncConnection, rows: Iterable[tuple[int, str, str, str]]
) -> None:
    """Give numbers their ids: id, provider, account and number."""
    await execute_many(connection, _NAME, rows)


async def replace_phones(connection: AsyncConnection, hour: int, rows: Sequence[PhoneRow]) -> None:
    """Store ``rows`` of ``hour``; SQLite takes a NaN for unknown (NULL)."""
    await execute_many(
        connection, _STORE_PHONES, ((subject, hour, *figures) for subject, *figures in rows)
    )
    newest = ((last, bound, subject) for subject, _low, _high, last, bound in rows)
    await execute_many(connection, _NOTE_NEWEST, newest)


def unknown_phones(subjects: Iterable[int]) -> list[PhoneRow]:
    """Rows that say that nothing is known of ``subjects``."""
    nothing = (math.nan,) * 4
    return [(subject, *nothing) for subject in subjects]


async def read_calls(
    connection: AsyncConnection, hour: int, subjects: Iterable[int]
) -> Sequence[CallRow]:
    """The calls of ``hour`` that the database has of ``subjects``."""
    parameters = (hour, msgspec.json.encode(list(subjects)).decode())
    return await fetch_all(connection, _READ_CALLS, parameters)


async def replace_calls(connection: AsyncConnection, hour: int, rows: Iterable[CallRow]) -> None:
    """Store the counts of ``hour``."""
    counts = ((subject, hour, code, count) for subject, code, count in rows)
    await execute_many(connection, _STORE_CALLS, counts)


async def read_summaries(
    connection: AsyncConnection, hour: int, keys: Iterable[AccountKey]
) -> dict[AccountKey, Summary]:
    """What the database has of ``hour`` of the accounts ``keys``."""
    names = msgspec.json.encode(list(keys)).decode()
    rows = await fetch_all(connection, _READ_SUMMARIES, (names, hour))
    return {(row[0], row[1]): Summary(*row[2:]) for row in rows}


async def replace_summaries(
    connection: AsyncConnection, hour: int, rows: Mapping[AccountKey, Summary]
) -> None:
    """Store the rows of accounts."""
    stored = ((*key, hour, *msgspec.structs.astuple(it)) for key, it in rows.items())
    await execute_many(connection, _STORE_SUMMARY, stored)


def seconds_of(former: Summary | None) -> tuple[float, float]:
    """For how long of its hour an earlier process knew the phones and the calls."""
    return (0.0, 0.0) if former is None else (former.reachability_seconds, former.calls_seconds)


def summary_of(account: AccountHour, former: Summary | None) -> Summary:
    """The row of an account: balances merged with ``former``, seconds added to those stored."""
    balance, currency = account.balance, account.currency
    before = None if former is None else _balance_of(former)
    if former is not None and before is not None and currency in ("", former.currency):
        balance = before if balance is None else before.followed_by(balance)
        currency = former.currency
    reachability, calls = account.stored_seconds or (0.0, 0.0)
    return Summary(
        currency=currency,
        first=None if balance is None else balance.first,
        last=None if balance is None else balance.last,
        low=None if balance is None else balance.low,
        high=None if balance is None else balance.high,
        reachability_seconds=reachability + account.reachability_seconds,
        calls_seconds=calls + account.calls_seconds,
    )


def _balance_of(row: Summary) -> Extremes | None:
    if row.first is None or row.last is None or row.low is None or row.high is None:
        return None
    return Extremes(row.first, row.last, row.low, row.high)


def counts_with(
    stored: Mapping[tuple[int, int], int], counted: Iterable[CallRow]
) -> Iterator[CallRow]:
    """The counts of an hour, with what was ``stored`` of it before this process."""
    for subject, code, count in counted:
        yield subject, code, stored.get((subject, code), 0) + count
