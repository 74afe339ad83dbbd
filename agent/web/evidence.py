"""Evidence bundles, confirmation sheets and fault statistics, for download."""

import asyncio
import io
import zipfile
from datetime import UTC, datetime

from aiohttp import web

from agent.testcalls.outcome import RECORDING
from agent.web.audit import record
from agent.web.authentication import is_authorized
from agent.web.parameters import Parameter, read
from agent.web.probe_calls import HEARD
from agent.web.responses import ApiError, no_ticket
from agent.web.services import Evidence, services_of

STATISTICS_QUERY = (
    Parameter("from", "Tickets detected from this day or time on (RFC 3339)."),
    Parameter("to", "Tickets detected before this day or time (RFC 3339)."),
)
SHEET_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


async def bundle(request: web.Request) -> web.Response:
    """Everything that is stored about a ticket, as a ZIP with a manifest of digests.

    What was heard in test calls is for operators, and the audit log says who took it.
    """
    read(request.query, ())
    ticket = request.match_info["id"]
    exported = await _evidence(request).bundle(ticket, with_recordings=is_authorized(request))
    if exported is None:
        raise no_ticket()
    name, content = exported
    if await asyncio.to_thread(_has_sound, content):
        await record(request, HEARD, f"evidence of {name}", "")
    return _download(content, "application/zip", f"evidence-{name}.zip")


def _has_sound(archive: bytes) -> bool:
    names = zipfile.ZipFile(io.BytesIO(archive)).namelist()
    return any(name.endswith(RECORDING) for name in names)


async def sheet(request: web.Request) -> web.Response:
    """A ticket's handling and confirmation sheet, to be printed on one page."""
    read(request.query, ())
    text = await _evidence(request).sheet(request.match_info["id"])
    if text is None:
        raise no_ticket()
    return web.Response(
        text=text,
        content_type="text/html",
        headers={"Content-Security-Policy": SHEET_POLICY, "Cache-Control": "no-store"},
    )


async def statistics(request: web.Request) -> web.Response:
    """One row for every ticket of a period, as CSV."""
    query = read(request.query, STATISTICS_QUERY)
    since = _epoch(query["from"], "from", 0.0)
    until = _epoch(query["to"], "to", services_of(request).clock() + 1)
    content = await _evidence(request).statistics(since, until)
    return _download(content, "text/csv", "fault-statistics.csv")


def _epoch(text: str, name: str, default: float) -> float:
    if not text:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        expected = "a day such as 2026-10-01 or a time such as 2026-10-01T08:00:00Z"
        raise ApiError(f"400 {name} is not a day or a time", expected) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _evidence(request: web.Request) -> Evidence:
    evidence = services_of(request).evidence
    if evidence is None:
        raise no_ticket()
    return evidence


def _download(content: bytes, content_type: str, name: str) -> web.Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=content, content_type=content_type, headers=headers)
