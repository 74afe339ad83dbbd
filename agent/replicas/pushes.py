"""What providers pushed to other replicas, from the store to whoever polls the account."""

from collections.abc import Awaitable, Callable, Collection, Sequence

from sqlalchemy import select

from agent.model import AccountKey
from agent.providers.pushed import PushedFacts
from agent.replicas.state_rows import are_of
from agent.store.database import Database, uninterrupted
from agent.store.leases import database_clock
from agent.store.schema import provider_pushes
from agent.webhooks.pushes.repository import decode_facts

_LONGEST_TRANSACTION = 60.0
"""Seconds that a message may take from its time in the database until others see it."""

Take = Callable[[AccountKey, PushedFacts, float], Awaitable[object]]


class StoredPushes:
    """Hands on the messages about accounts that are polled here. Taking one twice changes nothing.

    Args:
        database: The ledger.
        take: Merges facts into an account.
    """

    def __init__(self, database: Database, take: Take) -> None:
        self._database = database
        self._take = take
        self._read_until: dict[AccountKey, float] = {}
        self._taken: dict[AccountKey, set[tuple[str, float]]] = {}

    def begin(self, key: AccountKey, since: float) -> None:
        """Hand on what comes for an account from now on, and what came after ``since``.

        ``since`` is by the database's clock.
        """
        self._read_until[key] = since
        self._taken[key] = set()

    def end(self, keys: Collection[AccountKey]) -> None:
        """Hand on nothing more for ``keys``."""
        for key in keys:
            self._read_until.pop(key, None)
            self._taken.pop(key, None)

    async def hand_on(self, now: float) -> None:
        """Hand on what is new, as of ``now`` by the agent's clock.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        keys = sorted(self._read_until)
        if not keys:
            return
        clock, rows = await self._read(keys)
        for key, identity, stored_at, facts in rows:
            message = identity, stored_at
            if key in self._taken and message not in self._taken[key]:
                await self._take(key, facts, now)
                self._taken[key].add(message)
        for key in keys:
            if key in self._read_until:
                self._read_until[key] = clock
                since = clock - 2 * _LONGEST_TRANSACTION
                self._taken[key] = {it for it in self._taken[key] if it[1] > since}

    @uninterrupted
    async def _read(
        self, keys: Sequence[AccountKey]
    ) -> tuple[float, list[tuple[AccountKey, str, float, PushedFacts]]]:
        table = provider_pushes.c
        since = min(self._read_until[key] for key in keys) - _LONGEST_TRANSACTION
        query = (
            select(table.provider, table.account, table.id, table.stored_at, table.facts)
            .where(table.stored_at > since, are_of(provider_pushes, keys))
            .order_by(table.stored_at)
        )
        async with self._database.reading() as connection:
            clock = float((await connection.execute(select(database_clock()))).scalar_one())
            rows = (await connection.execute(query)).all()
        return clock, [
            (key, identity, stored_at, decode_facts([facts]))
            for provider, account, identity, stored_at, facts in rows
            # It is read for as long as a transaction may take; most of it was taken already.
            if (identity, stored_at) not in self._taken.get((key := (provider, account)), ())
        ]
