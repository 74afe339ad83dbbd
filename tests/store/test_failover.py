"""The database fails over under load: with synchronous replication nothing acknowledged is lost.

The replicas name both servers, or a PgBouncer that is led to the other one at each failover.
Before each failure the standby gets nothing for a moment, as over a slow line. Negative control:
with asynchronous replication what was written in that moment is lost
(:func:`test_asynchronous_replication_loses_what_was_acknowledged`).
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from agent.config.secret import Secret
from agent.config.store import Store
from agent.store import StoreError
from agent.store.database import Database
from tests.pgbouncer import Pooler, pgbouncer
from tests.postgresql_server import PostgresqlServer
from tests.proof_size import is_full, size

FAILOVERS = size(1, 20)
REPLICAS = 2
WRITTEN = 5
"""Pages that each replica writes before the line gets slow, and after each failover."""
SLOW = 0.4
"""Seconds for which the standby gets nothing before its primary fails."""
PATIENCE = 120.0


class Pair:
    """A primary and the standby that follows it, synchronously or not."""

    pooler: Pooler | None = None
    """What leads to whichever of both takes writes; ``None`` where replicas find it themselves."""

    def __init__(self, *, synchronous: bool) -> None:
        self.primary = PostgresqlServer()
        self.primary.start()
        self.name = self.primary.make_database()
        self.standby = PostgresqlServer(self.primary)
        self.standby.start()
        if synchronous:
            # Not before: until there is a standby, whatever is written waits for one. It is copied
            # with all else to whoever follows later.
            for server in (self.primary, self.standby):
                server.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                server.execute("SELECT pg_reload_conf()")

    @property
    def store(self) -> Store:
        """The database at whichever of both takes writes."""
        limits = {"connect_timeout": 1, "statement_timeout": 5}
        if self.pooler is not None:
            direct = Store(url=Secret(self.primary.url(self.name)), replicas=True, **limits)
            return self.pooler.through(direct)
        user, _, place = self.primary.url(self.name).partition("@")
        hosts = f"{place.partition('/')[0]},127.0.0.1:{self.standby.port}"
        url = f"{user}@{hosts}/{self.name}?target_session_attrs=read-write"
        return Store(url=Secret(url), replicas=True, **limits)

    def fail_over(self) -> None:
        """Kill the primary; the standby takes over, and what was killed follows it from now on."""
        self.primary.kill()
        self.standby.kill()
        self.standby.start()
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary
        if self.pooler is not None:
            self.pooler.lead_to(self.primary)
        self.standby.follow(self.primary)
        self.standby.start()

    def remove(self) -> None:
        """End both."""
        self.primary.remove()
        self.standby.remove()


@contextmanager
def pair(*, synchronous: bool, way: str = "direct") -> Iterator[Pair]:
    made = Pair(synchronous=synchronous)
    with ExitStack() as ends:
        ends.callback(made.remove)
        if way == "pgbouncer":
            made.pooler = ends.enter_context(pgbouncer(made.primary, 20))
        yield made


class Writer:
    """Writes one page after the other, each until it is acknowledged."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self.acknowledged: list[str] = []
        self.refused = 0

    async def run(self) -> None:
        """Write until it is cancelled."""
        while True:
            page = f"{self._name}/{len(self.acknowledged):06}"
            try:
                await self._database.put(page, page.encode())
            except StoreError:
                self.refused += 1
                await asyncio.sleep(0.05)
            else:
                self.acknowledged.append(page)


async def written(writers: list[Writer], more: int) -> None:
    """Wait until each has written so many more."""
    wanted = [len(it.acknowledged) + more for it in writers]
    async with asyncio.timeout(PATIENCE):
        while any(len(it.acknowledged) < to for it, to in zip(writers, wanted, strict=True)):  # noqa: ASYNC110 - threads and servers do it
            await asyncio.sleep(0.02)


async def lost_pages(folder: Path, both: Pair, failovers: int) -> tuple[int, int, int]:
    """How many were acknowledged, how many of them are lost, and how many attempts were refused."""
    databases = [await Database.open(folder / str(it), both.store) for it in range(REPLICAS)]
    writers = [Writer(it, f"replica-{index}") for index, it in enumerate(databases)]
    tasks = [asyncio.create_task(it.run()) for it in writers]
    try:
        await written(writers, WRITTEN)
        for _ in range(failovers):
            await asyncio.to_thread(both.standby.stop_receiving)
            await asyncio.sleep(SLOW)
            await asyncio.to_thread(both.fail_over)
            await written(writers, WRITTEN)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for database in databases:
            await database.close()
    acknowledged = {page for it in writers for page in it.acknowledged}
    names = both.primary.execute("SELECT name FROM keep", both.name)
    return len(acknowledged), len(acknowledged - set(names)), sum(it.refused for it in writers)


@pytest.mark.parametrize("way", ["direct", "pgbouncer"] if is_full() else ["pgbouncer"])
async def test_synchronous_replication_loses_nothing(
    tmp_path: Path, record_property: Callable[[str, object], None], way: str
) -> None:
    with pair(synchronous=True, way=way) as both:
        acknowledged, lost, refused = await lost_pages(tmp_path, both, FAILOVERS)
    for name, figure in (("acknowledged", acknowledged), ("lost", lost), ("refused", refused)):
        record_property(name, figure)
    assert lost == 0
    assert acknowledged >= (FAILOVERS + 1) * REPLICAS * WRITTEN


async def test_asynchronous_replication_loses_what_was_acknowledged(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with pair(synchronous=False) as both:
        acknowledged, lost, _ = await lost_pages(tmp_path, both, 1)
    record_property("acknowledged", acknowledged)
    record_property("lost", lost)
    assert lost > 0
