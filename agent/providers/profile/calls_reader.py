"""Reads call records by time: for the whole account, or number by number where the API wants it.

No time is skipped. Each number has its own time up to which its records were read, and is read on
from there; the number that is furthest behind comes first. What a poll has no time for, or what
failed, is read by the next one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

import msgspec

from agent.event_loop import INLINE_ITEMS
from agent.model import Call
from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.providers.profile.envelope import NotFoundError
from agent.providers.profile.fan_out import Pace, Round
from agent.providers.profile.operation import OperationReader
from agent.providers.profile.paging import Collected
from agent.providers.profile.targets import REQUESTED

OVERLAP: Final = 1800.0
"""Seconds of a number that are read again: providers deliver records late."""
_ACCOUNT: Final = ""
"""Stands for the number where one request serves all numbers."""


# No repr: it would put people's phones into a traceback or a log line.
@dataclass(repr=False)
class CallsRead:
    """What one poll read; ``round`` has the failures of single numbers."""

    round: Round
    calls: dict[str, Call] = field(default_factory=dict)
    """By id, as windows overlap."""
    collected: Collected = field(default_factory=Collected)
    """The counts of records."""
    read_until: dict[str, float] = field(default_factory=dict)
    """By number, the time up to which its records are complete."""
    complete_until: float = 0.0
    """The time up to which those of all numbers are."""
    numbers: frozenset[str] = frozenset()
    """Those that were to be read."""


class CallsReader:
    """The call records of one account; ``pace`` says how long a poll may go on."""

    def __init__(self, reader: OperationReader, pace: Pace) -> None:
        self._reader = reader
        self._pace = pace
        self._read_until: Mapping[str, float] = {}

    async def read(self, since: float, until: float, numbers: Sequence[str]) -> CallsRead:
        """The records until ``until``; those before ``since`` were all read before.

        Raises:
            ProviderError: when nothing could be read.
        """
        is_per_number = self._reader.per_number
        subjects = tuple(numbers) if is_per_number else (_ACCOUNT,)
        begin = {it: self._begin(it, since) for it in subjects}
        remaining = iter(sorted(subjects, key=lambda it: self._read_until.get(it, since)))
        round_ = self._pace.begin()
        read = CallsRead(round_, numbers=frozenset(subjects))

        async def work() -> None:
            for number in remaining:
                await self._read_number(read, number, (begin[number], until))
                if round_.is_over:
                    return

        workers = self._pace.concurrency if is_per_number else 1
        await run_concurrently(work() for _ in range(workers))
        if round_.failures and not read.read_until:
            raise round_.failures[0]
        known = {it: self._read_until.get(it, since) for it in subjects} | read.read_until
        read.complete_until = min(known.values(), default=until)
        return read

    def commit(self, read: CallsRead) -> None:
        """Read on after what ``read`` has, which was taken over."""
        if self._reader.per_number:
            known = self._read_until.items()
            former = {number: at for number, at in known if number in read.numbers}
            self._read_until = {**former, **read.read_until}

    def _begin(self, number: str, since: float) -> float:
        return self._read_until[number] - OVERLAP if number in self._read_until else since

    async def _read_number(self, read: CallsRead, number: str, span: tuple[float, float]) -> None:
        begin, until = span
        windows = self._reader.windows
        for window in windows.split(begin, until):
            try:
                values = {**windows.values(window), "number": number}
                found = await self._reader.read_listing(values, attrgetter("id"))
            except NotFoundError:
                found = Collected()
            except ProviderError as error:
                read.round.fail(error)
                return
            await self._take(read, number, begin, found)
            read.read_until[number] = min(window.end, until)
            if read.round.is_over:
                return

    async def _take(self, read: CallsRead, number: str, begin: float, found: Collected) -> None:
        total = read.collected
        total.records += found.records
        total.invalid += found.invalid
        total.add_misfits(found.misfits)
        self._reader.check_count(total.records)
        if len(found.facts) < INLINE_ITEMS:
            read.calls.update(_by_id(found.facts, number, begin))
        else:
            read.calls.update(await asyncio.to_thread(_by_id, found.facts, number, begin))


def _by_id(calls: Sequence[Any], number: str, begin: float) -> dict[str, Call]:
    """Those of ``number`` since ``begin``: some APIs filter by whole days only."""
    by_id: dict[str, Call] = {}
    for call in calls:
        if call.started_at < begin:
            continue
        if call.number == REQUESTED:
            by_id[call.id] = msgspec.structs.replace(call, number=number)
        elif number in (_ACCOUNT, call.number):
            by_id[call.id] = call
    return by_id
