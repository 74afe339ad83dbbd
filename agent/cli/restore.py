"""``numwatch restore``: a backup put in the ledger's place, and what becomes of the tickets."""

import dataclasses
import time
from pathlib import Path

from agent.cli.language import locale, say
from agent.cli.runner import ExitStatus, print_json, run_command
from agent.config.load import load
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
_CLOSED = Message("closed since, and open again until their recovery is verified: {ids}")
_OPENED = Message(
    "opened since, and not in it; while their fault lasts, the desk is asked for them: {ids}"
)
_START = Message("start the agent; docs/backup.md says what it does to tickets")
_MORE = Message(" and {count} more")

_MOST_NAMES = 20


def restore(file: Path, config: Path, *, as_json: bool = False) -> int:
    """Put ``file`` in the place of the ledger of ``config``; 1 with the reason when it cannot be.

    Refused while an agent runs.
    """

    def command() -> int:
        done = put_back(Path(load(config).data_dir), file, is_usable)
        if as_json:
            print_json(dataclasses.asdict(done))
        else:
            out = console()
            for line in _lines(done):
                print_lines(paragraph(line, out.width), out)
        return ExitStatus.OK

    return run_command(command, failures=(StoreError,))


def _lines(done: Restore) -> list[str]:
    age = duration(max(0.0, time.time() - done.made_at), locale())
    tickets = plural("{count} ticket", "{count} tickets", done.tickets)
    values = {"file": done.file, "age": age, "tickets": tickets, "open": done.open_tickets}
    lines = [
        say(_PUT_BACK.with_values(**values)),
        say(_ASIDE.with_values(file=done.aside) if done.aside else _NONE_BEFORE),
    ]
    if done.closed_since:
        lines.append(say(_CLOSED.with_values(ids=_ids(done.closed_since))))
    if done.opened_since:
        lines.append(say(_OPENED.with_values(ids=_ids(done.opened_since))))
    return [*lines, say(_START)]


def _ids(ids: tuple[str, ...]) -> str:
    hidden = len(ids) - _MOST_NAMES
    more = say(_MORE.with_values(count=hidden)) if hidden > 0 else ""
    return ", ".join(ids[:_MOST_NAMES]) + more
