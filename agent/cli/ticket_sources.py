"""Where the ``tickets`` command reads: a running agent's API, or the ledger of a stopped one.

The ledger has exactly one connection, so while an agent holds it only that agent is asked.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp

from agent.store.database import Database
from agent.tickets.document import document
from agent.tickets.ledger import Filter, Ledger
from agent.tickets.outbox.outbox import Outbox

DEFAULT_URL = "http://127.0.0.1:10400"
_TIMEOUT = aiohttp.ClientTimeout(total=30)
_NOT_FOUND = 404


class SourceError(Exception):
    """Tickets cannot be read from there; the text says why and what to do."""


class Source(Protocol):
    """Tickets as documents, and their dead letters."""

    async def tickets(self, limit: int, *, standing: bool | None) -> list[dict[str, Any]]:
        """The newest tickets: those that stand, those that do not, or (``None``) all."""
        ...

    async def ticket(self, id_or_key: str) -> dict[str, Any] | None:
        """One ticket, or ``None``."""
        ...

    async def replay(self, ticket: str | None) -> int:
        """Queue dead letters again, of one ticket or of all; gives how many."""
        ...


class LedgerSource:
    """The ledger itself."""

    def __init__(self, database: Database) -> None:
        self._ledger = Ledger(database)
        self._outbox = Outbox(database)

    async def tickets(self, limit: int, *, standing: bool | None) -> list[dict[str, Any]]:
        """See :class:`Source`."""
        page = await self._ledger.list(Filter(open=standing), limit)
        return [document(ticket, time.time()) for ticket in page.tickets]

    async def ticket(self, id_or_key: str) -> dict[str, Any] | None:
        """See :class:`Source`."""
        found = await self._ledger.get(id_or_key)
        return None if found is None else document(found, time.time())

    async def replay(self, ticket: str | None) -> int:
        """See :class:`Source`; the rows go out when the agent starts."""
        return await self._outbox.replay(ticket, time.time())


class ApiSource:
    """A running agent."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    async def tickets(self, limit: int, *, standing: bool | None) -> list[dict[str, Any]]:
        """See :class:`Source`."""
        asked = {"limit": str(limit)}
        if standing is not None:
            asked["open"] = str(standing).lower()
        page = await self._ask("GET", "/api/tickets", asked)
        return list(page["items"])

    async def ticket(self, id_or_key: str) -> dict[str, Any] | None:
        """See :class:`Source`."""
        found = await self._ask(
            "GET", f"/api/tickets/{quote(id_or_key, safe='')}", {}, may_miss=True
        )
        return None if found is None else dict(found)

    async def replay(self, ticket: str | None) -> int:
        """See :class:`Source`."""
        asked = {} if ticket is None else {"ticket": ticket}
        answer = await self._ask("POST", "/api/tickets/replay", asked)
        return int(answer["replayed"])

    async def _ask(
        self, method: str, path: str, asked: dict[str, str], *, may_miss: bool = False
    ) -> Any:
        try:
            async with self._session.request(method, self._url + path, params=asked) as answer:
                if may_miss and answer.status == _NOT_FOUND:
                    return None
                answer.raise_for_status()
                return await answer.json()
        except aiohttp.ClientResponseError as error:
            raise SourceError(f"{self._url}{path} answered HTTP {error.status}") from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SourceError(
                f"no agent answers at {self._url}; say where one does with --url, or read the"
                " ledger of a stopped one with --config"
            ) from error


@asynccontextmanager
async def open_source(url: str | None, data_dir: Path | None) -> AsyncIterator[Source]:
    """The ledger in ``data_dir`` where that is given, else the agent at ``url``.

    Raises:
        StoreError: when the ledger cannot be opened, also because an agent holds it.
        SourceError: when an agent is asked and does not answer.
    """
    if data_dir is not None:
        database = await Database.open(data_dir)
        try:
            yield LedgerSource(database)
        finally:
            await database.close()
    else:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            yield ApiSource(session, url or DEFAULT_URL)
