"""The ledger for one change by a command, opened for as short as possible.

A running agent alone writes its ledger: beside one, :mod:`agent.cli.dial_agent` asks it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from agent.config.settings import Settings
from agent.probing.book import OpenPages
from agent.providers.paid_queries import Pages
from agent.store import InUseError, StoreError
from agent.store.database import Database
from agent.testcalls.book_pages import book_pages

_ATTEMPTS: Final = 15
_PAUSE: Final = 0.2
"""Seconds between two attempts: another command holds the ledger only for a moment."""


def pages_of(settings: Settings) -> OpenPages:
    """Opens the ledger of ``settings`` for one change; ``OSError`` while somebody else holds it."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Pages]:
        database = await _open(settings)
        try:
            async with book_pages(database)() as pages:
                yield pages
        finally:
            await database.close()

    return opened


async def _open(settings: Settings) -> Database:
    for attempt in range(_ATTEMPTS):
        try:
            return await Database.open(Path(settings.data_dir), settings.store)
        except InUseError as error:
            if attempt == _ATTEMPTS - 1:
                raise OSError(str(error)) from error
        except StoreError as error:
            raise OSError(str(error)) from error
        await asyncio.sleep(_PAUSE)
    raise AssertionError("the last attempt returns or raises")
