"""Exports everything that is stored about a ticket: bundle, confirmation sheet, statistics."""

import asyncio
import csv
import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import select

from agent.config.settings import Settings
from agent.evidence.bundle import EvidenceFile, bundle
from agent.evidence.probe_files import files_of_calls
from agent.evidence.repository import EvidenceRepository
from agent.evidence.sheet import SheetWriter
from agent.evidence.statistics import statistics
from agent.masking import mask_document, mask_text
from agent.probing.call_ledger import CallLedger
from agent.reports.render import safe_cell
from agent.store.database import Database, uninterrupted
from agent.store.schema import outbox
from agent.tickets.document import document, stamp
from agent.tickets.ledger import Filter, Ledger
from agent.tickets.sla.clocks import readings
from agent.tickets.ticket import Ticket

_PAGE = 500
_TIMES = ("created_at", "first_attempt_at", "last_attempt_at", "settled_at", "next_attempt_at")


class EvidenceExporter:
    """Exports bundles, confirmation sheets and statistics.

    Args:
        database: The ledger.
        settings: The configuration in force.
        version: The program's version, for the manifest.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        database: Database,
        settings: Callable[[], Settings],
        version: str,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._ledger = Ledger(database)
        self._repository = EvidenceRepository(database)
        self._calls = CallLedger(database)
        self._settings = settings
        self._version = version
        self._clock = clock

    async def bundle(
        self, id_or_key: str, *, with_recordings: bool = True
    ) -> tuple[str, bytes] | None:
        """A ticket's id and its evidence as a ZIP archive; ``None`` if there is no such ticket.

        Without ``with_recordings`` it has no sound of test calls, in which people may speak.

        Raises:
            StoreError: when the ledger cannot be read.
            EvidenceDamagedError: when evidence is not what was stored.
        """
        ticket = await self._ledger.get(id_or_key)
        if ticket is None:
            return None
        collected = await self._repository.files_of(ticket.id)
        deliveries = await self._deliveries(ticket.id)
        collected += await files_of_calls(
            self._calls,
            ticket,
            self._clock(),
            mask_for(ticket),
            with_recordings=with_recordings,
        )
        archive = await asyncio.to_thread(self._bundle, ticket, collected, deliveries)
        return ticket.id, archive

    async def sheet(self, id_or_key: str) -> str | None:
        """A ticket's confirmation sheet as HTML; ``None`` if there is no such ticket.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        ticket = await self._ledger.get(id_or_key)
        if ticket is None:
            return None
        return await asyncio.to_thread(self._writer().html, ticket, self._clock())

    async def statistics(self, since: float, until: float) -> bytes:
        """One row for every ticket detected from ``since`` to ``until``, as CSV.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        tickets: list[Ticket] = []
        offset = 0
        while True:
            page = await self._ledger.list(Filter(), _PAGE, offset)
            tickets += (ticket for ticket in page.tickets if since <= ticket.detected_at < until)
            offset += _PAGE
            # Pages come newest first, so the first older ticket ends the search.
            if offset >= page.total or page.tickets[-1].detected_at < since:
                break
        settings = self._settings()
        rows = sorted(tickets, key=lambda ticket: ticket.detected_at)
        return await asyncio.to_thread(statistics, rows, settings.locale, settings.timezone)

    def _writer(self) -> SheetWriter:
        settings = self._settings()
        return SheetWriter(settings.locale, settings.timezone, settings.evidence.issuing_unit)

    def _bundle(
        self,
        ticket: Ticket,
        collected: list[EvidenceFile],
        deliveries: list[dict[str, Any]],
    ) -> bytes:
        now, settings = self._clock(), self._settings()
        mask = mask_for(ticket)
        content = mask_document(document(ticket, now), mask)
        files = [
            EvidenceFile("ticket.json", now, _json(content)),
            EvidenceFile("diagnosis.json", now, _json(content["diagnosis"])),
            EvidenceFile("alerts.json", now, _json({"alerts": content["alerts"]})),
            EvidenceFile("timeline.csv", now, _timeline(ticket)),
            EvidenceFile("clocks.json", now, _clocks(ticket, now)),
            EvidenceFile("deliveries.json", now, _json(mask_document(deliveries, mask))),
            EvidenceFile("sheet.html", now, self._writer().html(ticket, now).encode()),
            EvidenceFile(
                "statistics.csv", now, statistics([ticket], settings.locale, settings.timezone)
            ),
            *collected,
        ]
        return bundle(ticket.id, files, now, self._version)

    @uninterrupted
    async def _deliveries(self, ticket_id: str) -> list[dict[str, Any]]:
        query = select(outbox).where(outbox.c.ticket_id == ticket_id).order_by(outbox.c.id)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [
            {
                "sink": row["sink"],
                "type": row["type"],
                "webhook_id": row["webhook_id"],
                "revision": row["revision"],
                "state": row["state"],
                "attempts": row["attempts"],
                "failure": mask_text(row["failure"]),
                **{name: stamp(row[name]) for name in _TIMES},
                "payload": json.loads(row["payload"]),
            }
            for row in rows
        ]


def mask_for(ticket: Ticket) -> Callable[[str], str]:
    """Masks every phone in a text but the hotline numbers that the ticket is about."""
    public = {ticket.subject.number, *(it.subject.number for it in ticket.members)}
    return partial(mask_text, is_public=public.__contains__)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _timeline(ticket: Ticket) -> bytes:
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(("at", "actor", "event", "reason"))
    for entry in ticket.timeline:
        cells = (str(stamp(entry.at)), entry.actor, entry.event, entry.reason)
        writer.writerow(map(safe_cell, cells))
    return table.getvalue().encode()


def _clocks(ticket: Ticket, now: float) -> bytes:
    """The clocks' recorded events, and what they read now."""
    document = {
        "events": msgspec.to_builtins(ticket.clocks),
        "readings": msgspec.to_builtins(list(readings(ticket.clocks, now))),
    }
    return _json(document)
