"""Where the ``baseline`` command looks: a running agent, or the ledger of a stopped one."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp
import msgspec

from agent.baselines.baseline import BaselineBook
from agent.baselines.planned import plans_of
from agent.baselines.repository import BaselineRepository
from agent.baselines.service import BaselineService
from agent.checks.engine import Checker
from agent.cli.poll_once import poll_once
from agent.config.settings import Settings
from agent.plan import Plan
from agent.store.database import Database
from agent.store.errors import InUseError
from agent.web.baselines import baseline_view, version_view

_TIMEOUT = aiohttp.ClientTimeout(total=30)
_NOT_FOUND = 404


class SourceError(Exception):
    """Baselines cannot be had from there; the text says why and what to do."""


@dataclass(frozen=True)
class Wanted:
    """Which number, at which account where several have it."""

    number: str
    provider: str = ""
    account: str = ""

    @property
    def place(self) -> dict[str, str]:
        """The account, as it is asked for."""
        asked = {"provider": self.provider, "account": self.account}
        return {name: value for name, value in asked.items() if value}


class Source(Protocol):
    """Baselines as documents; ``None`` where nobody has the number."""

    async def report(self, wanted: Wanted) -> dict[str, Any] | None:
        """What the number is held to, and what differs from it."""
        ...

    async def approve(self, wanted: Wanted, by: str, note: str) -> dict[str, Any] | None:
        """Approve the number's configuration as it is now."""
        ...


class LocalSource:
    """A provider just polled, and the ledger of a stopped agent."""

    def __init__(self, desk: BaselineService) -> None:
        self._desk = desk

    async def report(self, wanted: Wanted) -> dict[str, Any] | None:
        """See :class:`Source`."""
        report = await self._desk.report(wanted.number, wanted.provider, wanted.account)
        return None if report is None else _document(baseline_view(report))

    async def approve(self, wanted: Wanted, by: str, note: str) -> dict[str, Any] | None:
        """See :class:`Source`.

        Raises:
            SourceError: when the number's configuration is not wholly known.
        """
        place = wanted.provider, wanted.account
        try:
            baseline = await self._desk.approve(wanted.number, by, note, *place)
        except LookupError as error:
            raise SourceError(str(error)) from error
        return None if baseline is None else _document(version_view(baseline))


class ApiSource:
    """A running agent."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    async def report(self, wanted: Wanted) -> dict[str, Any] | None:
        """See :class:`Source`."""
        return await self._ask("GET", wanted)

    async def approve(self, wanted: Wanted, by: str, note: str) -> dict[str, Any] | None:
        """See :class:`Source`."""
        return await self._ask("POST", wanted, {"by": by, "note": note})

    async def _ask(
        self, method: str, wanted: Wanted, body: dict[str, str] | None = None
    ) -> dict[str, Any] | None:
        path = f"{self._url}/api/numbers/{quote(wanted.number, safe='')}/baseline"
        try:
            async with self._session.request(
                method, path, params=wanted.place, json=body
            ) as answer:
                if answer.status == _NOT_FOUND:
                    return None
                told: dict[str, Any] = await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SourceError(
                f"the data directory is held by an agent that does not answer at {self._url};"
                " stop it, or let its listen address be reached from here"
            ) from error
        if "error" in told:
            raise SourceError(f"{told['error']}; expected {told['expected']}")
        return told


@asynccontextmanager
async def open_source(plan: Plan) -> AsyncIterator[Source]:
    """The ledger of ``plan``, or the agent that holds it.

    Raises:
        StoreError: when the ledger cannot be used.
        SourceError: when a provider cannot be polled.
    """
    settings = plan.settings
    try:
        database = await Database.open(Path(settings.data_dir))
    except InUseError:
        async with aiohttp.ClientSession(timeout=_TIMEOUT, headers=_credentials(settings)) as told:
            yield ApiSource(told, f"http://{settings.listen[0]}")
        return
    try:
        yield await _polled(plan, database)
    finally:
        await database.close()


def _credentials(settings: Settings) -> dict[str, str]:
    token = settings.web.token
    return {} if token is None else {"Authorization": f"Bearer {token.reveal()}"}


async def _polled(plan: Plan, database: Database) -> LocalSource:
    settings, book = plan.settings, BaselineBook()
    shelf = BaselineRepository(database, book)
    await shelf.restore()
    book.declare(plan.declared)
    report = await poll_once(settings)
    checker = Checker(settings, book)
    checked = {
        (account.snapshot.provider, account.snapshot.account): checker.check(
            account.snapshot, time.time()
        )
        for account in report.accounts
        if account.snapshot is not None
    }
    await shelf.keep()
    return LocalSource(
        BaselineService(shelf, lambda: checked, lambda: plans_of(settings), time.time)
    )


def _document(view: msgspec.Struct) -> dict[str, Any]:
    return dict(msgspec.to_builtins(view))
