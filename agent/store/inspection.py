"""Inspects the data folder and the ledger in it; reads only, whether an agent runs or not."""

import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from agent.i18n import Message
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
_REPAIR = Message("stop the agent and run numwatch doctor --repair")

UNREADABLE = (sqlite3.Error, UnicodeError)
"""What reading a damaged ledger may raise: SQLite's words quote its pages, and the driver reads
them as UTF-8."""

Rule = Callable[[sqlite3.Connection, str, float], Iterator[Finding]]


def inspect_folder(directory: Path, *, with_ledger: bool = True) -> Iterator[Finding]:
    """What is found of the folder and its files; ``with_ledger`` where the ledger is one."""
    if not directory.is_dir():
        yield Finding(
            "folder",
            Status.WARNING,
            str(directory),
            Message("does not exist"),
            Message("it is made at the first start; check data_dir if the agent has run before"),
        )
        return
    yield from _modes(directory)
    yield _lock(directory)
    yield _free(directory)
    yield _sqlite()
    if with_ledger and not os.path.lexists(directory / LEDGER_NAME):
        yield Finding(
            "ledger",
            Status.WARNING,
            str(directory / LEDGER_NAME),
            Message("there is none"),
            Message("it is made at the next start; numwatch restore puts a backup there"),
        )


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
                yield ok("integrity", ledger, Message("every page and every index is whole"))
            for rule in (_revision, *_RECORDS):
                yield from rule(connection, str(ledger), at)
    except UNREADABLE as error:
        yield _damaged(ledger, str(error))


def open_read_only(
    ledger: Path, *, timeout: float = 30.0, any_thread: bool = False
) -> sqlite3.Connection:
    """A connection that neither writes nor moves the write-ahead log into the ledger.

    With ``any_thread`` other threads may use it too, one at a time.
    """
    uri = f"{ledger.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(
        uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=not any_thread
    )
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
    return Finding(
        "integrity",
        Status.BROKEN,
        str(ledger),
        Message("damaged ({reason})", {"reason": text}),
        Message(
            "stop the agent and run numwatch doctor --repair, or put a backup back with numwatch "
            "restore"
        ),
    )


def _modes(directory: Path) -> Iterator[Finding]:
    action = Message("numwatch doctor --repair takes it from the others, and so does every start")
    found = False
    for path in (directory, *(directory / name for name in PRIVATE_NAMES)):
        try:
            status = path.lstat()
        except OSError:
            continue
        is_link = not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode))
        if is_link or (stat.S_ISREG(status.st_mode) and status.st_nlink > 1):
            found = True
            yield Finding(
                "links",
                Status.BROKEN,
                str(path),
                Message("is a link, or has a second name"),
                Message("find out who made it, and put the file itself there"),
            )
        elif status.st_mode & OTHERS:
            found = True
            mode = f"{stat.S_IMODE(status.st_mode):04o}"
            yield Finding(
                "modes",
                Status.WARNING,
                str(path),
                Message("open to others ({mode})", {"mode": mode}),
                action,
            )
        elif status.st_uid != os.geteuid():
            found = True
            yield Finding(
                "modes",
                Status.WARNING,
                str(path),
                Message("belongs to user {user}", {"user": status.st_uid}),
                Message("run this as the agent's user, or correct its owner"),
            )
    if not found:
        yield ok("modes", directory, Message("for its owner alone, no links"))


def _lock(directory: Path) -> Finding:
    path = directory / LOCK_NAME
    try:
        holder = holder_of(directory)
    except StoreError as error:
        text = str(error).removeprefix(f"{path}: ").partition(";")[0]
        return Finding("lock", Status.BROKEN, str(path), text, _REPAIR)
    if holder:
        return ok("lock", path, Message("an agent runs (process {process})", {"process": holder}))
    return ok("lock", path, Message("no agent has it"))


