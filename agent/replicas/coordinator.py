"""Takes and gives leases: each second by what the database says, and at the own deadline."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import structlog

from agent.event_loop import BackgroundTask
from agent.replicas.balance import MoveBudget, to_give, to_take
from agent.store import StoreError
from agent.store.leases import ACCOUNT, SINK, TICKETS, Lease
from agent.store.postgresql.lease_keeper import LeaseKeeper, Survey
from agent.store.postgresql.trouble import ERRORS

log = structlog.get_logger(__name__)

INTERVAL = 1.0
"""Seconds between two looks at the leases."""
_WATCH_INTERVAL = 0.5
"""The same at whether what is held is past its time."""
TAKEN_AT_ONCE = 50
"""How many leases are taken before what they stand for is begun: each is a poller to be made, which
takes the event loop some milliseconds in which no lease is renewed, and the others may have the
rest meanwhile."""
_PRUNE_EVERY = 3600.0
_END_STOPPED_EVERY = 5.0


class Owner(Protocol):
    """Begins and ends what is done under leases."""

    async def begin(self, taken: Sequence[Lease]) -> None:
        """Begin what ``taken`` stand for; raises StoreError where its state cannot be read."""
        ...

    async def end(self, names: Collection[str], *, in_time: bool) -> None:
        """End it, and where it is ``in_time`` write its state for the next one."""
        ...


class Coordinator:
    """One replica's part in dividing the leases.

    Args:
        lease_keeper: The leases of this replica.
        wanted: The names of all leases that there are to divide.
        owner: Begins and ends what they stand for.
        note: Called with what the database says, each time.
    """

    def __init__(
        self,
        lease_keeper: LeaseKeeper,
        wanted: Callable[[], Collection[str]],
        owner: Owner,
        note: Callable[[Survey], None],
    ) -> None:
        self._lease_keeper = lease_keeper
        self._wanted = wanted
        self._owner = owner
        self._note = note
        self._known: set[str] = set()
        self._free_since: dict[str, float] = {}
        self._moves = MoveBudget()
        self._is_failing = False
        self._pruned_at = self._ended_at = float("-inf")
        self._held: set[str] = set()
        self._tasks = (
            BackgroundTask("leases", self._run),
            BackgroundTask("leases-deadline", self._watch),
        )

    async def start(self) -> None:
        """Take what is free and preferred here, then go on in the background."""
        await self.look()
        for task in self._tasks:
            task.start()

    async def stop(self) -> None:
        """End everything, with its state written, and give it back."""
        for task in self._tasks:
            await task.stop()
        # Deliveries under way may take a while, and nothing else waits for them.
        sinks = {name for name in self._held if name.startswith(SINK)}
        for names in (self._held - sinks, sinks):
            try:
                await self._leave(sorted(names))
            except (*ERRORS, StoreError) as error:
                # Whoever comes next waits until they expire.
                log.warning("leases_not_given_back", error=str(error))

    async def look(self) -> None:
        """Take and give by what the database says."""
        try:
            await self._divide()
        except (*ERRORS, StoreError) as error:
            if not self._is_failing:
                log.warning("leases_not_divided", error=str(error))
            self._is_failing = True
        else:
            self._is_failing = False

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                await self.look()
            except Exception:
                log.exception("leases_not_divided")

    async def _watch(self) -> None:
        """End what is past its time, whatever the database is doing."""
        while True:
            await asyncio.sleep(_WATCH_INTERVAL)
            try:
                await self._end_what_is_lost()
            except Exception:
                log.exception("lost_leases_not_ended")

    async def _end_what_is_lost(self) -> None:
        self._lease_keeper.expire()
        if all(self._lease_keeper.lease(name) for name in self._held):
            return
        # Not after what is being taken or given: that may wait for the database. What begins
        # meanwhile of what is lost is ended the next time.
        lost = {name for name in self._held if self._lease_keeper.lease(name) is None}
        await self._owner.end(lost, in_time=False)
        self._held -= lost

    async def _divide(self) -> None:
        wanted = set(self._wanted())
        new = wanted - self._known
        survey = await self._lease_keeper.survey(wanted - self._held, sorted(new))
        self._known |= new
        self._note(survey)
        me, now = self._lease_keeper.holder, time.monotonic()
        if me not in survey.members:
            return
        if now >= self._ended_at + _END_STOPPED_EVERY:
            self._ended_at = now
            await self._end_stopped_writers()
        self._free_since = {name: self._free_since.get(name, now) for name in survey.free}
        await self._take(to_take(self._free_since, me, survey.members, now))
        surplus = to_give(
            self._held & wanted - {TICKETS},
            me,
            survey.members,
            self._moves.left(len(wanted), len(survey.members), now),
        )
        self._moves.spend(len(surplus), now)
        if TICKETS in self._held and now >= self._pruned_at + _PRUNE_EVERY:
            self._pruned_at = now
            await self._lease_keeper.forget_members()
        await self._leave([*surplus, *sorted(self._held - wanted)])

    async def _end_stopped_writers(self) -> None:
        """Let nobody wait for a replica that stands still: not for its leases, nor for its rows."""
        ended = await self._lease_keeper.end_stopped_writers()
        if ended:
            log.warning("stopped_writers_ended", transactions=ended)

    async def _take(self, names: Sequence[str]) -> None:
        # Tickets and deliveries do not wait for the polls.
        names = sorted(names, key=lambda name: (name.startswith(ACCOUNT), name))
        for start in range(0, len(names), TAKEN_AT_ONCE):
            await self._take_some(names[start : start + TAKEN_AT_ONCE])

    async def _take_some(self, names: Sequence[str]) -> None:
        taken = await self._lease_keeper.take(names)
        if not taken:
            return
        log.info("leases_taken", leases=len(taken), first=taken[0].name)
        gained = [lease.name for lease in taken]
        try:
            await self._owner.begin(taken)
        except BaseException:
            # Whatever has begun of it.
            await self._owner.end(gained, in_time=False)
            await self._lease_keeper.give(gained)
            raise
        self._held.update(gained)

    async def _leave(self, names: Sequence[str]) -> None:
        if not names:
            return
        await self._owner.end(names, in_time=True)
        self._held.difference_update(names)
        await self._lease_keeper.give(names)
        log.info("leases_given", leases=len(names), first=names[0])
