"""PgBouncer in transaction mode, in front of the tests' PostgreSQL."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.config.secret import Secret
from agent.config.store import Store
from tests.integration.processes import free_port
from tests.postgresql_server import PostgresqlServer

_CONFIG = """\
[databases]
* = host={folder} port={server} user=numwatch
[pgbouncer]
listen_addr = {addresses}
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
{further}
"""


@dataclass(frozen=True)
class Pooler:
    """One that runs; whoever connects is trusted."""

    port: int
    file: Path
    """Its configuration."""
    values: dict[str, object] = field(repr=False)
    """What stands in it, but for the server that it leads to."""
    process: "subprocess.Popen[bytes]" = field(repr=False)

    def lead_to(self, postgresql: PostgresqlServer) -> None:
        """Lead to another server from now on, as whoever looks after it does at a failover."""
        _write_config(self.file, postgresql, self.values)
        self.process.send_signal(signal.SIGHUP)

    def url(self, store: Store) -> str:
        """The address of the database of ``store`` through it."""
        return f"postgresql://numwatch@127.0.0.1:{self.port}/{PostgresqlServer.name_of(store)}"

    def through(self, store: Store) -> Store:
        """``store``, reached through it."""
        return store.model_copy(update={"url": Secret(self.url(store))})


@contextmanager
def pgbouncer(
    postgresql: PostgresqlServer,
    connections: int,
    addresses: str = "127.0.0.1",
    further: str = "",
) -> Iterator[Pooler]:
    """A pooler with at most ``connections`` connections to each database.

    ``further`` are lines of its configuration.
    """
    binary = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if binary is None:
        pytest.skip("pgbouncer is not installed; `make servers` as root installs it")
    port = free_port()
    file = postgresql.folder / f"pgbouncer-{port}.ini"
    values = {"port": port, "connections": connections, "addresses": addresses, "further": further}
    _write_config(file, postgresql, values)
    with (postgresql.folder / "pgbouncer.log").open("ab") as log:
        process = subprocess.Popen(
            [binary, str(file)], user=postgresql.account, stdout=log, stderr=log, cwd="/"
        )
    try:
        deadline = time.monotonic() + 20
        while not _listens(port):
            assert time.monotonic() < deadline, "pgbouncer does not answer"
            time.sleep(0.02)
        yield Pooler(port, file, values, process)
    finally:
        process.kill()
        process.wait()


def _write_config(file: Path, postgresql: PostgresqlServer, values: dict[str, object]) -> None:
    server = {"folder": postgresql.folder, "server": postgresql.port}
    file.write_text(_CONFIG.format(**server, **values))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
