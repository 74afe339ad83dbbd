"""``numwatch backup``: a checked copy of the ledger, while the agent runs or not."""

import dataclasses
from pathlib import Path

from agent.cli.language import say
from agent.cli.runner import ExitStatus, print_json, run_command
from agent.config.load import load
from agent.i18n import Message, plural
from agent.store import StoreError
from agent.store.backup import back_up
from agent.store.directory import LEDGER_NAME
from agent.terminal.grid import paragraph
from agent.terminal.output import console, print_lines
from agent.terminal.progress import progress

_MADE = Message("{file}: {bytes} bytes, {tickets}, checked")
_COPYING = Message("copying and checking the ledger")


def backup(file: Path, config: Path, *, as_json: bool = False) -> int:
    """Copy the ledger of ``config`` to ``file``; returns 1 with the reason when that fails."""

    def command() -> int:
        with progress(say(_COPYING)):
            made = back_up(Path(load(config).data_dir) / LEDGER_NAME, file)
        if as_json:
            print_json(dataclasses.asdict(made))
        else:
            tickets = plural("{count} ticket", "{count} tickets", made.tickets)
            text = _MADE.with_values(file=made.file, bytes=made.bytes, tickets=tickets)
            print_lines(paragraph(say(text), console().width))
        return ExitStatus.OK

    return run_command(command, failures=(StoreError,))
