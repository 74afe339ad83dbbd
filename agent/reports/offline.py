"""Makes a report from the ledger and the history of an agent that does not run."""

import time
from contextlib import AsyncExitStack
from pathlib import Path

from agent.config.settings import Settings
from agent.history.database import HistoryDatabase
from agent.history.hours import HistoryError
from agent.history.ledger_reader import LedgerHistory
from agent.reports.request import ReportRequest
from agent.reports.service import ReportService
from agent.store.database import Database
from agent.store.directory import HISTORY_NAME


async def report_of(database: Database, settings: Settings, request: ReportRequest) -> bytes:
    """The report that ``request`` asks for, as of now.

    Raises:
        ValueError: when the period is none.
        PdfError: when it is to be PDF and that cannot be made.
        StoreError: when the ledger cannot be read.
    """
    async with AsyncExitStack() as resources:
        history = await _history(settings, resources)
        service = ReportService(database, lambda: settings, time.time, lambda: history)
        return (await service.answer(request)).content


async def _history(settings: Settings, resources: AsyncExitStack) -> LedgerHistory | None:
    """The history, where there is one that can be read."""
    folder = Path(settings.data_dir)
    if not (folder / HISTORY_NAME).exists():
        return None
    try:
        opened = await HistoryDatabase.open(folder)
    except (HistoryError, OSError):
        return None
    resources.push_async_callback(opened.close)
    return LedgerHistory(opened)
