"""Inspects the data folder and the ledger in it; reads only, whether an agent runs or not."""

import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from agent.store import StoreError
from agent.store.directory import LEDGER_NAME, LOCK_NAME, OTHERS, PRIVATE_NAMES, holder_of
from agent.store.finding import Finding, Status, ok
from agent.store.migrate import known_revisions

LEAST_FREE = 256 * 1024 * 1024
"""Bytes that should be free: what the ledger needs while it grows and is backed up."""
_CLOCK_TOLERANCE = 300.0
_SENDING_SECONDS = 600.0
"""A delivery that is under way for longer was left by whoever made it."""
_SAFE_SQLITE = (3, 51, 3)
_SAFE_BRANCHES = {(3, 50): 7, (3, 44): 6}
"""Releases to which the correction of the write-ahead-log reset bug was carried over."""
_REPAIR = "stop the agent and run numwatch doctor --repair"

UNREADABLE = (sqlite3.Error, UnicodeError)
"""What reading a damaged ledger may raise: SQLite's words quote its pages, and the driver reads
them as UTF-8."""

Rule = Callable[[sqlite3.Connection, str, float], Iterator[Finding]]


def inspect_folder(directory: Path) -> Iterator[Finding]:
    """What is found of the folder and its files."""
    if not directory.is_dir():
        yield Finding(
            "folder", Status.WARNING, str(directory), "does not exist",
            "it is made at the first start; check data_dir if the agent has run before",
        )  # fmt: skip
        return
    yield from _modes(directory)
    yield _lock(directory)
    yield _free(directory)
    yield _sqlite()
    if not os.path.lexists(directory / LEDGER_NAME):
        yield Finding(
            "ledger", Status.WARNING, str(directory / LEDGER_NAME), "there is none",
            "it is made at the next start; numwatch restore puts a backup there",
        )  # fmt: skip


def inspect_ledger(ledger: Path, now: float | None = None) -> Iterator[Finding]:
    """What is found in the ledger; nothing where there is none."""
    if not ledger.is_file():
        return
    at = time.time() if now is None else now
    try:
        with closing(open_read_only(ledger)) as connection:
            damage = _damage(connection)
            if damage:
                yield _damaged(ledger, "; ".join(damage))
            else:
                yield ok("integrity", ledger, "every page and every index is whole")
            for rule in (_revision, *_RECORDS):
                yield from rule(connection, str(ledger), at)
    except UNREADABLE as error:
        yield _damaged(ledger, str(error))


def open_read_only(ledger: Path, *, timeout: float = 30.0) -> sqlite3.Connection:
    """A connection that neither writes nor moves the write-ahead log into the ledger."""
    uri = f"{ledger.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)
    connection.text_factory = _text
    return connection


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def damage_of(connection: sqlite3.Connection, most: int = 3) -> list[str]:
    """The first faults that SQLite's full check finds, which compares every index with its table.

    Raises:
        UNREADABLE: when the file is so damaged that it cannot be checked.
    """
    rows = connection.execute(f"PRAGMA integrity_check({most:d})")
    return [str(line) for (line,) in rows if line != "ok"]


def _damage(connection: sqlite3.Connection) -> list[str]:
    try:
        return damage_of(connection, 5)
    except UNREADABLE as error:
        return [str(error)]


def is_damaged(ledger: Path) -> bool:
    """Whether the full check of ``ledger`` fails."""
    try:
        with closing(open_read_only(ledger)) as connection:
            return bool(_damage(connection))
    except UNREADABLE:
        return True


def _damaged(ledger: Path, text: str) -> Finding:
    action = f"{_REPAIR}, or put a backup back with numwatch restore"
    return Finding("integrity", Status.BROKEN, str(ledger), f"damaged ({text})", action)


def _modes(directory: Path) -> Iterator[Finding]:
    action = "numwatch doctor --repair takes it from the others, and so does every start"
    found = False
    for path in (directory, *(directory / name for name in PRIVATE_NAMES)):
        try:
            status = path.lstat()
        except OSError:
            continue
        is_link = not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode))
        if is_link or (stat.S_ISREG(status.st_mode) and status.st_nlink > 1):
            found = True
            yield Finding("links", Status.BROKEN, str(path), "is a link, or has a second name",
                          "find out who made it, and put the file itself there")  # fmt: skip
        elif status.st_mode & OTHERS:
            found = True
            mode = f"{stat.S_IMODE(status.st_mode):04o}"
            yield Finding("modes", Status.WARNING, str(path), f"open to others ({mode})", action)
        elif status.st_uid != os.geteuid():
            found = True
            yield Finding("modes", Status.WARNING, str(path), f"belongs to user {status.st_uid}",
                          "run this as the agent's user, or correct its owner")  # fmt: skip
    if not found:
        yield ok("modes", directory, "for its owner alone, no links")


def _lock(directory: Path) -> Finding:
    path = directory / LOCK_NAME
    try:
        holder = holder_of(directory)
    except StoreError as error:
        text = str(error).removeprefix(f"{path}: ").partition(";")[0]
        return Finding("lock", Status.BROKEN, str(path), text, _REPAIR)
    return ok("lock", path, f"an agent runs (process {holder})" if holder else "no agent has it")


