"""The key of all replicas: a form that one of them has shown may be sent to any other.

Whoever stands in front of replicas sends a browser to another one each time.
"""

import secrets

from sqlalchemy import insert, select

from agent.store.database import Database, uninterrupted
from agent.store.locks import lock_texts
from agent.store.schema import pages

_PAGE = "replicas/key"
_BYTES = 32


@uninterrupted
async def shared_key(database: Database) -> bytes:
    """The key in the ledger of ``database``, made by whichever replica comes first.

    Raises:
        StoreError: when the ledger refuses.
    """
    stored = select(pages.c.value).where(pages.c.name == _PAGE)
    async with database.transaction() as connection:
        await lock_texts(connection, [_PAGE])
        key = (await connection.execute(stored)).scalar_one_or_none()
        if key is None:
            key = secrets.token_bytes(_BYTES)
            await connection.execute(insert(pages).values(name=_PAGE, value=key))
    return bytes(key)