def _free(directory: Path) -> Finding:
    free = shutil.disk_usage(directory).free
    if free >= LEAST_FREE:
        text = Message("{megabytes} MB free", {"megabytes": free // 1_000_000})
        return ok("disk", directory, text)
    text = Message("only {megabytes} MB free", {"megabytes": free // 1_000_000})
    action = Message("make room on this disk")
    return Finding("disk", Status.WARNING, str(directory), text, action)


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version_info
    branch = _SAFE_BRANCHES.get(version[:2])
    if version >= _SAFE_SQLITE or (branch is not None and version[2] >= branch):
        text = Message("has no known error that concerns the ledger")
        return ok("sqlite", sqlite3.sqlite_version, text)
    # One connection writes, reads and moves the log: the error needs a second that does.
    text = Message(
        "has the write-ahead-log reset error, which the agent's single connection avoids; let no "
        "other program write the ledger"
    )
    return ok("sqlite", sqlite3.sqlite_version, text)


def _revision(connection: sqlite3.Connection, where: str, _now: float) -> Iterator[Finding]:
    known = known_revisions()
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except UNREADABLE as error:
        row = None
        if "no such table" not in str(error):
            yield Finding("schema", Status.BROKEN, where, _unread(error), _REPAIR)
            return
    if row is None:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master LIMIT 1")]
        if tables:
            yield Finding(
                "schema",
                Status.BROKEN,
                where,
                Message("is another program's database"),
                Message("set data_dir to a folder of its own"),
            )
        else:
            yield ok("schema", where, Message("empty; it is filled at the next start"))
    elif row[0] == known[0]:
        text = Message("revision {revision}, this version's", {"revision": row[0]})
        yield ok("schema", where, text)
    elif row[0] in known:
        values = {"revision": row[0], "newest": known[0]}
        text = Message("revision {revision}, brought to {newest} at the next start", values)
        yield ok("schema", where, text)
    else:
        yield Finding(
            "schema",
            Status.BROKEN,
            where,
            Message("revision {revision} of a newer numwatch", {"revision": row[0]}),
            Message("run that version, or restore an older backup"),
        )


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
        counts = ", ".join(f"{table}: {count}" for table, count in lost.items())
        text = Message("rows belong to tickets that are not ({counts})", {"counts": counts})
        yield Finding(
            "orphans",
            Status.WARNING,
            where,
            text,
            Message("they do no harm; deliveries among them still go out"),
        )
    else:
        yield ok("orphans", where, Message("every row has its ticket"))


def _deliveries(connection: sqlite3.Connection, where: str, now: float) -> Iterator[Finding]:
    stuck = _count(
        connection,
        "SELECT count(*) FROM outbox WHERE state = 'sending' AND last_attempt_at < ?",
        now - _SENDING_SECONDS,
    )
    dead = _count(connection, "SELECT count(*) FROM outbox WHERE state = 'dead'")
    if stuck:
        text = Message(
            "{count} are under way for more than ten minutes, and nobody sends them",
            {"count": stuck},
        )
        yield Finding(
            "deliveries",
            Status.WARNING,
            where,
            text,
            Message("a start of the agent queues them again"),
        )
    if dead:
        yield Finding(
            "deliveries",
            Status.WARNING,
            where,
            Message("{count} were given up", {"count": dead}),
            Message("see /sinks for why, then numwatch tickets replay"),
        )
    if not stuck and not dead:
        waiting = _count(connection, "SELECT count(*) FROM outbox WHERE state = 'waiting'")
        text = Message("{count} wait, none is stuck or given up", {"count": waiting})
        yield ok("deliveries", where, text)


def _alert_state(connection: sqlite3.Connection, where: str, _now: float) -> Iterator[Finding]:
    open_tickets = _count(connection, "SELECT count(*) FROM tickets WHERE open")
    stored = _count(connection, "SELECT count(*) FROM keep WHERE name LIKE 'rules/alerts%'")
    if open_tickets and not stored:
        text = Message(
            "{count} tickets are open, and the state of their alerts is missing",
            {"count": open_tickets},
        )
        action = Message("they stay open until facts show a recovery; pending alerts begin anew")
        yield Finding("alerts", Status.WARNING, where, text, action)
    else:
        text = Message(
            "{count} tickets are open, the state of alerts is there", {"count": open_tickets}
        )
        yield ok("alerts", where, text)


def _clock(connection: sqlite3.Connection, where: str, now: float) -> Iterator[Finding]:
    query = (
        "SELECT max(at) FROM"
        " (SELECT max(changed_at) AS at FROM tickets UNION ALL SELECT max(at) FROM timeline)"
    )
    (newest,) = connection.execute(query).fetchone()
    ahead = (newest or 0.0) - now
    if ahead > _CLOCK_TOLERANCE:
        text = Message(
            "the newest record is {seconds} s ahead of this machine's clock",
            {"seconds": round(ahead)},
        )
        action = Message("set the clock (timedatectl)")
        yield Finding("clock", Status.WARNING, where, text, action)
    else:
        yield ok("clock", where, Message("no record is ahead of this machine's clock"))


def _unread(error: Exception) -> Message:
    return Message("cannot be read ({reason})", {"reason": error})


def _guarded(rule: Rule) -> Rule:
    """``rule``, but that a page it cannot read is a finding too."""

    def guarded(connection: sqlite3.Connection, where: str, now: float) -> Iterator[Finding]:
        try:
            yield from rule(connection, where, now)
        except UNREADABLE as error:
            name = rule.__name__.strip("_").replace("_", " ")
            yield Finding(name, Status.BROKEN, where, _unread(error), _REPAIR)

    return guarded


_RECORDS = tuple(map(_guarded, (_orphans, _deliveries, _alert_state, _clock)))
"""What is looked at in the records, each by itself."""
