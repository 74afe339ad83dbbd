"""``numwatch privacy check``, ``export`` and ``delete``; each returns its exit status."""

import asyncio
import getpass
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from agent.cli.client import ApiClient, Document
from agent.cli.language import locale, say
from agent.cli.ledger_client import client_of_holder
from agent.cli.runner import CommandError, ExitStatus, print_json, run_command
from agent.config.load import load
from agent.config.settings import Settings
from agent.config.web import Role
from agent.i18n import Message, plural, translate
from agent.masking import mask_text
from agent.privacy.person import UnknownPersonError
from agent.privacy.remains import named_after_all
from agent.privacy.requests import PersonFacts
from agent.privacy.service import PrivacyService
from agent.privacy.words import FORMS, REASONS, TABLES
from agent.store import InUseError, StoreError
from agent.store.audit import AuditEntry, AuditLog
from agent.store.database import Database
from agent.store.retention import RetentionClock
from agent.terminal.grid import Column, paragraph, table
from agent.terminal.output import console, print_lines
from agent.upkeep import files_of_configuration

_HELD = Message("an agent holds the store; it shows this at /privacy")
_LEFT = Message("{kind}: {rows} older than {key} and still there")
_NAMED = Message("{table}: {rows} marked as erased and still naming somebody")
_ALL_GONE = Message("nothing is older than it is kept for")
_DELETED = Message("{person}: deleted from {rows}; recorded as {request}")
_LEFT_OVER = Message("What is left, and why:")
_NOTHING_LEFT = Message("Nothing is left.")
_BACKUPS = Message(
    "Backups are not searched: delete those that are older than the request, or delete the person"
    " again after a backup was put back."
)
_WHERE, _NAMED_BY, _WHY = Message("where"), Message("named by"), Message("why it stays")
_EXISTS = Message("{file} exists already; choose another name")


@dataclass(frozen=True)
class Person:
    """Whose data is meant, and why it is asked for."""

    phone: str
    reporter: str
    reason: str

    @property
    def body(self) -> dict[str, str]:
        """The body of a request."""
        return {"phone": self.phone, "reporter": self.reporter, "reason": self.reason}


class _People(Protocol):
    """Answers about one person: a running agent, or the store of a stopped one."""

    async def export(self, person: Person) -> Document: ...

    async def delete(self, person: Person) -> Document: ...


def check(config: Path, *, as_json: bool = False) -> int:
    """Say what should have been purged; 1 when something should."""

    def command() -> int:
        settings = load(config)
        document = asyncio.run(_check(config, settings))
        if as_json:
            print_json(document)
        else:
            out = console()
            for line in _check_lines(document, settings):
                print_lines(paragraph(line, out.width), out)
        return ExitStatus.OK if document["ok"] else ExitStatus.FAILED

    return run_command(command, failures=(StoreError,))


async def _check(config: Path, settings: Settings) -> Document:
    try:
        database = await Database.open(Path(settings.data_dir), settings.store)
    except InUseError as error:
        raise CommandError(say(_HELD, settings)) from error
    try:
        states = await _service(database, config, settings).states()
        named = await named_after_all(database)
    finally:
        await database.close()
    kinds = [msgspec.to_builtins(it) for it in states]
    is_ok = not any(it.left for it in states) and not any(named.values())
    return {"ok": is_ok, "kinds": kinds, "named": named}


def _check_lines(document: Document, settings: Settings) -> Iterator[str]:
    if document["ok"]:
        yield say(_ALL_GONE, settings)
    for kind in document["kinds"]:
        if kind["left"]:
            text = translate(locale(settings), kind["text"])
            rows = plural("{count} row", "{count} rows", kind["left"])
            yield say(_LEFT.with_values(kind=text, rows=rows, key=kind["key"]), settings)
    for name, count in document["named"].items():
        if count:
            rows = plural("{count} row", "{count} rows", count)
            yield say(_NAMED.with_values(table=name, rows=rows), settings)


def export(config: Path, person: Person, out: Path | None) -> int:
    """Write what is stored about a person to ``out``, or to standard output."""

    def command() -> int:
        document, settings = asyncio.run(_ask(config, person, is_deletion=False))
        if out is None:
            print_json(document)
            return ExitStatus.OK
        try:
            descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise CommandError(say(_EXISTS.with_values(file=out), settings)) from error
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, indent=2)
        return ExitStatus.OK

    return run_command(command, misuse=(UnknownPersonError,), failures=(StoreError, OSError))


