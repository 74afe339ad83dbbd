"""``numwatch tickets list``, ``show``, ``export`` and ``replay``; each returns its exit status.

They query the agent at ``url``; with ``config`` they open the ledger of a stopped agent instead.
"""

import asyncio
import hashlib
import io
import json
import os
import sys
import zipfile
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

from rich.text import Text

from agent.cli.client import Client, Document
from agent.cli.language import locale, say
from agent.cli.ledger_client import open_client
from agent.cli.runner import CommandError, ExitStatus, print_json, run_command
from agent.cli.ticket_view import list_lines, ticket_lines
from agent.cli.words import Words
from agent.evidence.bundle import MANIFEST
from agent.evidence.repository import EvidenceDamagedError
from agent.i18n import Message, plural
from agent.store import StoreError
from agent.store.directory import sync_directory
from agent.terminal.output import console, print_lines
from agent.terminal.progress import progress

_Result = TypeVar("_Result")

_NO_TICKETS = Message("no tickets")
_QUEUED = Message("{deliveries} queued again")
_NO_TICKET = Message("there is no ticket {ticket!r}; numwatch tickets list has them")
_ASKING = Message("asking the agent")


def list_tickets(
    *,
    url: str | None = None,
    config: Path | None = None,
    is_open: bool | None = None,
    limit: int = 100,
    as_json: bool = False,
) -> int:
    """Print the newest tickets: the open ones, the closed ones, or (``None``) all."""

    def print_tickets(tickets: list[Document]) -> None:
        if as_json:
            print_json(tickets)
        else:
            _print(lambda words, width: list_lines(tickets, words, width), _NO_TICKETS)

    return _run(url, config, lambda client: client.tickets(limit, is_open=is_open), print_tickets)


def show_ticket(
    id_or_key: str, *, url: str | None = None, config: Path | None = None, as_json: bool = False
) -> int:
    """Print one ticket; 1 when there is none."""

    def print_ticket(ticket: Document | None) -> None:
        if ticket is None:
            raise _no_ticket(id_or_key)
        if as_json:
            print_json(ticket)
        else:
            _print(lambda words, width: ticket_lines(ticket, words, width))

    return _run(url, config, lambda client: client.ticket(id_or_key), print_ticket)


def export(id_or_key: str, out: Path, *, url: str | None, config: Path | None) -> int:
    """Write the evidence of a ticket below ``out`` and print the folder.

    Returns 1, and writes nothing, when there is no such ticket or a digest is wrong.
    """

    def write_bundle(bundle: bytes | None) -> None:
        if bundle is None:
            raise _no_ticket(id_or_key)
        sys.stdout.write(f"{_unpack(bundle, out)}\n")

    return _run(url, config, lambda client: client.evidence(id_or_key), write_bundle)


def replay(
    ticket: str | None = None,
    *,
    url: str | None = None,
    config: Path | None = None,
    as_json: bool = False,
) -> int:
    """Queue the dead letters of one ticket, or all of them, for delivery again."""

    def print_count(count: int) -> None:
        if as_json:
            print_json({"replayed": count})
        else:
            deliveries = plural("{count} delivery", "{count} deliveries", count)
            print_lines([say(_QUEUED.with_values(deliveries=deliveries))])

    return _run(url, config, lambda client: client.replay(ticket), print_count)


def _run(
    url: str | None,
    config: Path | None,
    request: Callable[[Client], Awaitable[_Result]],
    print_result: Callable[[_Result], None],
) -> int:
    async def result() -> _Result:
        async with open_client(url, config) as client:
            return await request(client)

    def command() -> int:
        with progress(say(_ASKING)):
            found = asyncio.run(result())
        print_result(found)
        return ExitStatus.OK

    return run_command(command, failures=(StoreError, EvidenceDamagedError, OSError))


def _print(lines: Callable[[Words, int], Iterable[Text]], empty: Message | None = None) -> None:
    """Print lines in the language and the time zone of this machine."""
    out, words = console(), Words(locale())
    found = list(lines(words, out.width))
    print_lines(found or ([] if empty is None else [say(empty)]), out)


def _no_ticket(id_or_key: str) -> CommandError:
    return CommandError(say(_NO_TICKET.with_values(ticket=id_or_key)))


def _unpack(bundle: bytes, out: Path) -> Path:
    """Write the files of ``bundle`` and return their folder.

    Raises:
        EvidenceDamagedError: when a file is not what the manifest says; nothing is written then.
    """
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        manifest = json.loads(archive.read(MANIFEST))
        files = {entry["name"]: archive.read(entry["name"]) for entry in manifest["files"]}
        for entry in manifest["files"]:
            if hashlib.sha256(files[entry["name"]]).hexdigest() != entry["sha256"]:
                raise EvidenceDamagedError(f"{entry['name']} is not what the manifest says")
        folder = out / f"evidence-{manifest['ticket']}"
        for name, content in {MANIFEST: archive.read(MANIFEST), **files}.items():
            path = folder / name
            # Names come from the bundle: one such as ../../.ssh/config must not be followed.
            if not path.resolve().is_relative_to(folder.resolve()):
                raise EvidenceDamagedError(f"{name} would lie outside of {folder}")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for written in {out, folder, *(folder.joinpath(name).parent for name in files)}:
            sync_directory(written)
    return folder
