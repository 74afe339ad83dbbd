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
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from agent.cli.client import Client, Document
from agent.cli.ledger_client import open_client
from agent.cli.runner import CommandError, ExitStatus, print_json, run_command
from agent.evidence.bundle import MANIFEST
from agent.evidence.repository import EvidenceDamagedError
from agent.store import StoreError
from agent.store.directory import sync_directory

_Result = TypeVar("_Result")

_LIST_COLUMNS = ("id", "stage", "severity", "grade", "detected_at", "provider", "number", "title")
_HEAD_FIELDS = (
    *("title", "stage", "severity", "grade", "scope", "symptom", "provider", "account"),
    *("number", "company", "carrier", "started_at", "detected_at", "closed_at", "pattern"),
)
_STYLES = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


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
            Console().print(list_table(tickets) if tickets else "no tickets")

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
            Console().print(ticket_view(ticket))

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
            Console().print(f"{count} deliveries queued again")

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
        print_result(asyncio.run(result()))
        return ExitStatus.OK

    return run_command(command, failures=(StoreError, EvidenceDamagedError, OSError))


def _no_ticket(id_or_key: str) -> CommandError:
    return CommandError(f"there is no ticket {id_or_key!r}; numwatch tickets list has them")


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


def list_table(tickets: Iterable[Document]) -> RenderableType:
    """One line a ticket, newest first."""
    table = Table(box=None, header_style="bold")
    for name in _LIST_COLUMNS:
        table.add_column(name.replace("_at", "").upper(), no_wrap=name != "title")
    for ticket in tickets:
        style = _STYLES.get(ticket["severity"], "") if ticket["stage"] != "closed" else "dim"
        table.add_row(*(Text(_plain(ticket[name])) for name in _LIST_COLUMNS), style=style)
    return table


def ticket_view(ticket: Document) -> RenderableType:
    """One ticket with its diagnosis, clocks, members and timeline."""
    diagnosis = ticket["diagnosis"]
    return Group(
        _facts_table([(name, ticket[name]) for name in _HEAD_FIELDS]),
        Text(f"\n{ticket['description']}\n"),
        _facts_table(
            [
                ("cause", f"{diagnosis['cause']} ({diagnosis['confidence']:.0%})"),
                ("whose job", f"{diagnosis['party']} {diagnosis['contact']}".strip()),
                *(("fact", f"{it['fact']} = {it['value']}") for it in diagnosis["evidence"]),
                *(("next", step) for step in diagnosis["next_steps"]),
                *(("ask", question) for question in diagnosis["questions"]),
            ]
        ),
        _rows_table(
            "clock", ticket["clocks"], ("name", "deadline", "remaining_seconds", "breached")
        ),
        _rows_table("member", ticket["members"], ("number", "symptom", "joined_at", "left_at")),
        _rows_table("timeline", ticket["timeline"], ("at", "actor", "event", "reason")),
    )


def _facts_table(facts: Sequence[tuple[str, Any]]) -> Table:
    table = Table(box=None, show_header=False)
    for name, value in facts:
        if value not in ("", None):
            table.add_row(Text(name.replace("_", " "), style="bold"), Text(_plain(value)))
    return table


def _rows_table(title: str, rows: Sequence[Document], names: Sequence[str]) -> RenderableType:
    if not rows:
        return Text("")
    table = Table(title=f"\n{title}", title_justify="left", box=None, header_style="bold")
    for name in names:
        table.add_column(name)
    for row in rows:
        table.add_row(*(Text(_plain(row[name])) for name in names))
    return table


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
