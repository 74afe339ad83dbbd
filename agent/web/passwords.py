"""Checks passwords against bcrypt hashes, off the event loop and a few at a time.

One check takes a tenth of a second of processor time by design. Verdicts are remembered, as
Prometheus' exporter-toolkit does, so that a browser or a scraper costs one check, and whoever
guesses can occupy one thread and no more.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import bcrypt

from agent.config.secret import Secret

MOST_WAITING = 8
"""Checks that wait or run at once; further ones are refused."""
_MOST_VERDICTS = 256
_LONGEST_PASSWORD = 72
"""Bytes; bcrypt takes no more."""
_HASH_OF_NOBODY = "$2b$10$s5BJMRSgBt.NiVuNLJDWi.s15ZFv8msspk0px.OAjXksHMw1CP8Na"
"""Compared for users that do not exist, so that the time does not reveal which ones do."""


class BusyError(Exception):
    """Too many passwords wait to be checked."""


class PasswordCheck:
    """Compares passwords with bcrypt hashes in a thread of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="passwords")
        self._waiting = 0
        self._verdicts: OrderedDict[bytes, bool] = OrderedDict()

    async def is_right(self, users: Mapping[str, Secret], user: str, password: str) -> bool:
        """Whether ``password`` is that of ``user``, of whom ``users`` has the bcrypt hash.

        Raises:
            BusyError: when too many others wait.
        """
        hashed = users[user].reveal() if user in users else _HASH_OF_NOBODY
        secret = password.encode("utf-8", "surrogateescape")
        if not secret or len(secret) > _LONGEST_PASSWORD:
            return False
        digest = sha256(b"\0".join((hashed.encode(), secret))).digest()
        verdict = self._verdicts.get(digest)
        if verdict is None:
            verdict = await self._compare(secret, hashed)
            self._verdicts[digest] = verdict
            if len(self._verdicts) > _MOST_VERDICTS:
                self._verdicts.popitem(last=False)
        return verdict and user in users

    async def _compare(self, secret: bytes, hashed: str) -> bool:
        if self._waiting >= MOST_WAITING:
            raise BusyError
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, _matches, secret, hashed)
        finally:
            self._waiting -= 1


def _matches(secret: bytes, hashed: str) -> bool:
    try:
        return bcrypt.checkpw(secret, hashed.encode())
    except ValueError:
        # Of a form that the configuration refuses.
        return False
