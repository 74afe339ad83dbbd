"""What ``numwatch store check`` and ``numwatch doctor`` find of the store."""

from pathlib import Path

from agent.config.settings import Settings
from agent.store.directory import LEDGER_NAME
from agent.store.finding import Finding
from agent.store.inspection import inspect_folder, inspect_ledger


async def inspect_store(settings: Settings) -> list[Finding]:
    """What is found of the data folder and of the store."""
    directory = Path(settings.data_dir)
    is_sqlite = settings.store.url is None
    findings = list(inspect_folder(directory, with_ledger=is_sqlite))
    if is_sqlite:
        return [*findings, *inspect_ledger(directory / LEDGER_NAME)]
    # What no PostgreSQL needs is not loaded.
    from agent.store.postgresql.inspection import inspect_postgresql  # noqa: PLC0415 - see above

    return [*findings, *await inspect_postgresql(settings.store)]
