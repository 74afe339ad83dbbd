"""The ledger of a stopped agent as a client, and which client a command uses.

A ledger has exactly one connection, so while an agent holds it only that agent can be queried.
"""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from agent.baselines.baseline import BaselineBook
from agent.baselines.declared import Declaration
from agent.baselines.planned import planned_periods
from agent.baselines.repository import BaselineRepository
from agent.baselines.service import BaselineService
from agent.checks.engine import Checker
from agent.cli.client import ApiClient, Client, Document, NumberKey
from agent.cli.language import locale
from agent.cli.observation import poll_once
from agent.cli.runner import CommandError
from agent.config.load import load
from agent.config.settings import Settings
from agent.evidence.exporter import EvidenceExporter
from agent.reports.offline import report_of
from agent.reports.request import ReportRequest
from agent.store import InUseError
from agent.store.access_token import read_token
from agent.store.database import Database
from agent.store.server_certificate import trust_server_certificate
from agent.tickets.actions.request import ActionRequest
from agent.tickets.document import document
from agent.tickets.ledger import Filter, Ledger
from agent.tickets.manager import Tickets
from agent.tickets.outbox.outbox import Outbox
from agent.tickets.text import in_language
from agent.tickets.ticket import Ticket
from agent.web.baselines import baseline_view, version_view

_HOLDER_HINT = (
    "one holds the data directory: stop it, or let its listen address be reached from here"
)


class LedgerClient:
    """The client of a stopped agent's ledger; what it queues is sent when the agent starts.

    Args:
        database: The open ledger.
        settings: The stopped agent's configuration.
        declared: The configurations its files declare, for the methods about baselines.
    """

    def __init__(
        self, database: Database, settings: Settings, declared: Mapping[str, Declaration]
    ) -> None:
        self._database = database
        self._settings = settings
        self._declared = declared

    def _document(self, ticket: Ticket) -> Document:
        """The ticket with its texts in the language that the command speaks, where it has them."""
        shown = in_language(ticket, locale(self._settings), self._settings.timezone)
        return document(shown, time.time())

    async def tickets(self, limit: int, *, is_open: bool | None) -> list[Document]:
        """See :class:`agent.cli.client.Client`."""
        page = await Ledger(self._database).list(Filter(open=is_open), limit)
        return [self._document(ticket) for ticket in page.tickets]

    async def ticket(self, id_or_key: str) -> Document | None:
        """See :class:`agent.cli.client.Client`."""
        ticket = await Ledger(self._database).get(id_or_key)
        return None if ticket is None else self._document(ticket)

    async def act(self, ticket: str, request: ActionRequest) -> Document | None:
        """See :class:`agent.cli.client.Client`.

        Raises:
            ActionRequestError: when the request cannot be read.
            IllegalTransitionError: when the ticket's stage does not allow the action.
        """
        tickets = Tickets(self._database, self._settings, lambda *_: None, lambda *_: None)
        change = await tickets.act(ticket, request, time.time())
        return None if change is None else self._document(change.after)

    async def evidence(self, ticket: str) -> bytes | None:
        """See :class:`agent.cli.client.Client`."""
        exporter = EvidenceExporter(
            self._database, lambda: self._settings, version("numwatch"), time.time
        )
        bundle = await exporter.bundle(ticket)
        return None if bundle is None else bundle[1]

    async def report(self, request: ReportRequest) -> bytes | None:
        """See :class:`agent.cli.client.Client`.

        Raises:
            ValueError: when the period is none.
            PdfError: when it is to be PDF and that cannot be made.
        """
        return await report_of(self._database, self._settings, request)

    async def replay(self, ticket: str | None) -> int:
        """See :class:`agent.cli.client.Client`."""
        return await Outbox(self._database).replay(ticket, time.time())

    async def baseline(self, number: NumberKey) -> Document | None:
        """See :class:`agent.cli.client.Client`; every account is polled first."""
        service = await self._baselines()
        report = await service.report(number.number, number.provider, number.account)
        return None if report is None else _document(baseline_view(report))

    async def approve(self, number: NumberKey, by: str, note: str) -> Document | None:
        """See :class:`agent.cli.client.Client`; every account is polled first.

        Raises:
            CommandError: when the number's configuration is not wholly known.
        """
        service = await self._baselines()
        try:
            baseline = await service.approve(
                number.number, by, note, number.provider, number.account
            )
        except LookupError as error:
            raise CommandError(str(error)) from error
        return None if baseline is None else _document(version_view(baseline))

    async def _baselines(self) -> BaselineService:
        """The stored baselines beside the configurations just polled."""
        settings, book = self._settings, BaselineBook()
        repository = BaselineRepository(self._database, book)
        await repository.restore()
        book.declare(self._declared)
        report = await poll_once(settings)
        checker = Checker(settings, book)
        checked = {
            (snapshot.provider, snapshot.account): checker.check(snapshot, time.time())
            for snapshot in report.snapshots
        }
        await repository.write_changes()
        return BaselineService(
            repository, lambda: checked, lambda: planned_periods(settings), time.time
        )


@asynccontextmanager
async def open_client(url: str | None, config: Path | None) -> AsyncIterator[Client]:
    """The client of the ledger that ``config`` names if it is given, else of the agent at ``url``.

    Raises:
        ConfigError: when the configuration is wrong.
        StoreError: when the ledger cannot be opened, also because an agent holds it.
    """
    if config is None:
        async with ApiClient.at(url) as client:
            yield client
        return
    settings = load(config)
    database = await Database.open(Path(settings.data_dir), settings.store)
    async with _open_ledger(database, settings, {}) as ledger:
        yield ledger


@asynccontextmanager
async def open_ledger_or_holder(
    settings: Settings, declared: Mapping[str, Declaration]
) -> AsyncIterator[Client]:
    """The ledger of ``settings``, or the running agent that holds it.

    Raises:
        StoreError: when the ledger cannot be opened for another reason.
    """
    try:
        database = await Database.open(Path(settings.data_dir), settings.store)
    except InUseError:
        async with client_of_holder(settings) as client:
            yield client
        return
    async with _open_ledger(database, settings, declared) as ledger:
        yield ledger


def client_of_holder(settings: Settings) -> ApiClient:
    """The client of the agent that holds the data directory of ``settings``."""
    own = settings.web.token
    token = read_token(Path(settings.data_dir)) if own is None else own.reveal()
    trust = trust_server_certificate(Path(settings.data_dir))
    url = f"{'http' if trust is None else 'https'}://{settings.listen[0]}"
    return ApiClient(url, token, _HOLDER_HINT, trust)


@asynccontextmanager
async def _open_ledger(
    database: Database, settings: Settings, declared: Mapping[str, Declaration]
) -> AsyncIterator[Client]:
    try:
        yield LedgerClient(database, settings, declared)
    finally:
        await database.close()


def _document(view: msgspec.Struct) -> dict[str, Any]:
    return dict(msgspec.to_builtins(view))
