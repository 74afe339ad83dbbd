"""Locks that several replicas take for one transaction, where there is no row yet to lock.

PostgreSQL's alone, and of a transaction, so that a pooler in transaction mode keeps them.
"""

from collections.abc import Sequence
from hashlib import blake2b

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def lock_texts(connection: AsyncConnection, texts: Sequence[str]) -> None:
    """Let nobody else work on ``texts``, as this does, until the end of the transaction.

    They are locked in the order of their keys, so that no two wait for each other.
    """
    keys = sorted({_key(it) for it in texts})
    # One after the other, in the order given: a set of rows would be locked in any.
    for key in keys:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _key(value: str) -> int:
    digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
