"""Sends queries that cost money: each is charged in the ledger before it is sent.

A restart therefore spends nothing twice, and what was paid for is known after it. Where the ledger
cannot be written nothing is sent.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final, Protocol

from agent.clock import set_by
from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.providers.cost_budget import CostBudget, Costs, Record

PAGE_PREFIX: Final = "costs/"
"""Before the names of stored budgets."""
FAILED_PAUSE: Final = 3600.0
"""Seconds after which a query that failed is sent again."""


class Pages(Protocol):
    """Where budgets are stored: named pages of bytes."""

    async def load(self, name: str) -> bytes | None:
        """The page ``name``; ``None`` where there is none.

        Raises:
            OSError: when pages cannot be read now.
        """
        ...

    async def save(self, name: str, content: bytes) -> bool:
        """Store a page; returns False when that cannot be done now."""
        ...


class MemoryPages:
    """Pages that end with the process, where there is no ledger."""

    def __init__(self) -> None:
        self._pages: dict[str, bytes] = {}

    async def load(self, name: str) -> bytes | None:
        """The page ``name``; ``None`` where there is none."""
        return self._pages.get(name)

    async def save(self, name: str, content: bytes) -> bool:
        """Store a page."""
        self._pages[name] = content
        return True


@dataclass(frozen=True)
class Paid:
    """The answer to a paid query."""

    answer: str
    """A short text that is stored; empty where there was none, what was known before stays."""
    hold: float = 0.0
    """Seconds for which the same subject must not be queried again."""


Query = Callable[[str], Awaitable[Paid]]
"""Sends the query about one subject; raises ``ProviderError``."""


class PaidQueries:
    """The paid queries of one kind of one account.

    Args:
        name: Names the budget, such as ``north/hq/phone_status``; the same after a restart.
        costs: Prices and limits.
        pages: Where the budget is stored.
        clock: Epoch seconds.
        on_spent: Called with what queries that were sent cost together.
    """

    def __init__(
        self,
        name: str,
        costs: Costs,
        pages: Pages,
        clock: Callable[[], float] = time.time,
        on_spent: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._page = f"{PAGE_PREFIX}{name}"
        self._budget = CostBudget(costs, name)
        self._pages = pages
        self._clock = clock
        self._on_spent = on_spent
        self._set_by = set_by(clock)
        self._is_restored = False
        self._lock = asyncio.Lock()

    async def query_due(
        self,
        subjects: Collection[str],
        query: Query,
        concurrency: int,
        most: int | None = None,
    ) -> None:
        """Query those of ``subjects`` that are due, within the budget, the oldest first.

        At most ``most`` of them, where that is given.

        Raises:
            ProviderError: the first of a query; what the others answered is stored.
        """
        async with self._lock:
            if not await self._restore():
                return
            chosen = self._budget.due(subjects, self._clock())[:most]
            if not chosen:
                return
            self._budget.charge(chosen, self._clock())
            if not await self._save():
                self._budget.take_back(chosen)
                return
            unsent = list(reversed(chosen))
            try:
                await self._send(unsent, query, concurrency)
            finally:
                self._budget.take_back(unsent)
                self._on_spent((len(chosen) - len(unsent)) * self._budget.costs.query)
                await self._save()

    async def record_of(self, subject: str) -> Record | None:
        """What is known of ``subject``; ``None`` before its first query."""
        await self._restore()
        return self._budget.record_of(subject)

    async def remaining(self) -> int:
        """How many queries may still be sent today."""
        await self._restore()
        return self._budget.remaining(self._clock())

    async def _send(self, unsent: list[str], query: Query, concurrency: int) -> None:
        async def work() -> None:
            # One list for all workers: each takes the next when it is done with one.
            while unsent:
                subject = unsent.pop()
                try:
                    paid = await query(subject)
                except (ProviderError, asyncio.CancelledError):
                    self._follow_clock()
                    # It may have been answered, and so charged for, all the same.
                    self._budget.fail(subject, self._clock() + FAILED_PAUSE)
                    raise
                self._note(subject, paid)

        await run_concurrently(work() for _ in range(min(concurrency, len(unsent))))

    def _note(self, subject: str, paid: Paid) -> None:
        self._follow_clock()
        now = self._clock()
        if paid.answer:
            self._budget.note(subject, paid.answer, now)
        if paid.hold:
            self._budget.hold(subject, now + paid.hold)

    async def _restore(self) -> bool:
        """Returns whether it is known what was spent."""
        if self._is_restored:
            self._follow_clock()
            return True
        try:
            content = await self._pages.load(self._page)
        except OSError:
            return False
        if content is not None:
            try:
                self._budget.restore(content)
            except ValueError:
                # What was spent today is not known: nothing more is.
                self._budget.exhaust(self._clock())
        self._set_by = set_by(self._clock)
        self._is_restored = True
        return True

    def _follow_clock(self) -> None:
        """Move all times if the clock was set: no answer is older, and no new day has begun."""
        step = set_by(self._clock) - self._set_by
        if step:
            self._set_by += step
            self._budget.clock_was_set(step, self._clock())

    async def _save(self) -> bool:
        return await self._pages.save(self._page, self._budget.encode())


@dataclass(frozen=True, repr=False)
class CostLedger:
    """The budgets of one account, and where they are stored."""

    account: str
    """``provider/account``."""
    pages: Pages
    clock: Callable[[], float] = time.time
    """Epoch seconds."""
    on_spent: Callable[[float], None] = lambda _: None
    """Called with what queries that were sent cost together."""

    def queries(self, kind: str, costs: Costs) -> PaidQueries:
        """The account's paid queries of one ``kind``, such as ``phone_status``."""
        return PaidQueries(f"{self.account}/{kind}", costs, self.pages, self.clock, self.on_spent)
