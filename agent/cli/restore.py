"""``numwatch restore``: a backup put in the ledger's place, and what becomes of the tickets."""

import dataclasses
import sys
import time
from pathlib import Path

from agent.cli.runner import ExitStatus, print_json, run_command
from agent.config.load import load
from agent.store import StoreError
from agent.store.restore import Restore
from agent.store.restore import restore as put_back
from agent.tickets.ledger import is_usable

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
            sys.stdout.writelines(f"{line}\n" for line in _lines(done))
        return ExitStatus.OK

    return run_command(command, failures=(StoreError,))


def _lines(done: Restore) -> list[str]:
    hours = max(0.0, time.time() - done.made_at) / 3600
    age = f"{hours:.1f} hours old, {done.tickets} tickets, {done.open_tickets} of them open"
    lines = [
        f"{done.file}: put back; {age}",
        f"the former ledger is {done.aside}" if done.aside else "there was no ledger before",
    ]
    if done.closed_since:
        text = "closed since, and open again until their recovery is verified"
        lines.append(f"{text}: {_ids(done.closed_since)}")
    if done.opened_since:
        text = "opened since, and not in it; while their fault lasts, the desk is asked for them"
        lines.append(f"{text}: {_ids(done.opened_since)}")
    return [*lines, "start the agent; docs/backup.md says what it does to tickets"]


def _ids(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - _MOST_NAMES} more" if len(ids) > _MOST_NAMES else ""
    return ", ".join(ids[:_MOST_NAMES]) + more
