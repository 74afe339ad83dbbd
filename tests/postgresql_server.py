"""A PostgreSQL of the tests' own: in a temporary folder, as a user that is not root."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from agent.config.store import Store
from tests.integration.processes import free_port

PASSWORD = "s3cret/with:signs"
_PASSWORD_IN_URL = "s3cret%2Fwith%3Asigns"
_ACCOUNTS = ("postgres", "nobody")
_WAIT = 30.0
_LONGEST_ANSWER = 120.0


def _binaries() -> Path | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = folders[-1] if folders else shutil.which("initdb")
    return None if found is None else Path(found).parent


def _account() -> str | None:
    """Whom to run the server as; ``None`` where that is who runs the tests."""
    if os.getuid() != 0:
        return None
    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no other user here")


def _children(parent: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = status.read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(status.parent.name))
    return found


class PostgresqlServer:
    """The server; :meth:`start` it, and :meth:`remove` it at the end.

    Args:
        primary: Whose copy it is, to follow it from its start on; ``None`` for one of its own.
    """

    def __init__(self, primary: "PostgresqlServer | None" = None) -> None:
        binaries = _binaries()
        if binaries is None:
            pytest.skip("PostgreSQL is not installed; `make servers` as root installs it")
        self._binaries = binaries
        self.account = _account()
        """Whom it runs as; ``None`` for whoever runs the tests."""
        self.folder = Path(tempfile.mkdtemp(prefix="numwatch-postgresql-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        if self.account:
            shutil.chown(self.folder, self.account)
        if primary is None:
            self._initialize()
        else:
            self.follow(primary)
        self._make_certificate()

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [str(self._binaries / command[0]), *command[1:]],
            user=self.account,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def _initialize(self) -> None:
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if self.account:
            shutil.chown(password, self.account)
        # Sorted by a language, as databases usually are, so that a test sees where that matters.
        language = ("--locale-provider=icu", "--icu-locale=en-US", "--encoding=UTF8")
        self._run(
            *("initdb", "--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256"),
            *(*language, "--locale=C.UTF-8", "--username=numwatch", f"--pwfile={password}"),
            str(self.data),
        )

    def admit(self, network: str) -> None:
        """Let whoever is in ``network`` log in by password, from the next start on."""
        with (self.data / "pg_hba.conf").open("a", encoding="utf-8") as rules:
            rules.write(f"host all all {network} scram-sha-256\n")

    def follow(self, primary: "PostgresqlServer") -> None:
        """Become a copy of ``primary`` that follows it; this server must not run."""
        shutil.rmtree(self.data, ignore_errors=True)
        self._run(
            *("pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
            *("-h", str(primary.folder), "-p", str(primary.port), "-U", "numwatch"),
            *("-D", str(self.data)),
        )

    def promote(self) -> None:
        """Follow no more, and take writes; it does when this returns."""
        assert self.execute("SELECT pg_promote()") == ["t"]

    def stop_receiving(self) -> None:
        """Stop the process that gets what the primary writes, where it is."""
        assert self._process is not None
        for pid in _children(self._process.pid):
            if b"walreceiver" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGSTOP)

    def _make_certificate(self) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1")
        authority.cert_pem.write_to_path(self.authority)
        issued.cert_chain_pems[0].write_to_path(self.folder / "server.crt")
        issued.private_key_pem.write_to_path(self.folder / "server.key")
        (self.folder / "server.key").chmod(0o600)
        if self.account:
            shutil.chown(self.folder / "server.key", self.account)

    @property
    def authority(self) -> Path:
        """The certificate of the authority that made the server's."""
        return self.folder / "authority.pem"

    @staticmethod
    def write_other_authority(file: Path) -> None:
        """Write the certificate of an authority that has nothing to do with the server."""
        trustme.CA().cert_pem.write_to_path(file)

    @property
    def is_running(self) -> bool:
        """Whether it was started and not killed."""
        return self._process is not None

    @property
    def data(self) -> Path:
        """The server's data directory."""
        return self.folder / "data"

    def start(self, *settings: str) -> None:
        """Start it, with further ``NAME=VALUE``; it answers when this returns."""
        given = (
            *("fsync=off", "full_page_writes=off", "autovacuum=off"),
            *("shared_buffers=16MB", "max_connections=60", "listen_addresses=127.0.0.1"),
            *("ssl=on", f"ssl_cert_file={self.folder / 'server.crt'}"),
            f"ssl_key_file={self.folder / 'server.key'}",
            *(f"unix_socket_directories={self.folder}", f"port={self.port}", *settings),
        )
        options = [option for it in given for option in ("-c", it)]
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [str(self._binaries / "postgres"), "-D", str(self.data), *options],
            user=self.account,
            cwd=self.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        deadline = time.monotonic() + _WAIT
        while self._ask("postgres", "SELECT 1") is None:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.03)

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of its processes, the one that began the others first."""
        assert self._process is not None
        return (self._process.pid, *_children(self._process.pid))

    def _signal(self, number: signal.Signals) -> None:
        """Send it to the server and to each of its processes, which have groups of their own."""
        for pid in self.processes:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """End it with every process it has, as a crash of the machine would."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()
        self._process = None
        # What a crash leaves, and what a new server would take for another's.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def suspend(self) -> None:
        """Stop every process of it where it is."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        """End it and delete everything."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_database(self, template: str = "template1") -> str:
        """The name of a new database, a copy of ``template``."""
        name = f"n{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Delete a database, whoever uses it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str, database: str = "postgres") -> list[str]:
        """The lines that psql prints for ``statement``."""
        lines = self._ask(database, statement)
        assert lines is not None, f"{statement} failed: {self._log_end()}"
        return lines

    def _log_end(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def _ask(self, database: str, statement: str) -> list[str] | None:
        command = (
            *(str(self._binaries / "psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"),
            *("-h", str(self.folder), "-p", str(self.port), "-U", "numwatch", "-d", database),
            *("-c", statement),
        )
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_LONGEST_ANSWER
        )
        return done.stdout.splitlines() if done.returncode == 0 else None

    def execute_in(self, store: Store, statement: str) -> list[str]:
        """As :meth:`execute`, in the database of ``store``."""
        return self.execute(statement, self.name_of(store))

    @staticmethod
    def name_of(store: Store) -> str:
        """The name of the database of ``store``."""
        assert store.url is not None
        return urlsplit(store.url.reveal()).path.strip("/")

    def end_lease(self, store: Store) -> None:
        """Let the lease be over: stands for the 15 seconds after its agent was killed."""
        self.execute_in(store, "UPDATE leases SET expires_at = 0")

    def url(self, database: str) -> str:
        """The address of a database over TCP, with the password."""
        return f"postgresql://numwatch:{_PASSWORD_IN_URL}@127.0.0.1:{self.port}/{database}"

    def local_url(self, database: str) -> str:
        """The address of a database by the socket, where no password is asked for."""
        user = "numwatch"
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"
