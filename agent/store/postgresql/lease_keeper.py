"""Keeps a lease while the agent runs."""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncEngine

from agent.event_loop import BackgroundTask
from agent.store.leases import RENEWAL_INTERVAL, TTL, Lease, release, renew
from agent.store.postgresql.trouble import ERRORS

log = structlog.get_logger(__name__)

_RETRY_INTERVAL = 1.0
"""Seconds until the next attempt after one that failed."""


class LeaseKeeper:
    """Renews a lease on a connection of its own, so that nothing holds a renewal up.

    Args:
        engine: Has that connection.
        limits: Columns that set what a transaction may take.
    """

    def __init__(self, engine: AsyncEngine, limits: Sequence[ColumnElement[str]]) -> None:
        self._engine = engine
        self._limits = limits
        self._lease: Lease | None = None
        self._on_lost: Callable[[], None] = lambda: None
        self._task = BackgroundTask("lease-keeper", self._run)
        self.held_until = 0.0
        """By :func:`time.monotonic`: until when nobody else can have the lease."""

    def start(self, lease: Lease, acquired_at: float, on_lost: Callable[[], None]) -> None:
        """Begin to renew ``lease``, which was asked for at ``acquired_at`` (monotonic seconds).

        ``on_lost`` is called once when another has taken it.
        """
        self._lease, self._on_lost = lease, on_lost
        self.held_until = acquired_at + TTL
        self._task.start()

    async def stop(self) -> None:
        """Renew no more, and give the lease back."""
        await self._task.stop()
        lease, self._lease = self._lease, None
        if lease is not None:
            try:
                async with self._engine.begin() as connection:
                    await connection.execute(select(*self._limits))
                    await release(connection, [lease])
            except ERRORS as error:
                # Whoever comes next waits until it expires.
                log.warning("lease_not_given_back", lease=lease.name, error=str(error))
        await self._engine.dispose()

    async def _run(self) -> None:
        assert self._lease is not None
        wait = RENEWAL_INTERVAL
        while True:
            await asyncio.sleep(wait)
            asked_at = time.monotonic()
            try:
                is_held = await self._renew(self._lease)
            except ERRORS as error:
                wait = _RETRY_INTERVAL
                log.warning(
                    "lease_not_renewed",
                    lease=self._lease.name,
                    seconds_left=round(self.held_until - time.monotonic(), 1),
                    error=str(error),
                )
                continue
            if not is_held:
                log.error("lease_lost", lease=self._lease.name, epoch=self._lease.epoch)
                self._lease = None
                self._on_lost()
                return
            self.held_until, wait = asked_at + TTL, RENEWAL_INTERVAL

    async def _renew(self, lease: Lease) -> bool:
        async with self._engine.begin() as connection:
            await connection.execute(select(*self._limits))
            return lease.name in await renew(connection, [lease])
