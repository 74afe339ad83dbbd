"""Sends reports on a schedule: once a period and sink, over restarts and replicas."""

import asyncio
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
import structlog

from agent.config.reports import ScheduledReport
from agent.config.settings import Settings
from agent.config.sinks import Sink
from agent.i18n import Message
from agent.reports.excerpt import excerpt
from agent.reports.headline import TITLES, headline
from agent.reports.period import Period
from agent.reports.request import ReportKind, ReportRequest
from agent.reports.schedule import Due, delivery_id, due_reports, new_notes, note_of
from agent.reports.schedule_ledger import ScheduleLedger
from agent.reports.service import Found, ReportService, view_of
from agent.reports.words import ReportWords
from agent.store import StoreError, UnavailableError
from agent.store.acting import acting_under
from agent.store.database import Database
from agent.store.leases import TICKETS
from agent.tickets.document import stamp
from agent.tickets.outbox.notice_kinds import REPORT
from agent.tickets.outbox.rows import report_columns

log = structlog.get_logger(__name__)

INTERVAL: Final = 60.0
"""Seconds between two looks for reports that are due."""
PATHS: Final = {
    ReportKind.STATISTICS: "/reports",
    ReportKind.SCORES: "/reports/scores",
    ReportKind.CLAIM: "/reports/claim",
}
"""The pages of the reports."""
_WEBHOOK = "webhook"


class ScheduledReports:
    """Queues the reports whose time has come.

    Args:
        database: The ledger.
        reports: Makes them.
        settings: The configuration in force.
        clock: Epoch seconds.
        queued: Called after reports were queued.
    """

    def __init__(
        self,
        database: Database,
        reports: ReportService,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
        queued: Callable[[], None],
    ) -> None:
        self._database = database
        self._ledger = ScheduleLedger(database)
        self._reports = reports
        self._settings = settings
        self._clock = clock
        self._queued = queued

    async def run(self) -> None:
        """Send what is due until cancelled."""
        with acting_under(TICKETS):
            while True:
                try:
                    await self.follow()
                except UnavailableError:
                    pass
                except StoreError as error:
                    log.error("reports_not_scheduled", error=str(error))  # noqa: TRY400 - the text says it
                except Exception:
                    # A task that has ended sends nothing any more.
                    log.exception("reports_not_scheduled")
                await asyncio.sleep(INTERVAL)

    async def follow(self) -> int:
        """Queue every report that is due now; returns how many deliveries.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        schedule = self._settings().reports.schedule
        if not schedule or not self._decides():
            return 0
        zone, now = ZoneInfo(self._settings().timezone), self._clock()
        notes = await self._ledger.notes()
        if begun := new_notes(schedule, notes, now, zone):
            await self._ledger.begin(begun)
        count = 0
        for due in due_reports(schedule, notes, now, zone):
            count += await self._send(due, now)
        if count:
            self._queued()
        return count

    def _decides(self) -> bool:
        """Whether this agent sends; of replicas, the one that decides about tickets does."""
        leases = self._database.lease_keeper
        return leases is None or leases.lease(TICKETS) is not None

    async def _send(self, due: Due, now: float) -> int:
        entry, kind = due.entry, ReportKind(due.entry.kind)
        request = ReportRequest(kind, due.period.name, entry.provider or "")
        try:
            found = await self._reports.found(request)
        except ValueError as error:
            # A reload took its provider away meanwhile; the others are not to wait for it.
            known = {"report": kind.value, "period": due.period.name, "error": str(error)}
            log.error("report_not_made", **known)  # noqa: TRY400 - the text says it
            return 0
        sinks = {it.name: it for it in self._settings().sinks}
        rows = await asyncio.to_thread(self._rows, due, found, sinks, now)
        return await self._ledger.write(rows, due.period.name) if rows else 0

    def _rows(
        self, due: Due, found: Found, sinks: dict[str, Sink], now: float
    ) -> dict[str, dict[str, object]]:
        settings, entry = self._settings(), due.entry
        words = ReportWords(entry.language or settings.locale, ZoneInfo(settings.timezone))
        link = page_address(settings.web.external_url, entry, due.period)
        summary = summary_of(found, entry, words, link)
        whole = None
        rows = {}
        for name in due.sinks:
            if name not in sinks:
                continue
            is_whole = sinks[name].kind == _WEBHOOK
            if is_whole and whole is None:
                whole = with_document(summary, found)
            data = whole if is_whole else summary
            body = msgspec.json.encode({"type": REPORT, "timestamp": stamp(now), "data": data})
            id_ = delivery_id(entry, due.period, name)
            rows[note_of(entry, name)] = report_columns(name, id_, body, now)
        return rows


def summary_of(
    found: Found, entry: ScheduledReport, words: ReportWords, link: str | None
) -> dict[str, object]:
    """What is said of a report in words: its title, its most important figures, and its page."""
    lines = headline(found, words)
    if link is not None:
        lines.append(f"{words.text(Message('Details'))}: {link}")
    return {
        "report": entry.kind,
        "period": found.period.name,
        "provider": entry.provider or "",
        "language": words.locale,
        "title": words.text(TITLES[ReportKind(entry.kind)]),
        "lines": lines,
        "url": link,
    }


def with_document(summary: dict[str, object], found: Found) -> dict[str, object]:
    """The same with the report's document; names of people are masked, long tables are cut."""
    document, left_out = excerpt(view_of(found, shows_people=False))
    return {**summary, "left_out": left_out, "document": msgspec.Raw(document)}


def page_address(base: str | None, entry: ScheduledReport, period: Period) -> str | None:
    """The address of the report's page; ``None`` where nobody says where the agent is reached."""
    if base is None:
        return None
    query = {"period": period.name, "provider": entry.provider or ""}
    values = urlencode({name: value for name, value in query.items() if value})
    return f"{base.rstrip('/')}{PATHS[ReportKind(entry.kind)]}?{values}"