def delete(config: Path, person: Person, *, as_json: bool = False) -> int:
    """Delete a person's data; 1 where something of it has to stay."""

    def command() -> int:
        document, settings = asyncio.run(_ask(config, person, is_deletion=True))
        if as_json:
            print_json(document)
        else:
            _print_deletion(document, settings)
        return ExitStatus.FAILED if document["places"] else ExitStatus.OK

    return run_command(command, misuse=(UnknownPersonError,), failures=(StoreError,))


def _print_deletion(document: Document, settings: Settings) -> None:
    out = console()
    rows = plural("{count} row", "{count} rows", document["deleted"])
    values = {"person": document["person"], "request": document["request"], "rows": rows}
    print_lines(paragraph(say(_DELETED.with_values(**values), settings), out.width), out)
    places = document["places"]
    heading = _LEFT_OVER if places else _NOTHING_LEFT
    print_lines(paragraph(say(heading, settings), out.width), out)
    columns = [Column(say(it, settings)) for it in (_WHERE, _NAMED_BY, _WHY)]
    print_lines(table(columns, (_place_row(it, settings) for it in places), out.width), out)
    print_lines(paragraph(say(_BACKUPS, settings), out.width), out)


def _place_row(place: dict[str, Any], settings: Settings) -> tuple[str, str, str]:
    key = " ".join(f"{name}={value}" for name, value in place["key"].items())
    forms = ", ".join(say(FORMS[form], settings) for form in place["forms"])
    why = say(REASONS[place["stays_for"]], settings)
    held = f" ({place['ticket']})" if place["ticket"] else ""
    table_text = TABLES.get(place["table"])
    what = place["table"] if table_text is None else say(table_text, settings)
    return f"{what} {key}", forms, f"{why}{held}"


async def _ask(config: Path, person: Person, *, is_deletion: bool) -> tuple[Document, Settings]:
    settings = await asyncio.to_thread(load, config)
    async with _people(config, settings) as people:
        document = await (people.delete(person) if is_deletion else people.export(person))
    return document, settings


@asynccontextmanager
async def _people(config: Path, settings: Settings) -> AsyncIterator[_People]:
    try:
        database = await Database.open(Path(settings.data_dir), settings.store)
    except InUseError:
        async with client_of_holder(settings) as client:
            yield _RunningAgent(client)
        return
    try:
        yield _StoppedAgent(database, config, settings)
    finally:
        await database.close()


class _RunningAgent:
    """A running agent, over its API, which writes the audit log itself."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    async def export(self, person: Person) -> Document:
        """Everything that is stored about ``person``."""
        return await self._client.ask("/api/privacy/export", person.body)

    async def delete(self, person: Person) -> Document:
        """What is left of ``person`` after the deletion."""
        return await self._client.ask("/api/privacy/delete", person.body)


class _StoppedAgent:
    """The store of a stopped agent."""

    def __init__(self, database: Database, config: Path, settings: Settings) -> None:
        self._people = _service(database, config, settings).people
        self._audit = AuditLog(database, RetentionClock(database).now, lambda: settings)

    async def export(self, person: Person) -> Document:
        """Everything that is stored about ``person``."""
        found = await self._people.find(person.phone, person.reporter)
        await self._record("person_exported", found.masked or found.who, person.reason)
        return dict(msgspec.to_builtins(await self._people.export(found)))

    async def delete(self, person: Person) -> Document:
        """What is left of ``person``; the ledger's file is written anew, as nobody uses it."""
        found = await self._people.find(person.phone, person.reporter)
        await self._record("person_deleted", found.masked or found.who, person.reason)
        return dict(msgspec.to_builtins(await self._people.delete(found, rewrite=True)))

    async def _record(self, what: str, subject: str, reason: str) -> None:
        entry = AuditEntry(
            at=time.time(),
            actor=getpass.getuser(),
            role=Role.ADMINISTRATOR,
            what=what,
            subject=subject,
            reason=mask_text(reason),
            address="",
        )
        await self._audit.record(entry)


def _service(database: Database, config: Path, settings: Settings) -> PrivacyService:
    # Whether a phone is bound is not known without a poll: then it counts as bound.
    facts = PersonFacts(configuration=lambda: files_of_configuration(config, settings))
    retention = RetentionClock(database).now
    return PrivacyService(database, lambda: settings, retention, time.time, facts=facts)
