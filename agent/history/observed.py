"""For how long of each hour a number was observed, and whether any of its phones could be reached.

Availability is told from it: an hour that nobody observed is unknown, never available.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import and_, func, select

from agent.history import schema
from agent.history.database import HistoryDatabase
from agent.history.hours import HOUR_SECONDS, hours_between
from agent.model import AccountKey

SUBJECTS_A_BATCH = 1000
"""Numbers read in one go."""
_numbers, _accounts, _subjects = schema.numbers, schema.accounts, schema.subjects
Seconds = npt.NDArray[np.float64]
_Row = tuple[int, int, int | None, int | None, int | None]
"""Subject, hour, the most and the last reachable phones of the hour, and how many there are."""


@dataclass(frozen=True, eq=False)
class ObservedNumber:
    """One number over the hours asked for.

    Attributes:
        number: The hotline number.
        known: For each hour, the seconds for which it was observed.
        unreachable: For each hour, the seconds of those in which none of its phones answered.
    """

    number: str
    known: Seconds
    unreachable: Seconds


async def observed_numbers(
    database: HistoryDatabase, account: AccountKey, since: float, until: float
) -> AsyncIterator[Sequence[ObservedNumber]]:
    """The numbers of an account that the history has, in batches, from ``since`` to ``until``.

    Raises:
        HistoryError: when the history cannot be read.
    """
    hours = hours_between(since, until)
    seconds = await _account_seconds(database, account, hours)
    last = 0
    while subjects := await _next_subjects(database, account, last):
        last = subjects[-1][0]
        rows = await _rows(database, [it[0] for it in subjects], hours)
        yield [_observed(name, rows.get(key, ()), hours, seconds) for key, name in subjects]


async def _account_seconds(database: HistoryDatabase, account: AccountKey, hours: range) -> Seconds:
    columns = _accounts.c
    query = select(columns.hour, columns.reachability_seconds).where(
        columns.provider == account[0],
        columns.account == account[1],
        columns.hour.between(hours.start, hours.stop - 1),
    )
    seconds = np.zeros(len(hours))
    async with database.transaction() as connection:
        for hour, known in await connection.execute(query):
            seconds[hour - hours.start] = min(known, HOUR_SECONDS)
    return seconds


async def _next_subjects(
    database: HistoryDatabase, account: AccountKey, last: int
) -> Sequence[tuple[int, str]]:
    columns = _subjects.c
    mine = and_(columns.provider == account[0], columns.account == account[1])
    query = select(columns.id, columns.number).where(mine, columns.id > last)
    async with database.transaction() as connection:
        found = await connection.execute(query.order_by(columns.id).limit(SUBJECTS_A_BATCH))
        return [(int(row[0]), str(row[1])) for row in found]


async def _rows(
    database: HistoryDatabase, subjects: Sequence[int], hours: range
) -> dict[int, list[_Row]]:
    """By subject its rows in order of the hours, the newest from before them at the front."""
    columns = _numbers.c
    mine = columns.subject.between(subjects[0], subjects[-1])
    fields = (columns.subject, columns.hour, columns.high, columns.last, columns.bound)
    newest = (
        select(columns.subject, func.max(columns.hour).label("hour"))
        .where(mine, columns.hour < hours.start)
        .group_by(columns.subject)
        .subquery()
    )
    before = select(*fields).join(
        newest, and_(newest.c.subject == columns.subject, newest.c.hour == columns.hour)
    )
    within = select(*fields).where(mine, columns.hour.between(hours.start, hours.stop - 1))
    rows: dict[int, list[_Row]] = {}
    async with database.transaction() as connection:
        for query in (before, within.order_by(columns.subject, columns.hour)):
            for row in await connection.execute(query):
                rows.setdefault(row[0], []).append(tuple(row))
    return rows


def _observed(number: str, rows: Sequence[_Row], hours: range, seconds: Seconds) -> ObservedNumber:
    """What rows, which are there only where something changed, say of every hour."""
    known, unreachable = np.zeros(len(hours)), np.zeros(len(hours))
    ends = [row[1] for row in rows[1:]] + [hours.stop]
    for (_subject, hour, high, last, bound), end in zip(rows, ends, strict=True):
        if last is None or bound is None:
            continue
        first, stop = max(hour, hours.start) - hours.start, end - hours.start
        known[first:stop] = seconds[first:stop]
        if bound and last == 0:
            unreachable[first:stop] = seconds[first:stop]
            # In the hour of the change itself a phone may have answered before.
            if hour >= hours.start and high:
                unreachable[first] = 0.0
    return ObservedNumber(number, known, unreachable)
