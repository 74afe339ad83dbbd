"""What ``numwatch tickets export`` does: writes a ticket's evidence to a folder."""

import asyncio
import hashlib
import io
import json
import sys
import time
import zipfile
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import aiohttp

from agent import logging
from agent.cli.ticket_sources import DEFAULT_URL, SourceError
from agent.config.load import ConfigError, load
from agent.config.settings import Log
from agent.evidence.bundle import MANIFEST
from agent.evidence.exporter import EvidenceExporter
from agent.evidence.repository import DamagedError
from agent.store.database import Database
from agent.store.errors import StoreError

FAILED = 1
BAD_CONFIG = 2
_TIMEOUT = aiohttp.ClientTimeout(total=120)
_NOT_FOUND = 404


def export(ticket: str, out: Path, *, url: str | None, config: Path | None) -> int:
    """Write the evidence of ``ticket`` below ``out``, every digest checked; 1 and why if not."""
    logging.configure(Log(level="error", format="console"))
    try:
        found = asyncio.run(_fetch(ticket, url, config))
        if found is None:
            return _complain(f"there is no ticket {ticket!r}; numwatch tickets list has them")
        folder = _unpack(found, out)
    except ConfigError as error:
        _complain(str(error))
        return BAD_CONFIG
    except (StoreError, SourceError, DamagedError, OSError) as error:
        return _complain(str(error))
    sys.stdout.write(f"{folder}\n")
    return 0


async def _fetch(ticket: str, url: str | None, config: Path | None) -> bytes | None:
    if config is None:
        return await _ask((url or DEFAULT_URL).rstrip("/"), ticket)
    settings = load(config)
    database = await Database.open(Path(settings.data_dir))
    try:
        desk = EvidenceExporter(database, lambda: settings, version("numwatch"), time.time)
        found = await desk.bundle(ticket)
        return None if found is None else found[1]
    finally:
        await database.close()


async def _ask(url: str, ticket: str) -> bytes | None:
    path = f"{url}/api/tickets/{quote(ticket, safe='')}/evidence.zip"
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, session.get(path) as answer:
            if answer.status == _NOT_FOUND:
                return None
            answer.raise_for_status()
            return await answer.read()
    except aiohttp.ClientResponseError as error:
        raise SourceError(f"{path} answered HTTP {error.status}") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise SourceError(
            f"no agent answers at {url}; say where one does with --url, or read the ledger of a"
            " stopped one with --config"
        ) from error


def _unpack(content: bytes, out: Path) -> Path:
    """The folder the bundle was written to.

    Raises:
        DamagedError: when a file is not what the manifest says; nothing is written then.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        manifest = json.loads(archive.read(MANIFEST))
        files = {entry["name"]: archive.read(entry["name"]) for entry in manifest["files"]}
        for entry in manifest["files"]:
            if hashlib.sha256(files[entry["name"]]).hexdigest() != entry["sha256"]:
                raise DamagedError(f"{entry['name']} is not what the manifest says")
        folder = out / f"evidence-{manifest['ticket']}"
        for name, body in {MANIFEST: archive.read(MANIFEST), **files}.items():
            path = folder / name
            if not path.resolve().is_relative_to(folder.resolve()):
                raise DamagedError(f"{name} would lie outside of {folder}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
    return folder


def _complain(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return FAILED
