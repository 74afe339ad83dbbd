"""Repairs what can be repaired safely of a stopped agent's data folder; deletes nothing."""

import os
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from agent.store import StoreError
from agent.store.directory import (
    LEDGER_NAME,
    LOCK_NAME,
    OTHERS,
    PRIVATE_NAMES,
    holder_of,
    lock_directory,
    withdraw_from_others,
)
from agent.store.inspection import is_damaged
from agent.store.salvage import IsValid, Salvage, salvage


@dataclass
class Repair:
    """What was done."""

    steps: list[str] = field(default_factory=list)
    salvage: Salvage | None = None


def repair(directory: Path, is_valid: IsValid) -> Repair:
    """Withdraw the files from others, put a foreign lock aside, save a damaged ledger.

    Raises:
        InUseError: while an agent runs.
        StoreError: when something cannot be repaired; it is as it was then.
    """
    done = Repair()
    if not directory.is_dir():
        raise StoreError(f"{directory}: does not exist; set data_dir to where the agent keeps it")
    _put_foreign_lock_aside(directory, done)
    with closing(lock_directory(directory)):
        for path in (directory, *(directory / name for name in PRIVATE_NAMES)):
            before = _mode(path)
            withdraw_from_others(path)
            if before is not None and _mode(path) != before:
                done.steps.append(f"{path}: taken from others (was {before & 0o7777:04o})")
        ledger = directory / LEDGER_NAME
        if ledger.is_file() and ledger.stat().st_size and is_damaged(ledger):
            done.salvage = salvage(ledger, is_valid)
            done.steps.append(f"{ledger}: made anew; the damaged one is {done.salvage.aside}")
    return done


def _mode(path: Path) -> int | None:
    try:
        return path.lstat().st_mode & (OTHERS | 0o7700)
    except OSError:
        return None


def _put_foreign_lock_aside(directory: Path, done: Repair) -> None:
    path = directory / LOCK_NAME
    try:
        holder_of(directory)
    except StoreError:
        aside = path.with_name(f"{LOCK_NAME}.aside-{time.time_ns()}")
        os.rename(path, aside)  # noqa: PTH104 - the link itself, not what it leads to
        done.steps.append(f"{path}: was no lock of an agent; it is {aside} now")
