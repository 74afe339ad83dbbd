"""The agent's own token, for installations without ``web.token``: a file of the data directory.

It is made at the first start and readable for the agent's user alone, so whoever can read the
ledger can change what is in it, and nobody else.
"""

import os
import secrets
from pathlib import Path

from agent.store import StoreError
from agent.store.directory import TOKEN_NAME, sync_directory

SHORTEST_TOKEN = 16
_BYTES = 32
_PRIVATE = 0o600
_OTHERS = 0o077


def ensure_token(directory: Path) -> tuple[str, bool]:
    """The token of ``directory``, and whether it was made now.

    A file that others may read is made private; one that holds no whole token is replaced.

    Raises:
        StoreError: when it can be neither read nor made.
    """
    path = directory / TOKEN_NAME
    try:
        token = _read(path)
        if token:
            return token, False
        token = secrets.token_urlsafe(_BYTES)
        write_token(directory, token)
    except OSError as error:
        raise StoreError(
            f"{path}: the agent's own token cannot be made ({error.strerror});"
            " set web.token, or make the data directory writable for this user"
        ) from error
    return token, True


def write_token(directory: Path, token: str) -> None:
    """Store ``token`` as that of ``directory``; a crash leaves the old one or the new one.

    Raises:
        OSError: when it cannot be written.
    """
    unfinished = directory / f".{TOKEN_NAME}.{os.getpid()}"
    unfinished.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(unfinished, flags, _PRIVATE), "w", encoding="utf-8") as file:
        file.write(f"{token}\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(directory / TOKEN_NAME)
    sync_directory(directory)


def read_token(directory: Path, owner: int | None = None) -> str:
    """The token of ``directory``; empty where there is none that this user may read.

    With ``owner``, the id of a user, a file that belongs to somebody else is none.
    """
    try:
        return _read(directory / TOKEN_NAME, owner)
    except OSError:
        return ""


def _read(path: Path, owner: int | None = None) -> str:
    try:
        # A link could lead to a file of somebody else, whose content would then be a token here.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        status = os.fstat(descriptor)
        if owner not in {None, status.st_uid}:
            return ""
        if status.st_mode & _OTHERS:
            os.fchmod(descriptor, _PRIVATE)
        token = file.read(4096).strip()
    return token if len(token) >= SHORTEST_TOKEN else ""
