"""What a ledger needs of the database it is in: SQLite's file, or PostgreSQL."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.trouble import Trouble

if TYPE_CHECKING:
    from agent.store.postgresql.lease_keeper import LeaseKeeper


class FencedError(Exception):
    """Another agent has taken the ledger over; nothing was written."""


class NotHeldError(Exception):
    """The writer's lease is not this agent's now, or was not renewed in time; nothing was written.

    Nobody else need have it: the agent goes on with whatever it holds.
    """


class UncertainError(Exception):
    """The connection was lost while a transaction was being committed.

    Its cause is the error; whether the transaction was stored is not known.
    """


class Backend(Protocol):
    """The one way into the database of a ledger."""

    name: str
    """What errors and logs call it."""
    errors: tuple[type[BaseException], ...]
    """What using it may raise."""
    reads_beside_writes: bool
    """Whether :meth:`reading` may be used while :meth:`writing` is."""

    @property
    def shared_leases(self) -> "LeaseKeeper | None":
        """What keeps the leases of a replica; ``None`` where one agent has the ledger."""
        ...

    async def open(self) -> None:
        """Make, migrate and check the ledger as needed, for this agent alone.

        Raises:
            StoreError: when it cannot be used.
        """
        ...

    async def close(self) -> None:
        """Close every connection, and let the next agent in."""
        ...

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection inside one transaction; one at a time."""
        ...

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection inside one transaction that writes nothing."""
        ...

    async def forget_deleted(self, *, rewrite: bool) -> None:
        """Leave nothing of deleted rows where their files would show it, as far as it can."""
        ...

    def trouble_of(self, error: BaseException) -> Trouble | None:
        """What ``error`` says about the ledger; ``None`` where a statement was wrong."""
        ...

    def place_of(self, error: BaseException) -> str:
        """What the text about ``error`` begins with: the ledger, or one of its files."""
        ...
