"""``numwatch backup``: checked copies of ledger and history, while the agent runs or not."""

import dataclasses
from pathlib import Path

from agent.cli.language import say
from agent.cli.ledger_folder import sqlite_folder
from agent.cli.runner import ExitStatus, print_json, run_command
from agent.config.load import load
from agent.history.backup import HistoryBackup, back_up_history, history_file
from agent.i18n import Message, plural
from agent.store import StoreError
from agent.store.backup import Backup, back_up
from agent.store.copying import refuse_existing
from agent.store.directory import LEDGER_NAME
from agent.terminal.grid import paragraph
from agent.terminal.output import console, print_lines
from agent.terminal.progress import progress

_MADE = Message("{file}: {bytes} bytes, {tickets}, checked")
_HISTORY_MADE = Message("{file}: {bytes} bytes of history, checked")
_COPYING = Message("copying and checking the ledger")
_COPYING_HISTORY = Message("copying and checking the history")


def backup(file: Path, config: Path, *, with_history: bool = True, as_json: bool = False) -> int:
    """Copy the ledger of ``config`` to ``file``, and the history beside it.

    Returns 1 with the reason when one of them fails.
    """

    def command() -> int:
        directory = sqlite_folder(load(config))
        if with_history:
            refuse_existing(history_file(file))
        with progress(say(_COPYING)):
            made = back_up(directory / LEDGER_NAME, file)
        history = _copy_history(directory, file) if with_history else None
        if as_json:
            copied = None if history is None else dataclasses.asdict(history)
            print_json({**dataclasses.asdict(made), "history": copied})
        else:
            for line in _lines(made, history):
                print_lines(paragraph(line, console().width))
        return ExitStatus.OK

    return run_command(command, failures=(StoreError,))


def _copy_history(directory: Path, file: Path) -> HistoryBackup | None:
    try:
        with progress(say(_COPYING_HISTORY)):
            return back_up_history(directory, file)
    except StoreError as error:
        # Whoever reads this must not throw away the half that matters.
        raise StoreError(f"{error} (the ledger's backup is whole: {file})") from error


def _lines(made: Backup, history: HistoryBackup | None) -> list[str]:
    tickets = plural("{count} ticket", "{count} tickets", made.tickets)
    lines = [say(_MADE.with_values(file=made.file, bytes=made.bytes, tickets=tickets))]
    if history is not None:
        values = {"file": history.file, "bytes": history.bytes}
        lines.append(say(_HISTORY_MADE.with_values(**values)))
    return lines
