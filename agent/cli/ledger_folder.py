"""The folder of a SQLite ledger, for the commands that work on its file.

Backing up, restoring and repairing a PostgreSQL is what its own programs do.
"""

from pathlib import Path

from agent.config.settings import Settings
from agent.config.store import shown_url
from agent.store import StoreError


def sqlite_folder(settings: Settings) -> Path:
    """The folder in which the ledger is.

    Raises:
        StoreError: when it is in a PostgreSQL; the text says what to use there.
    """
    url = settings.store.url
    if url is not None:
        raise StoreError(
            f"{shown_url(url)}: the ledger is in PostgreSQL; use its own programs for this"
            " (pg_dump, pg_restore or a continuous archive; docs/scale.md)"
        )
    return Path(settings.data_dir)
