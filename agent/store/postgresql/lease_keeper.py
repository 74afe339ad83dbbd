"""Keeps the leases of this agent while it runs: the one it has as a whole, and what it takes.

An agent whose event loop is late, with more accounts to begin than its machine can do at once,
would renew too late what it goes on to use, and have to begin anew. So all that the database is
asked about leases is asked in a thread of its own, while the event loop shows that it goes on.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, TypeVar

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agent.event_loop import BackgroundTask
from agent.loop_thread import LoopThread
from agent.store.leases import (
    MEMBER,
    RENEWAL_INTERVAL,
    TICKETS,
    TTL,
    Lease,
    acquire_all,
    add_missing,
    database_clock,
    end_stopped_writers,
    forget_members,
    notable,
    release,
    renew,
    this_place,
)
from agent.store.postgresql.engine import LONGEST_PAUSE
from agent.store.postgresql.trouble import ERRORS

log = structlog.get_logger(__name__)

_Result = TypeVar("_Result")
RETRY_INTERVAL = 1.0
"""Seconds until the next attempt after one that failed."""
_MEMBERS_KEPT = 86_400.0
"""Seconds for which the row of a replica that has ended stays."""
STOPPING_TIME = 2.0
"""Seconds before the end of the leases from which nothing is done under them any more: time to end
what is under way before anybody else may begin it."""
SIGN_INTERVAL = 1.0
"""Seconds between two signs of the event loop that it goes on."""
LONGEST_SILENCE = TTL
"""Seconds without such a sign after which nothing is renewed any more: what stands still is another
replica's, at the latest as long again afterwards."""


@dataclass(frozen=True)
class Survey:
    """What the database says of replicas and leases."""

    members: Collection[str]
    """The ids of the replicas that live."""
    free: Collection[str]
    """The names of leases that nobody holds."""
    decider: str
    """The place of the replica that decides about tickets; empty where there is none now."""
    clock_ahead: float
    """By how many seconds the database's clock is ahead of this machine's."""


