"""Ids of callers: keyed hashes of their numbers, which tell callers apart and identify none.

The key is in the ledger; without it an id cannot be found by trying out numbers.
"""

import hmac
import secrets
from hashlib import sha256

from agent.store.database import Database

_KEY = "complaints_key"
"""The name under which the ledger stores the key."""
_HASH_CHARACTERS = 16


async def key_of(database: Database) -> bytes:
    """The key of a ledger; made at the first call and stored.

    Raises:
        StoreError: when the ledger cannot be read or written.
    """
    key = await database.get(_KEY)
    if key is None:
        key = secrets.token_bytes(32)
        await database.put(_KEY, key)
    return key


def caller_id(key: bytes, caller: str) -> str:
    """The id of the caller with these digits."""
    return hmac.new(key, caller.encode(), sha256).hexdigest()[:_HASH_CHARACTERS]


async def who_is(database: Database, caller: str) -> str:
    """The id of the caller in a ledger; empty where it never had a complaint.

    Raises:
        StoreError: when the ledger cannot be read.
    """
    key = await database.get(_KEY)
    return "" if key is None else caller_id(key, caller)
