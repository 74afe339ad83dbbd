"""What single commands remember between two runs: the configurations first seen, or approved.

They live in the ledger of the agent's ``data_dir``. A running agent holds it alone and writes
to it alone; beside one a command only reads.
"""

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import structlog

from agent.baselines.baseline import PAGE_PREFIX, BaselineBook
from agent.checks.engine import Checker
from agent.checks.result import CheckResult
from agent.config.settings import Settings
from agent.model import Snapshot
from agent.store.directory import LEDGER_NAME
from agent.store.errors import StoreError

log = structlog.get_logger(__name__)

_PAGES = "SELECT name, value FROM keep WHERE substr(name, 1, ?) = ?"


async def recall(settings: Settings) -> BaselineBook:
    """The baselines in the ledger of ``settings``; an empty book where there is none.

    Raises:
        ValueError: when a page of them is damaged.
    """
    book = BaselineBook()
    book.restore(await asyncio.to_thread(_pages, Path(settings.data_dir) / LEDGER_NAME))
    return book


async def look(
    settings: Settings, snapshots: Iterable[Snapshot], book: BaselineBook, now: float
) -> Mapping[tuple[str, str], CheckResult]:
    """Check what was just polled against ``book``, and keep what was seen for the first time."""
    checker = Checker(settings, book)
    checked = {
        (snapshot.provider, snapshot.account): checker.check(snapshot, now)
        for snapshot in snapshots
    }
    await keep(settings, book)
    return checked


async def keep(settings: Settings, book: BaselineBook) -> None:
    """Write down what is new in ``book``, unless a running agent does that itself."""
    new = list(book.take_unwritten())
    if not new:
        return
    for name, _ in new:
        book.mark_unwritten(name)
    # Only a look that saw something new pays for what can write.
    from agent.baselines.repository import BaselineRepository  # noqa: PLC0415 - see above
    from agent.store.database import Database  # noqa: PLC0415

    try:
        database = await Database.open(Path(settings.data_dir))
    except StoreError as error:
        log.debug("baselines_not_kept", error=str(error))
        return
    try:
        await BaselineRepository(database, book).keep()
    finally:
        await database.close()


def _pages(ledger: Path) -> list[tuple[str, bytes]]:
    if not ledger.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{ledger.absolute().as_uri()}?mode=ro", uri=True)) as reader:
            rows = reader.execute(_PAGES, (len(PAGE_PREFIX), PAGE_PREFIX)).fetchall()
    except sqlite3.Error as error:
        log.debug("baselines_not_read", error=str(error))
        return []
    return [(str(name), bytes(value)) for name, value in rows]
