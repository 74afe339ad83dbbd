"""``numwatch backup``: a checked copy of the ledger, while the agent runs or not."""

import dataclasses
import sys
from pathlib import Path

from agent.cli.runner import ExitStatus, print_json, run_command
from agent.config.load import load
from agent.store import StoreError
from agent.store.backup import back_up
from agent.store.directory import LEDGER_NAME


def backup(file: Path, config: Path, *, as_json: bool = False) -> int:
    """Copy the ledger of ``config`` to ``file``; returns 1 with the reason when that fails."""

    def command() -> int:
        made = back_up(Path(load(config).data_dir) / LEDGER_NAME, file)
        if as_json:
            print_json(dataclasses.asdict(made))
        else:
            sys.stdout.write(f"{made.file}: {made.bytes} bytes, {made.tickets} tickets, checked\n")
        return ExitStatus.OK

    return run_command(command, failures=(StoreError,))