def _free(directory: Path) -> Finding:
    free = shutil.disk_usage(directory).free
    if free >= LEAST_FREE:
        return ok("disk", directory, f"{free // 1_000_000} MB free")
    text = f"only {free // 1_000_000} MB free"
    return Finding("disk", Status.WARNING, str(directory), text, "make room on this disk")


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version_info
    branch = _SAFE_BRANCHES.get(version[:2])
    if version >= _SAFE_SQLITE or (branch is not None and version[2] >= branch):
        return ok("sqlite", sqlite3.sqlite_version, "has no known error that concerns the ledger")
    # One connection writes, reads and moves the log: the error needs a second that does.
    text = "has the write-ahead-log reset error, which the agent's single connection avoids"
    return ok("sqlite", sqlite3.sqlite_version, f"{text}; let no other program write the ledger")


def _revision(connection: sqlite3.Connection, where: str, _now: float) -> Iterator[Finding]:
    known = known_revisions()
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except UNREADABLE as error:
        row = None
        if "no such table" not in str(error):
            yield Finding("schema", Status.BROKEN, where, f"cannot be read ({error})", _REPAIR)
            return
    if row is None:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master LIMIT 1")]
        if tables:
            yield Finding("schema", Status.BROKEN, where, "is another program's database",
                          "set data_dir to a folder of its own")  # fmt: skip
        else:
            yield ok("schema", where, "empty; it is filled at the next start")
    elif row[0] == known[0]:
        yield ok("schema", where, f"revision {row[0]}, this version's")
    elif row[0] in known:
        yield ok("schema", where, f"revision {row[0]}, brought to {known[0]} at the next start")
    else:
        yield Finding("schema", Status.BROKEN, where, f"revision {row[0]} of a newer numwatch",
                      "run that version, or restore an older backup")  # fmt: skip


def _count(connection: sqlite3.Connection, query: str, *values: object) -> int:
    (count,) = connection.execute(query, values).fetchone()
    return int(count)


_ORPHANS = "SELECT count(*) FROM {} WHERE ticket_id NOT IN (SELECT id FROM tickets)"


def _orphans(connection: sqlite3.Connection, where: str, _now: float) -> Iterator[Finding]:
    found = {
        table: _count(
            connection,
            _ORPHANS.format(table),
        )
        for table in ("timeline", "outbox", "sink_links", "evidence")
    }
    lost = {table: count for table, count in found.items() if count}
    if lost:
        text = ", ".join(f"{count} rows of {table}" for table, count in lost.items())
        yield Finding("orphans", Status.WARNING, where, f"{text} belong to tickets that are not",
                      "they do no harm; deliveries among them still go out")  # fmt: skip
    else:
        yield ok("orphans", where, "every row has its ticket")


def _deliveries(connection: sqlite3.Connection, where: str, now: float) -> Iterator[Finding]:
    stuck = _count(
        connection,
        "SELECT count(*) FROM outbox WHERE state = 'sending' AND last_attempt_at < ?",
        now - _SENDING_SECONDS,
    )
    dead = _count(connection, "SELECT count(*) FROM outbox WHERE state = 'dead'")
    if stuck:
        text = f"{stuck} are under way for more than ten minutes, and nobody sends them"
        yield Finding("deliveries", Status.WARNING, where, text,
                      "a start of the agent queues them again")  # fmt: skip
    if dead:
        yield Finding("deliveries", Status.WARNING, where, f"{dead} were given up",
                      "see /sinks for why, then numwatch tickets replay")  # fmt: skip
    if not stuck and not dead:
        waiting = _count(connection, "SELECT count(*) FROM outbox WHERE state = 'waiting'")
        yield ok("deliveries", where, f"{waiting} wait, none is stuck or given up")


def _alert_state(connection: sqlite3.Connection, where: str, _now: float) -> Iterator[Finding]:
    open_tickets = _count(connection, "SELECT count(*) FROM tickets WHERE open")
    stored = _count(connection, "SELECT count(*) FROM keep WHERE name LIKE 'rules/alerts%'")
    if open_tickets and not stored:
        text = f"{open_tickets} tickets are open, and the state of their alerts is missing"
        action = "they stay open until facts show a recovery; pending alerts begin anew"
        yield Finding("alerts", Status.WARNING, where, text, action)
    else:
        yield ok("alerts", where, f"{open_tickets} tickets are open, the state of alerts is there")


def _clock(connection: sqlite3.Connection, where: str, now: float) -> Iterator[Finding]:
    query = (
        "SELECT max(at) FROM"
        " (SELECT max(changed_at) AS at FROM tickets UNION ALL SELECT max(at) FROM timeline)"
    )
    (newest,) = connection.execute(query).fetchone()
    ahead = (newest or 0.0) - now
    if ahead > _CLOCK_TOLERANCE:
        text = f"the newest record is {ahead:.0f} s ahead of this machine's clock"
        yield Finding("clock", Status.WARNING, where, text, "set the clock (timedatectl)")
    else:
        yield ok("clock", where, "no record is ahead of this machine's clock")


def _guarded(rule: Rule) -> Rule:
    """``rule``, but that a page it cannot read is a finding too."""

    def guarded(connection: sqlite3.Connection, where: str, now: float) -> Iterator[Finding]:
        try:
            yield from rule(connection, where, now)
        except UNREADABLE as error:
            name = rule.__name__.strip("_").replace("_", " ")
            yield Finding(name, Status.BROKEN, where, f"cannot be read ({error})", _REPAIR)

    return guarded


_RECORDS = tuple(map(_guarded, (_orphans, _deliveries, _alert_state, _clock)))
"""What is looked at in the records, each by itself."""
