"""Writing hours of very many numbers is the threads' work, not the event loop's.

Counted, not timed: the lines of Python that the loop's thread carries out in one step of the loop
stay the same, however many numbers there are.
"""

import asyncio
import sys
from collections.abc import Awaitable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np
import pytest

from agent.history.aggregate import AccountHour, FleetHour
from agent.history.database import HistoryDatabase
from agent.history.phones import PhoneColumns
from agent.history.writer import HistoryWriter
from agent.states import CallResult

STEP: CodeType = asyncio.Handle._run.__code__
FEW, MANY = 10, 4000
"""Numbers of an account; the larger one fills a transaction."""
MARGIN = 3000
"""Lines that a step may have more for other reasons; a line for each number is more."""


class Lines:
    """Counts the lines that this thread carries out in each step of the loop."""

    def __init__(self) -> None:
        self.most = 0
        self._count = 0

    def trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "call" and frame.f_code is STEP:
            self._count = 0
        if event == "line":
            self._count += 1
            self.most = max(self.most, self._count)
        return self.trace


async def most_lines(work: Awaitable[object]) -> int:
    """The most lines of one step of the loop while ``work`` is done."""
    lines, former = Lines(), sys.gettrace()
    task = asyncio.ensure_future(work)
    sys.settrace(lines.trace)
    try:
        await task
    finally:
        sys.settrace(former)
    return lines.most


def hour_of(count: int, hour: int, reachable: float, calls: int = 0) -> FleetHour:
    names = [str(4_006_000_000 + row) for row in range(count)]
    figures = np.full(count, reachable, dtype=np.float32)
    columns = PhoneColumns(names, figures, figures, figures, figures)
    totals = {(name, CallResult.ANSWERED): calls for name in names} if calls else {}
    account = AccountHour(
        phones=columns, reachability_seconds=3600.0, calls_seconds=3600.0, calls_now=totals
    )
    return FleetHour(hour, {("north", f"of {count}"): account})


@pytest.fixture
async def database(tmp_path: Path):
    opened = await HistoryDatabase.open(tmp_path)
    yield opened
    await opened.close()


async def counted(database: HistoryDatabase, count: int) -> dict[str, int]:
    """The most lines of a step of each kind of write."""
    writer = HistoryWriter(database)
    work = {
        "the first hour": lambda: writer.write(hour_of(count, 1, 2)),
        "all phones changed, calls of all": lambda: writer.write(hour_of(count, 2, 1, 3)),
        "the same hour again": lambda: writer.write(hour_of(count, 2, 1, 5)),
        "after a restart": lambda: HistoryWriter(database).write(hour_of(count, 3, 2)),
    }
    return {what: await most_lines(write()) for what, write in work.items()}


async def test_no_step_of_the_loop_grows_with_the_numbers(database: HistoryDatabase) -> None:
    # Once for statements that are compiled at their first use.
    await counted(database, FEW - 1)
    few, many = await counted(database, FEW), await counted(database, MANY)
    more = {what: many[what] - few[what] for what in many}
    assert max(more.values()) < MARGIN, (few, many)


async def test_the_count_sees_work_on_the_loop() -> None:
    """The control: a line for each number is too many."""

    async def block() -> int:
        total = 0
        for row in range(MANY):
            total += row
        return total

    assert await most_lines(block()) > MARGIN
