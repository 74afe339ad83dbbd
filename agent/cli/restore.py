"""``numwatch restore``: a backup put in the ledger's place, and what becomes of the tickets."""

import dataclasses
import time
from pathlib import Path

from agent.cli.language import locale, say
from agent.cli.ledger_folder import sqlite_folder
from agent.cli.runner import ExitStatus, print_json, run_command
from agent.config.load import load
from agent.history.backup import HistoryRestore, check_history, history_file
from agent.i18n import Message, plural
from agent.store import StoreError
from agent.store.restore import Restore
from agent.store.restore import restore as put_back
from agent.terminal.grid import paragraph
from agent.terminal.output import console, print_lines
from agent.terminal.times import duration
from agent.tickets.ledger import is_usable

_PUT_BACK = Message("{file}: put back; {age} old, {tickets}, {open} of them open")
_ASIDE = Message("the former ledger is {file}")
_NONE_BEFORE = Message("there was no ledger before")
_HISTORY = Message("{file}: put back as the history; the former one is {aside}")
_FIRST_HISTORY = Message("{file}: put back as the history; there was none before")
_NO_HISTORY = Message("the history is as it was: none was put back")
_CLOSED = Message("closed since, and open again until their recovery is verified: {ids}")
_OPENED = Message(
    "opened since, and not in it; while their fault lasts, the desk is asked for them: {ids}"
)
_START = Message("start the agent; docs/backup.md says what it does to tickets")
_MORE = Message(" and {count} more")

_MOST_NAMES = 20


def restore(file: Path, config: Path, *, with_history: bool = True, as_json: bool = False) -> int:
    """Put ``file`` in the place of the ledger of ``config``, and the history beside it, too.

    Refused while an agent runs; returns 1 with the reason when it cannot be.
    """

    def command() -> int:
        directory = sqlite_folder(load(config))
        history = _history_of(file) if with_history else None
        meanwhile = None if history is None else history.put_back(directory)
        done = put_back(directory, file, is_usable, meanwhile)
        if as_json:
            found = None if history is None else dataclasses.asdict(history)
            print_json({**dataclasses.asdict(done), "history": found})
        else:
            out = console()
            for line in _lines(done, history):
                print_lines(paragraph(line, out.width), out)
        return ExitStatus.OK

    return run_command(command, failures=(StoreError,))


def _history_of(file: Path) -> HistoryRestore | None:
    """The history beside a backup, checked; ``None`` where there is none."""
    history = history_file(file)
    if not history.exists():
        return None
    try:
        check_history(history)
    except StoreError as error:
        raise StoreError(f"{error}; --no-history puts the ledger back alone") from error
    return HistoryRestore(str(history))


def _lines(done: Restore, history: HistoryRestore | None) -> list[str]:
    age = duration(max(0.0, time.time() - done.made_at), locale())
    tickets = plural("{count} ticket", "{count} tickets", done.tickets)
    values = {"file": done.file, "age": age, "tickets": tickets, "open": done.open_tickets}
    lines = [
        say(_PUT_BACK.with_values(**values)),
        say(_ASIDE.with_values(file=done.aside) if done.aside else _NONE_BEFORE),
    ]
    lines.append(say(_history_text(history)))
    if done.closed_since:
        lines.append(say(_CLOSED.with_values(ids=_ids(done.closed_since))))
    if done.opened_since:
        lines.append(say(_OPENED.with_values(ids=_ids(done.opened_since))))
    return [*lines, say(_START)]


def _history_text(history: HistoryRestore | None) -> Message:
    if history is None:
        return _NO_HISTORY
    values = {"file": history.file, "aside": history.aside}
    return (_HISTORY if history.aside else _FIRST_HISTORY).with_values(**values)


def _ids(ids: tuple[str, ...]) -> str:
    hidden = len(ids) - _MOST_NAMES
    more = say(_MORE.with_values(count=hidden)) if hidden > 0 else ""
    return ", ".join(ids[:_MOST_NAMES]) + more
