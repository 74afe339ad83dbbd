"""The certificate that the agent serves with, in its data directory, for commands beside it.

Commands on the same machine reach the agent at a loopback address, for which its certificate was
not made. They trust this one certificate and no authority, so they talk to the agent and to
nobody else. It is public; the key is never here.
"""

import os
import re
import ssl
from pathlib import Path

import structlog

from agent.store.directory import CERTIFICATE_NAME

log = structlog.get_logger(__name__)

_CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----", re.ASCII
)
_PRIVATE = 0o600
_LARGEST = 256 * 1024


def keep_server_certificate(directory: Path, certificate: Path | None) -> None:
    """Keep the first certificate of the file ``certificate``; without one, keep none.

    Where that fails the agent serves all the same, and the log says so.
    """
    path = directory / CERTIFICATE_NAME
    try:
        if certificate is None:
            path.unlink(missing_ok=True)
            return
        found = _CERTIFICATE.search(certificate.read_text("utf-8", "replace"))
        _write(path, f"{found[0] if found else ''}\n")
    except OSError as error:
        log.warning("certificate_not_kept", path=str(path), error=error.strerror)


def _write(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(unfinished, flags, _PRIVATE), "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(path)


def trust_server_certificate(directory: Path, owner: int | None = None) -> ssl.SSLContext | None:
    """A context for clients that trusts the certificate kept in ``directory`` and nothing else.

    ``None`` where there is none, or it belongs to somebody else than the user ``owner``.
    """
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(directory / CERTIFICATE_NAME, flags), encoding="ascii") as file:
            if owner not in {None, os.fstat(file.fileno()).st_uid}:
                return None
            text = file.read(_LARGEST)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # The certificate itself is what is trusted, so its names and its authority do not matter.
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=text)
    except (OSError, ValueError):
        return None
    return context
