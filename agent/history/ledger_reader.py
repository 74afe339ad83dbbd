"""Reads the history that this agent has written.

Rows of phones are stored only where they changed, so an hour that was observed and has none is
like the newest row before it. An hour without a row of its account was not observed: a gap.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import RowMapping, and_, select

from agent.history import schema
from agent.history.codes import RESULTS
from agent.history.database import HistoryDatabase, fetch_all
from agent.history.hours import (
    COMPLETE_FROM,
    HOUR_SECONDS,
    BalanceHour,
    CallsHour,
    PhonesHour,
    TicketsHour,
    hours_between,
)
from agent.history.observed import ObservedNumber, observed_numbers
from agent.model import AccountKey

_BALANCES: Final = """
    SELECT wanted.key, hour, first, last, low, high, currency
    FROM json_each(?) AS wanted CROSS JOIN history_accounts
    WHERE provider = json_extract(wanted.value, '$[0]')
      AND account = json_extract(wanted.value, '$[1]')
      AND hour BETWEEN ? AND ? AND first IS NOT NULL
"""
_numbers, _calls, _accounts = schema.numbers, schema.calls, schema.accounts
_subjects, _tickets = schema.subjects, schema.tickets


class LedgerHistory:
    """The history in the agent's own database; a ``HistoryReader``."""

    def __init__(self, database: HistoryDatabase) -> None:
        self._database = database

    async def balance(
        self, account: AccountKey, since: float, until: float
    ) -> Sequence[BalanceHour]:
        """An account's balance."""
        return (await self.balances([account], since, until))[account]

    async def balances(
        self, accounts: Sequence[AccountKey], since: float, until: float
    ) -> Mapping[AccountKey, Sequence[BalanceHour]]:
        """The balances of several accounts, as many as a page shows, in one go."""
        hours = hours_between(since, until)
        if not hours:
            return {account: [] for account in accounts}
        names = msgspec.json.encode(accounts).decode()
        async with self._database.transaction() as connection:
            rows = await fetch_all(connection, _BALANCES, (names, hours.start, hours.stop - 1))
        return await asyncio.to_thread(_balances, accounts, hours, rows)

    async def calls(
        self, account: AccountKey, number: str, since: float, until: float
    ) -> Sequence[CallsHour]:
        """A number's calls."""
        hours = hours_between(since, until)
        observed = await self._account_rows(account, hours)
        counts: dict[int, dict[str, int]] = {}
        subject = await self._subject(account, number)
        if subject is not None:
            query = select(_calls.c.hour, _calls.c.result, _calls.c.count).where(
                _calls.c.subject == subject, _calls.c.hour.between(hours.start, hours.stop - 1)
            )
            async with self._database.transaction() as connection:
                for hour, code, count in await connection.execute(query):
                    counts.setdefault(hour, {})[RESULTS[code].value] = count
        return [_calls_hour(hour, observed.get(hour), counts.get(hour, {})) for hour in hours]

    async def reachable(
        self, account: AccountKey, number: str, since: float, until: float
    ) -> Sequence[PhonesHour]:
        """A number's phones that could be reached."""
        hours = hours_between(since, until)
        observed = await self._account_rows(account, hours)
        subject = await self._subject(account, number)
        rows = {} if subject is None else await self._phone_rows(subject, hours)
        before = rows.pop(-1, None)
        found = []
        for hour in hours:
            row = rows.get(hour)
            known = observed.get(hour)
            if known is None or not known["reachability_seconds"]:
                found.append(PhonesHour(at=hour * HOUR_SECONDS))
            else:
                found.append(_phones(hour, row, before))
            before = before if row is None else row
        return found

    def observed(
        self, account: AccountKey, since: float, until: float
    ) -> AsyncIterator[Sequence[ObservedNumber]]:
        """For how long each number of an account was observed, and its phones were silent."""
        return observed_numbers(self._database, account, since, until)

    async def tickets(self, since: float, until: float) -> Sequence[TicketsHour]:
        """Open tickets."""
        hours = hours_between(since, until)
        query = select(_tickets).where(_tickets.c.hour.between(hours.start, hours.stop - 1))
        counts: dict[int, dict[str, int]] = {}
        async with self._database.transaction() as connection:
            for row in (await connection.execute(query)).mappings():
                counts.setdefault(row["hour"], {})[row["severity"]] = row["high"]
        return [TicketsHour(at=hour * HOUR_SECONDS, open=counts.get(hour)) for hour in hours]

    async def _account_rows(self, account: AccountKey, hours: range) -> dict[int, RowMapping]:
        columns = _accounts.c
        query = select(_accounts).where(
            columns.provider == account[0],
            columns.account == account[1],
            columns.hour.between(hours.start, hours.stop - 1),
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return {row["hour"]: row for row in rows}

    async def _subject(self, account: AccountKey, number: str) -> int | None:
        columns = _subjects.c
        mine = and_(columns.provider == account[0], columns.account == account[1])
        query = select(columns.id).where(mine, columns.number == number)
        async with self._database.transaction() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def _phone_rows(self, subject: int, hours: range) -> dict[int, RowMapping]:
        """The rows by hour; under -1 the newest from before ``hours``."""
        mine = select(_numbers).where(_numbers.c.subject == subject)
        within = mine.where(_numbers.c.hour.between(hours.start, hours.stop - 1))
        newest = mine.where(_numbers.c.hour < hours.start).order_by(_numbers.c.hour.desc()).limit(1)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(within)).mappings().all()
            before = (await connection.execute(newest)).mappings().first()
        found = {row["hour"]: row for row in rows}
        return found if before is None else found | {-1: before}


def _balances(
    accounts: Sequence[AccountKey], hours: range, rows: Iterable[tuple[Any, ...]]
) -> dict[AccountKey, list[BalanceHour]]:
    """Every hour of every account; one without a row, or without a balance in it, is a gap."""
    gaps = [BalanceHour(at=hour * HOUR_SECONDS) for hour in hours]
    found = {account: gaps.copy() for account in accounts}
    columns = [found[account] for account in accounts]
    for place, hour, first, last, low, high, currency in rows:
        columns[place][hour - hours.start] = BalanceHour(
            at=hour * HOUR_SECONDS, first=first, last=last, low=low, high=high, currency=currency
        )
    return found


def _calls_hour(hour: int, observed: RowMapping | None, counts: dict[str, int]) -> CallsHour:
    at = hour * HOUR_SECONDS
    if observed is None or not observed["calls_seconds"]:
        return CallsHour(at=at)
    complete = observed["calls_seconds"] >= COMPLETE_FROM * HOUR_SECONDS
    return CallsHour(at=at, counts=counts, complete=complete)


def _phones(hour: int, row: RowMapping | None, before: RowMapping | None) -> PhonesHour:
    at = hour * HOUR_SECONDS
    if row is not None:
        return PhonesHour(
            at=at, low=row["low"], high=row["high"], last=row["last"], bound=row["bound"]
        )
    if before is None:
        return PhonesHour(at=at)
    last = before["last"]
    return PhonesHour(at=at, low=last, high=last, last=last, bound=before["bound"])