class LeaseKeeper:
    """Renews leases on a connection that is always free for it, so that nothing holds a renewal up.

    The base, the lease that the agent has as a whole, is kept until another has taken it. The
    others are given up at the deadline by this machine's monotonic clock.

    Args:
        engine: Has that connection, and one more for all else; used in the keeper's thread alone.
        limits: Columns that set what a transaction may take.
    """

    def __init__(self, engine: AsyncEngine, limits: Sequence[ColumnElement[str]]) -> None:
        self._engine = engine
        self._limits = limits
        self._base: Lease | None = None
        self._taken: dict[str, Lease] = {}
        # What the thread changes in it, expire() must not see half of.
        self._changing = Lock()
        self._on_lost: Callable[[], object] = lambda: None
        self._thread: LoopThread | None = None
        self._renewals = BackgroundTask("lease-keeper", self._renew_always)
        self._signs = BackgroundTask("lease-signs", self._give_signs)
        self._sign_at = 0.0
        # Renewing and taking exclude each other: a lease that is taken while the others are
        # renewed would else be believed to hold as long as they do.
        self._lock = asyncio.Lock()
        self.held_until = 0.0
        """By :func:`time.monotonic`: until when nobody else can have a lease."""

    async def start(self, lease: Lease, acquired_at: float, on_lost: Callable[[], None]) -> None:
        """Begin to renew the base, which was asked for at ``acquired_at`` (monotonic seconds).

        ``on_lost`` is called once, in the event loop of this call, when another has taken it, or
        one of those taken.
        """
        loop = asyncio.get_running_loop()
        self._base = lease
        self._on_lost = partial(loop.call_soon_threadsafe, on_lost)
        self.held_until = acquired_at + TTL
        self._sign_at = time.monotonic()
        self._signs.start()
        self._thread = LoopThread("leases")
        self._thread.start()
        await self._asked(self._begin_renewing())

    async def stop(self) -> None:
        """Renew no more, and give every lease back."""
        if self._thread is None:
            await self._engine.dispose()
            return
        await self._signs.stop()
        try:
            await self._asked(self._stop())
        finally:
            await self._thread.stop()

    def lease(self, name: str) -> Lease | None:
        """The lease ``name``; ``None`` where it is not this agent's, or not for sure any more."""
        if self._base is not None and name == self._base.name:
            return self._base
        return self._taken.get(name) if self.acts_until() > time.monotonic() else None

    def acts_until(self) -> float:
        """Until when anything may be done under what was taken, by :func:`time.monotonic`."""
        return self.held_until - STOPPING_TIME

    def expire(self) -> list[str]:
        """Forget what was taken if its time is over; returns the names."""
        with self._changing:
            if self.acts_until() > time.monotonic() or not self._taken:
                return []
            expired, self._taken = sorted(self._taken), {}
        log.error("leases_expired", leases=len(expired))
        return expired

    @property
    def holder(self) -> str:
        """The id of this agent among the others; empty before the start and after the end."""
        return "" if self._base is None else self._base.holder

    async def survey(self, names: Collection[str], new: Sequence[str]) -> Survey:
        """Which of ``names`` are free, and who lives; ``new`` ones get a row first."""
        return await self._asked(self._survey(names, new))

    async def take(self, names: Sequence[str]) -> list[Lease]:
        """Those of ``names`` that were free, this agent's from now on; each has a row."""
        return await self._asked(self._take(names))

    async def give(self, names: Collection[str]) -> None:
        """Give those of ``names`` back that are this agent's."""
        await self._asked(self._give(names))

    async def end_stopped_writers(self) -> int:
        """End the transactions of agents that have stopped within a statement; returns how many."""
        return await self._asked(self._end_stopped_writers())

    async def forget_members(self) -> None:
        """Delete the rows of replicas that ended long ago."""
        await self._asked(self._forget_members())

    async def _asked(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        assert self._thread is not None
        return await self._thread.run(work)

    async def _give_signs(self) -> None:
        while True:
            self._sign_at = time.monotonic()
            await asyncio.sleep(SIGN_INTERVAL)

    # What the thread does.

    async def _begin_renewing(self) -> None:
        self._renewals.start()

    async def _stop(self) -> None:
        await self._renewals.stop()
        base, self._base = self._base, None
        held = [*self._taken.values(), *([] if base is None else [base])]
        self._taken = {}
        if held:
            try:
                async with self._session() as connection:
                    await release(connection, held)
            except ERRORS as error:
                # Whoever comes next waits until it expires.
                log.warning("lease_not_given_back", lease=held[0].name, error=str(error))
        await self._engine.dispose()

    async def _survey(self, names: Collection[str], new: Sequence[str]) -> Survey:
        async with self._session() as connection:
            if new:
                await add_missing(connection, new)
            found = await notable(connection, TICKETS)
            asked_at = time.time()
            clock = (await connection.execute(select(database_clock()))).scalar_one()
            machine = (asked_at + time.time()) / 2
        held = [lease for lease in found if lease.is_held]
        return Survey(
            frozenset(lease.holder for lease in held if lease.name.startswith(MEMBER)),
            [lease.name for lease in found if not lease.is_held and lease.name in names],
            next((lease.place for lease in held if lease.name == TICKETS), ""),
            float(clock) - machine,
        )

    async def _take(self, names: Sequence[str]) -> list[Lease]:
        if self._base is None:
            return []
        async with self._lock:
            async with self._session() as connection:
                holder = self._base.holder
                taken = await acquire_all(connection, names, holder, this_place())
            with self._changing:
                self._taken.update((lease.name, lease) for lease in taken)
            return taken

    async def _give(self, names: Collection[str]) -> None:
        async with self._lock:
            with self._changing:
                given = [it for name in names if (it := self._taken.pop(name, None)) is not None]
            if given:
                async with self._session() as connection:
                    await release(connection, given)

    async def _end_stopped_writers(self) -> int:
        async with self._session() as connection:
            return await end_stopped_writers(connection, LONGEST_PAUSE)

    async def _forget_members(self) -> None:
        async with self._session() as connection:
            await forget_members(connection, _MEMBERS_KEPT)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside one transaction that no fence is needed for."""
        async with self._engine.begin() as connection:
            await connection.execute(select(*self._limits))
            yield connection

    async def _renew_always(self) -> None:
        wait = RENEWAL_INTERVAL
        is_silent = False
        while True:
            await asyncio.sleep(wait)
            silent_for = time.monotonic() - self._sign_at
            if silent_for > LONGEST_SILENCE:
                if not is_silent:
                    log.error("leases_left_to_expire", event_loop_silent_for=round(silent_for, 1))
                is_silent, wait = True, RETRY_INTERVAL
                continue
            is_silent = False
            try:
                lost = await self._renew()
            except ERRORS as error:
                wait = RETRY_INTERVAL
                assert self._base is not None
                log.warning(
                    "lease_not_renewed",
                    lease=self._base.name,
                    seconds_left=round(self.held_until - time.monotonic(), 1),
                    error=str(error),
                )
                continue
            if lost is not None:
                log.error("lease_lost", lease=lost.name, epoch=lost.epoch)
                self._base, self._taken = None, {}
                self._on_lost()
                return
            wait = RENEWAL_INTERVAL

    async def _renew(self) -> Lease | None:
        """Renew every lease; returns one that another has taken, where there is any."""
        assert self._base is not None
        async with self._lock:
            # What is past its time is not taken up again: its holder has stopped, or is about to.
            taken = self._taken if self.acts_until() > time.monotonic() else {}
            held = [self._base, *taken.values()]
            asked_at = time.monotonic()
            async with self._session() as connection:
                renewed = await renew(connection, held)
            lost = next((lease for lease in held if lease.name not in renewed), None)
            with self._changing:
                # What is past its time must first be ended and forgotten (:meth:`expire`).
                if lost is None and (taken is self._taken or not self._taken):
                    self.held_until = asked_at + TTL
            return lost
