"""Named views of the list of tickets, stored in the ledger for everybody who uses the agent."""

import asyncio

import msgspec

from agent.store.database import Database

MOST_VIEWS = 50
_PAGE = "tickets/views"


class SavedView(msgspec.Struct, frozen=True):
    """One named view."""

    name: str
    query: str
    """The query of the list's address that shows it."""
    by: str
    """Who saved it."""


class TooManyViewsError(Exception):
    """There are as many views as are kept."""


class SavedViews:
    """Reads and writes the views; one for each ledger writes at a time.

    Every method raises StoreError when the ledger cannot be read or written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()

    async def all(self) -> list[SavedView]:
        """The views in the order of their names."""
        stored = await self._database.get(_PAGE)
        return [] if stored is None else msgspec.json.decode(stored, type=list[SavedView])

    async def save(self, view: SavedView) -> None:
        """Stores ``view`` in the place of the one with its name.

        Raises:
            TooManyViewsError: when it is one more than are kept.
        """
        async with self._lock:
            others = [it for it in await self.all() if it.name != view.name]
            if len(others) >= MOST_VIEWS:
                raise TooManyViewsError
            await self._put([*others, view])

    async def delete(self, name: str) -> None:
        """Deletes the view with this name, if there is one."""
        async with self._lock:
            await self._put([it for it in await self.all() if it.name != name])

    async def _put(self, views: list[SavedView]) -> None:
        ordered = sorted(views, key=lambda it: it.name.casefold())
        await self._database.put(_PAGE, msgspec.json.encode(ordered))
