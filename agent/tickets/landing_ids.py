"""Ids of phones that several numbers ring, which are a part of what a ticket is about.

An id shows the phone masked, so it needs something that tells phones with the same mask apart.
A plain hash would give the hidden digits away: there are ten thousand of them, tried in a moment.
The hash is keyed by a secret of the ledger, so that it stays the same over restarts.
"""

import hmac
import secrets
from collections.abc import Collection
from hashlib import sha256

from agent.masking import mask_phone

KEY_BYTES = 32
_HASH_CHARACTERS = 8


def new_landing_key() -> bytes:
    """A random key for a ledger."""
    return secrets.token_bytes(KEY_BYTES)


class LandingIds:
    """Gives phones their ids.

    Args:
        key: The ledger's secret.
        former: Ids that tickets have already. Versions before 0.3 hashed without a key; a phone
            keeps the id that a ticket has, or its fault would get a second ticket.
    """

    def __init__(self, key: bytes, former: Collection[str] = frozenset()) -> None:
        self._key = key
        self._former = frozenset(former)

    def of(self, phone: str) -> str:
        """The id of ``phone``: masked, with a hash that tells phones apart."""
        masked = mask_phone(phone)
        if self._former:
            plain = f"{masked} {sha256(phone.encode()).hexdigest()[:_HASH_CHARACTERS]}"
            if plain in self._former:
                return plain
        keyed = hmac.new(self._key, phone.encode(), sha256).hexdigest()
        return f"{masked} {keyed[:_HASH_CHARACTERS]}"
