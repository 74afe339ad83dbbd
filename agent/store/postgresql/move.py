"""Moves a ledger from SQLite to PostgreSQL while no agent runs."""

from pathlib import Path

from agent.config.store import Store
from agent.store import StoreError
from agent.store.directory import LEDGER_NAME, lock_directory, make_private
from agent.store.postgresql.copying import Copy, Report, copy_ledger
from agent.store.sqlite.backend import SqliteBackend


async def move(data_dir: Path, store: Store, report: Report) -> Copy:
    """Copy the ledger in ``data_dir`` into the PostgreSQL of ``store``; the former one stays.

    It is brought up to this program's schema and checked first.

    Raises:
        StoreError: when there is none, an agent has it, it is damaged, or the copy fails.
    """
    ledger = data_dir / LEDGER_NAME
    if not ledger.is_file() or not ledger.stat().st_size:
        raise StoreError(f"{ledger}: there is no ledger; set data_dir to where the agent has it")
    make_private(data_dir)
    lock = lock_directory(data_dir)
    try:
        source = SqliteBackend(ledger)
        try:
            await source.open()
        finally:
            await source.close()
        return await copy_ledger(ledger, store, report)
    finally:
        lock.close()
