"""The records of transferred calls, which come by number and whole day in pages of ten.

They say nothing of the outcome, so the result of every call is ``unknown``. A day is read again
only as far as it has grown; in which order its pages come is not documented, so both ends are
read towards the middle until nothing new comes.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from hashlib import blake2b
from typing import Final

import msgspec

from agent.model import Call
from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.providers.aliyun.api import Api
from agent.providers.aliyun.operations import TRANSFER_RECORDS
from agent.providers.aliyun.phones import Phones
from agent.providers.invalid_records import check_records
from agent.providers.profile.envelope import NotFoundError
from agent.providers.profile.json_path import follow, path_of
from agent.providers.profile.mapping import RecordMapper
from agent.providers.profile.misfits import shape_of
from agent.states import Capability, PollFailure

PAGE_SIZE: Final = 10
"""The most records of one page."""
_ACTION: Final = "QueryCallInTransferRecord"
_CHINA: Final = timezone(timedelta(hours=8))
_DAY: Final = timedelta(days=1)
_MOST_DAYS: Final = 3
"""Older calls are not counted any more."""
_TOTAL: Final = path_of("Data.Total")


@dataclass
class _Day:
    """The calls of one number on one day, as far as they are read."""

    calls: dict[str, Call] = field(default_factory=dict)
    total: int = 0
    """The number of records when it was read last."""
    others: int = 0
    """How many of them became no call of their own."""


class TransferRecords:
    """The call records of the account's 400 numbers."""

    def __init__(self, api: Api, phones: Phones) -> None:
        self._client = api.client(TRANSFER_RECORDS)
        self._mapper = RecordMapper(TRANSFER_RECORDS.target, TRANSFER_RECORDS.operation)
        self._account = api.account
        self._phones = phones
        self._days: dict[tuple[str, str], _Day] = {}

    async def since(self, numbers: tuple[str, ...], since: float) -> list[Call]:
        """Calls to ``numbers`` that began at or after ``since`` (epoch seconds).

        Raises:
            ProviderError: when a page fails or the records of a day are not complete.
        """
        wanted = [(number, day) for day in self._days_since(since) for number in numbers]
        self._days = {key: self._days.get(key, _Day()) for key in wanted}
        remaining = iter(wanted)

        async def work() -> None:
            # One iterator for all workers: each takes the next when it is done with one.
            for number, day in remaining:
                await self._read(number, day)

        await run_concurrently(work() for _ in range(self._account.concurrency))
        days = self._days.values()
        return [call for day in days for call in day.calls.values() if call.started_at >= since]

    def _days_since(self, since: float) -> list[str]:
        now = datetime.fromtimestamp(self._account.clock(), _CHINA)
        first = max(datetime.fromtimestamp(since, _CHINA), now - _DAY * (_MOST_DAYS - 1)).date()
        count = (now.date() - first).days + 1
        return [(first + _DAY * index).isoformat() for index in range(max(count, 1))]

    async def _read(self, number: str, day: str) -> None:
        known = self._days[number, day]
        try:
            await _Reading(self, number, day, known).read()
        except NotFoundError:
            # The account does not have it; the calls of the others are no less known.
            return
        records = sum(len(each.calls) for each in self._days.values())
        if records > self._account.limits.max_records:
            text = f"{_ACTION}: more than {self._account.limits.max_records} records; "
            raise ProviderError(PollFailure.TOO_MANY, f"{text}polling.max_records sets the limit")

    @property
    def max_pages(self) -> int:
        """The most pages of one day."""
        return self._account.limits.max_pages

    async def page(self, number: str, day: str, index: int) -> tuple[list[Call], int, int]:
        """The calls of a page, counted from 1; its records, and those of the whole day."""
        values = {"number": number, "day": day, "page_no": str(index)}
        answer = await self._client.send(values)
        tree = await self._client.decode(answer)
        total, records = follow(tree, _TOTAL), follow(tree, path_of("Data.Values"))
        if not isinstance(total, int) or isinstance(total, bool) or total < 0:
            raise _schema(f"Data.Total is {shape_of(total)}, expected a count")
        if not isinstance(records, list):
            raise _schema(f"Data.Values is {shape_of(records)}, expected a list")
        mapped = self._mapper.map_page(records)
        check_records(self._account.reports, Capability.CALLS, _ACTION, mapped)
        calls = [self._named(number, call) for call in mapped.facts]
        return calls, mapped.records, total

    def _named(self, number: str, call: Call) -> Call:
        """``call`` with an id of its own, of the number that it was asked for."""
        parts = (number, call.id, call.caller, call.binding)
        digest = blake2b("|".join(parts).encode(), digest_size=16).hexdigest()
        binding = self._phones.id_of(number, call.binding) if call.binding else ""
        return msgspec.structs.replace(
            call, id=digest, number=number, binding=binding, has_outcome=False
        )


class _Reading:
    """One reading of one day."""

    def __init__(self, records: TransferRecords, number: str, day: str, known: _Day) -> None:
        self._records = records
        self._number = number
        self._day = day
        self._known = known
        self._read_pages: set[int] = set()
        self._seen: set[str] = set()
        self._count = 0
        self._total = 0
        self._size = PAGE_SIZE

    async def read(self) -> None:
        """Add what is new to the day; see the module."""
        grew = await self._page(1)
        if self._total == self._known.total and not grew:
            return
        index = 2
        while grew and index <= self._last():
            grew, index = await self._page(index), index + 1
        index = self._last()
        while not self._is_complete() and index not in self._read_pages and index > 0:
            await self._page(index)
            index -= 1
        if not self._is_complete():
            raise _failure(PollFailure.PARTIAL, f"{self._count} records of {self._total}")
        self._known.total = self._total
        self._known.others = self._total - len(self._known.calls)

    def _last(self) -> int:
        last = -(-self._total // self._size)
        if max(last, len(self._read_pages)) > self._records.max_pages:
            raise _failure(PollFailure.PAGINATION, f"more than {self._records.max_pages} pages")
        return last

    def _is_complete(self) -> bool:
        known = len(self._known.calls) + self._known.others
        return known >= self._total or self._count >= self._total

    async def _page(self, index: int) -> bool:
        """Read a page; returns whether it had a new call.

        Raises:
            ProviderError: when it repeats another page of this reading, or is empty in between.
        """
        calls, records, total = await self._records.page(self._number, self._day, index)
        self._total = max(self._total, total)
        self._read_pages.add(index)
        ids = {call.id for call in calls}
        if index == 1 and records:
            self._size = records
        if not records and (index - 1) * self._size < total:
            raise _failure(PollFailure.PARTIAL, "an empty page in the middle")
        if ids and ids <= self._seen:
            raise _failure(PollFailure.PAGINATION, "a page came twice")
        self._seen |= ids
        self._count += records
        new = {call.id: call for call in calls if call.id not in self._known.calls}
        self._known.calls.update(new)
        return bool(new)


def _schema(text: str) -> ProviderError:
    return _failure(PollFailure.SCHEMA, text)


def _failure(kind: PollFailure, text: str) -> ProviderError:
    return ProviderError(kind, f"{_ACTION}: {text}")
