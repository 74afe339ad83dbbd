"""``numwatch store``: the store's tables, its state, and the move from SQLite to PostgreSQL."""

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.doctor import finding_lines
from agent.cli.language import locale, say
from agent.cli.runner import CommandError, ExitStatus, print_json, run_command
from agent.cli.store_inspection import inspect_store
from agent.config.load import load
from agent.config.settings import Settings
from agent.i18n import Message, plural
from agent.store import StoreError
from agent.store.database import Database
from agent.store.finding import Status
from agent.terminal.grid import paragraph
from agent.terminal.output import console, is_live, print_lines

if TYPE_CHECKING:
    from agent.store.postgresql.copying import Copy

_MIGRATED = Message("{store}: its tables are this version's")
_NO_TARGET = Message("store.url is not set; set it to the PostgreSQL database to copy to")
_COPIED = Message("copied {source} to {target}, and compared every row: equal")
_TABLE = Message("{table}: {rows}")
_NEXT = Message(
    "start the agent: it goes on in the new place. Leave the former ledger alone: an agent that is "
    "started on it would open the same tickets again."
)
_COPYING = Message("{table}: {count} rows copied")


def migrate(config: Path) -> int:
    """Bring the store of ``config`` up to date; 1 with the reason when that fails."""

    def command() -> int:
        settings = load(config)
        name = asyncio.run(_migrate(settings))
        out = console()
        print_lines(paragraph(say(_MIGRATED.with_values(store=name), settings), out.width), out)
        return ExitStatus.OK

    return run_command(command, failures=(StoreError,))


async def _migrate(settings: Settings) -> str:
    database = await Database.open(Path(settings.data_dir), settings.store)
    await database.close()
    return database.name


def check(config: Path, *, as_json: bool = False) -> int:
    """Inspect the store of ``config``; 1 when something is not as it should be."""

    def command() -> int:
        settings = load(config)
        findings = asyncio.run(inspect_store(settings))
        is_ok = all(it.status is not Status.BROKEN for it in findings)
        if as_json:
            print_json({"ok": is_ok, "checks": [it.document() for it in findings]})
        else:
            out = console()
            for finding in findings:
                print_lines(finding_lines(finding, locale(settings), out.width), out)
        return ExitStatus.OK if is_ok else ExitStatus.FAILED

    return run_command(command, failures=(StoreError,))


def copy(config: Path, *, as_json: bool = False) -> int:
    """Copy the SQLite ledger of ``config`` into its PostgreSQL; 1 when that fails."""

    def command() -> int:
        settings = load(config)
        if settings.store.url is None:
            raise CommandError(say(_NO_TARGET, settings))
        # What no PostgreSQL needs is not loaded.
        from agent.store.postgresql.move import move  # noqa: PLC0415 - see above

        moved = asyncio.run(move(Path(settings.data_dir), settings.store, _report))
        if as_json:
            print_json(dataclasses.asdict(moved))
        else:
            out = console()
            for line in _lines(moved, settings):
                print_lines(paragraph(line, out.width), out)
        return ExitStatus.OK

    return run_command(command, failures=(StoreError, CommandError))


def _report(table: str, count: int) -> None:
    """Say on standard error how far it is, where somebody watches."""
    if is_live():
        text = say(_COPYING.with_values(table=table, count=count))
        console(stderr=True).print(text, end="\r")


def _lines(moved: "Copy", settings: Settings) -> Iterator[str]:
    yield say(_COPIED.with_values(source=moved.source, target=moved.target), settings)
    for table, count in moved.rows.items():
        rows = plural("{count} row", "{count} rows", count)
        yield say(_TABLE.with_values(table=table, rows=rows), settings)
    yield say(_NEXT, settings)
