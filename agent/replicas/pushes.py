"""What providers pushed to other replicas, from the store to whoever polls the account."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.model import AccountKey
from agent.providers.pushed import PushedFacts
from agent.replicas.state_rows import are_of
from agent.store.schema import provider_pushes
from agent.webhooks.pushes.repository import decode_facts

_LONGEST_TRANSACTION = 60.0
"""Seconds that a message may take from its time in the database until others see it."""

Take = Callable[[AccountKey, PushedFacts, float], Awaitable[object]]
MessageRow = tuple[AccountKey, str, float, PushedFacts]
"""The account, the id of the message, when it was stored, and what it says."""


class NewMessages(NamedTuple):
    """What was found for some accounts."""

    keys: Sequence[AccountKey]
    rows: Sequence[MessageRow]
    at: float
    """When, by the database's clock."""


class StoredPushes:
    """Hands on the messages about accounts that are polled here. Taking one twice changes nothing.

    Args:
        take: Merges facts into an account.
    """

    def __init__(self, take: Take) -> None:
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

    async def hand_on(self, messages: NewMessages, now: float) -> None:
        """Hand on what :meth:`look` has found, as of ``now`` by the agent's clock.

        Raises:
            StoreError: when it cannot be taken.
        """
        for key, identity, stored_at, facts in messages.rows:
            message = identity, stored_at
            if key in self._taken and message not in self._taken[key]:
                await self._take(key, facts, now)
                self._taken[key].add(message)
        for key in messages.keys:
            if key in self._read_until:
                self._read_until[key] = messages.at
                since = messages.at - 2 * _LONGEST_TRANSACTION
                self._taken[key] = {it for it in self._taken[key] if it[1] > since}

    async def look(self, connection: AsyncConnection, clock: float) -> NewMessages:
        """What is new for the accounts that are polled here, at ``clock`` by the database's."""
        keys = sorted(self._read_until)
        return NewMessages(keys, await self._read(connection, keys) if keys else [], clock)

    async def _read(
        self, connection: AsyncConnection, keys: Sequence[AccountKey]
    ) -> Sequence[MessageRow]:
        table = provider_pushes.c
        since = min(self._read_until[key] for key in keys) - _LONGEST_TRANSACTION
        # First of all whether there are any: to name thousands of accounts costs more than that.
        accounts = select(table.provider, table.account).where(table.stored_at > since).distinct()
        pushed = {(row[0], row[1]) for row in await connection.execute(accounts)}
        about = [key for key in keys if key in pushed]
        if not about:
            return []
        query = (
            select(table.provider, table.account, table.id, table.stored_at, table.facts)
            .where(table.stored_at > since, are_of(provider_pushes, about))
            .order_by(table.stored_at)
        )
        rows = (await connection.execute(query)).all()
        return [
            (key, identity, stored_at, decode_facts([facts]))
            for provider, account, identity, stored_at, facts in rows
            # It is read for as long as a transaction may take; most of it was taken already.
            if (identity, stored_at) not in self._taken.get((key := (provider, account)), ())
        ]
