"""The ledger behind PgBouncer in transaction mode, with fewer connections than the agent has.

Negative control: a driver that prepares statements under names fails there
(:func:`test_named_statements_do_not_work_there`).
"""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from agent.config.secret import Secret
from agent.config.store import Store
from agent.store import UnavailableError
from agent.store.database import Database
from tests.integration.processes import free_port
from tests.postgresql_server import PostgresqlServer

CONFIG = """\
[databases]
* = host={folder} port={server} user=numwatch
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
"""


@pytest.fixture
def pooler(postgresql: PostgresqlServer) -> Iterator[int]:
    """Its port."""
    binary = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if binary is None:
        pytest.skip("pgbouncer is not installed; `make servers` as root installs it")
    port, file = free_port(), postgresql.folder / "pgbouncer.ini"
    file.write_text(CONFIG.format(folder=postgresql.folder, server=postgresql.port, port=port))
    log = (postgresql.folder / "pgbouncer.log").open("ab")
    process = subprocess.Popen(
        [binary, str(file)], user=postgresql.account, stdout=log, stderr=log, cwd="/"
    )
    log.close()
    deadline = time.monotonic() + 20
    while not _listens(port):
        assert time.monotonic() < deadline, "pgbouncer does not answer"
        time.sleep(0.02)
    yield port
    process.terminate()
    process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _through(store: Store, port: int) -> str:
    assert store.url is not None
    name = store.url.reveal().partition("@/")[2].partition("?")[0]
    return f"postgresql://numwatch@127.0.0.1:{port}/{name}"


async def test_writers_and_readers_share_its_connections(
    tmp_path: Path, shared_database: Store, pooler: int, postgresql: PostgresqlServer
) -> None:
    store = Store(url=Secret(_through(shared_database, pooler)))
    database = await Database.open(tmp_path, store)

    async def work(name: str) -> None:
        for count in range(8):
            value = f"{name} {count}".encode()
            await database.put(f"pooled/{name}", value)
            assert await database.get(f"pooled/{name}") == value
            await database.pages("pooled/")

    await asyncio.gather(*(work(f"worker-{index}") for index in range(6)))
    assert len(await database.pages("pooled/")) == 6
    postgresql.execute_in(shared_database, "UPDATE leases SET epoch = epoch + 1")
    with pytest.raises(UnavailableError, match="another agent has taken the ledger over"):
        await database.put("pooled/late", b"stale")
    await database.close()
    postgresql.end_lease(shared_database)


async def test_named_statements_do_not_work_there(shared_database: Store, pooler: int) -> None:
    url = _through(shared_database, pooler).replace("postgresql:", "postgresql+asyncpg:")
    engine = create_async_engine(url, pool_size=2)
    question = text("SELECT 1")
    async with engine.connect() as one, engine.connect() as other:
        await one.execute(question)
        await one.commit()
        await other.execute(question)
        # The first server is the other's until its transaction ends; the next does not know it.
        with pytest.raises(DBAPIError, match=r"prepared statement .* does not exist"):
            await one.execute(question)
    await engine.dispose()
