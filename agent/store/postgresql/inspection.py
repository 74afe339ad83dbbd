"""Inspects a PostgreSQL ledger; reads only, whether an agent works on it or not."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, literal, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.config.store import Store, shown_url
from agent.i18n import Message
from agent.store import StoreError
from agent.store.finding import Finding, Status, ok
from agent.store.leases import Holding, agents_at_work, database_clock
from agent.store.migrate import known_revisions
from agent.store.postgresql.reading import has_ledger, read_only
from agent.store.schema import tickets

_CLOCK_TOLERANCE = 300.0
_OLDEST = 130000
"""PostgreSQL 13, the oldest that its makers still mend."""
_SETTINGS = ("server_version", "server_version_num", "fsync", "synchronous_commit")


@dataclass(frozen=True)
class _Found:
    settings: dict[str, str]
    is_standby: bool
    skew: float
    revision: str | None
    holding: Holding | None
    tickets: int


async def inspect_postgresql(store: Store) -> list[Finding]:
    """What is found of the database that ``store`` names, and of the ledger in it."""
    assert store.url is not None
    where = shown_url(store.url)
    try:
        async with read_only(store) as connection:
            found = await _look(connection)
    except StoreError as error:
        reason = str(error).removeprefix(f"{where}: ")
        action = Message("correct store.url, or start the server; docs/scale.md says how")
        return [Finding("database", Status.BROKEN, where, reason, action)]
    return [*_server(where, found), *_ledger(where, found)]


async def _look(connection: AsyncConnection) -> _Found:
    settings = [func.current_setting(name) for name in _SETTINGS]
    asked_at = time.time()
    query = select(*settings, func.pg_is_in_recovery(), database_clock())
    *values, is_standby, clock = (await connection.execute(query)).one()
    skew = float(clock) - (asked_at + time.time()) / 2
    revision = holding = None
    count = 0
    if await has_ledger(connection):
        query_revision = text("SELECT version_num FROM alembic_version")
        revision = (await connection.execute(query_revision)).scalar_one_or_none()
    if revision is not None and revision == known_revisions()[0]:
        holding = await agents_at_work(connection)
        counted = select(func.count(literal(1))).select_from(tickets)
        count = int((await connection.execute(counted)).scalar_one())
    settings_found = dict(zip(_SETTINGS, map(str, values), strict=True))
    return _Found(settings_found, bool(is_standby), skew, revision, holding, count)


def _server(where: str, found: _Found) -> Iterator[Finding]:
    version = {"version": found.settings["server_version"]}
    if int(found.settings["server_version_num"]) >= _OLDEST:
        yield ok("server", where, Message("PostgreSQL {version} answers", version))
    else:
        too_old = Message("PostgreSQL {version} is older than 13", version)
        yield Finding("server", Status.BROKEN, where, too_old, Message("install a newer one"))
    if found.is_standby:
        action = Message("name all servers in store.url, with target_session_attrs=read-write")
        text_ = Message("is a standby, which takes no writes")
        yield Finding("primary", Status.BROKEN, where, text_, action)
    weak = [name for name in ("fsync", "synchronous_commit") if found.settings[name] == "off"]
    if weak:
        text_ = Message(
            "{settings} off: what was acknowledged may be lost", {"settings": ", ".join(weak)}
        )
        yield Finding("durability", Status.WARNING, where, text_, Message("turn it on"))
    else:
        yield ok("durability", where, Message("commits wait for the disk"))
    if abs(found.skew) > _CLOCK_TOLERANCE:
        seconds = {"seconds": f"{found.skew:+.0f}"}
        text_ = Message("its clock is {seconds} s from this machine's", seconds)
        action = Message("let both be set by NTP; leases go by the database's alone")
        yield Finding("clock", Status.WARNING, where, text_, action)


def _ledger(where: str, found: _Found) -> Iterator[Finding]:
    if found.revision is None:
        action = Message("the first start makes it, or numwatch store migrate")
        yield Finding("schema", Status.WARNING, where, Message("there is no ledger yet"), action)
        return
    newest, *older = known_revisions()
    revision = {"revision": found.revision}
    if found.revision in older:
        action = Message("the next start brings it up to date, or numwatch store migrate")
        text_ = Message("of an earlier version ({revision})", revision)
        yield Finding("schema", Status.WARNING, where, text_, action)
        return
    if found.revision != newest:
        text_ = Message("of a newer numwatch ({revision})", revision)
        action = Message("run that version, or put an older backup back")
        yield Finding("schema", Status.BROKEN, where, text_, action)
        return
    counted = {"revision": found.revision, "count": found.tickets}
    yield ok("schema", where, Message("of this version ({revision}), {count} tickets", counted))
    if found.holding is not None and found.holding.seconds > 0:
        held = {"place": found.holding.place}
        yield ok("lease", where, Message("an agent works on it ({place})", held))
    else:
        yield ok("lease", where, Message("no agent works on it"))
