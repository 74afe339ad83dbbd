"""The token and the certificate of an agent on this machine, found by the address it listens at.

``/proc`` says which process listens at the port, and which data directory that process has
locked; the token is in there. Reading both takes the rights of the agent's user, or root's, so
nobody learns a token here that could not read the ledger. A process of somebody else that
listens at the port in place of the agent gets no token: its files cannot be looked up, and to
root, who can, only a token that belongs to the user of the process is one.
"""

import ssl
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from agent.store.access_token import read_token
from agent.store.directory import LOCK_NAME
from agent.store.server_certificate import trust_server_certificate

_PROC = Path("/proc")
_LISTENING = "0A"
_PORTS = {"http": 80, "https": 443}


def local_token(url: str) -> str:
    """The token of the agent that listens at ``url``; empty where it cannot be found.

    Only agents of this machine are looked for, and only where there is ``/proc``.
    """
    tokens = (read_token(directory, owner) for directory, owner in _data_directories(url))
    return next(filter(None, tokens), "")


def local_trust(url: str) -> ssl.SSLContext | None:
    """A TLS context that trusts the agent that listens at ``url`` and nobody else.

    ``None`` where there is no agent of this machine, or it serves no TLS.
    """
    contexts = (trust_server_certificate(*found) for found in _data_directories(url))
    return next(filter(None, contexts), None)


def _data_directories(url: str) -> Iterator[tuple[Path, int]]:
    """The data directory of the agent that listens at ``url``, and the user of its process.

    Whoever listens there could have put a link to the folder of another user's agent: only what
    belongs to that user counts.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except (ValueError, LookupError):
        return
    if not _is_this_machine(host):
        return
    sockets = {f"socket:[{inode}]" for inode in _listening_sockets(port)}
    for process in _processes():
        targets = list(_open_files(process))
        if sockets & {target.name for target in targets}:
            for target in targets:
                if target.name == LOCK_NAME:
                    with suppress(OSError):
                        # By way of the process's root: a container or a service may see other
                        # folders than we do.
                        folder = process / "root" / target.parent.relative_to("/")
                        yield folder, process.stat().st_uid


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _listening_sockets(port: int) -> Iterator[str]:
    """The inodes of the sockets that listen at ``port``."""
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (_PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def _processes() -> Iterator[Path]:
    with suppress(OSError):
        yield from (entry for entry in _PROC.iterdir() if entry.name.isdigit())


def _open_files(process: Path) -> Iterator[Path]:
    """The open files of a process; none where they may not be looked up."""
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                yield descriptor.readlink()
