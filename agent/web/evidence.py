"""Evidence bundles, confirmation sheets and fault statistics, to be downloaded."""

from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from agent.web.keys import state_of
from agent.web.parameters import Parameter, read
from agent.web.problem import ApiError
from agent.web.state import Evidence

PERIOD = (
    Parameter("from", "Tickets detected from this day or time on (RFC 3339)."),
    Parameter("to", "Tickets detected before this day or time (RFC 3339)."),
)
SHEET_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


async def bundle(request: web.Request) -> web.Response:
    """Everything that is kept of a ticket, as a ZIP with a manifest of digests."""
    read(request.query, ())
    found = await _desk(request).bundle(request.match_info["id"])
    if found is None:
        raise _no_ticket()
    name, content = found
    return _download(content, "application/zip", f"evidence-{name}.zip")


async def sheet(request: web.Request) -> web.Response:
    """A ticket's handling and confirmation sheet, to be printed on one page."""
    read(request.query, ())
    text = await _desk(request).sheet(request.match_info["id"])
    if text is None:
        raise _no_ticket()
    return web.Response(
        text=text,
        content_type="text/html",
        headers={"Content-Security-Policy": SHEET_POLICY, "Cache-Control": "no-store"},
    )


async def statistics(request: web.Request) -> web.Response:
    """One row for every ticket of a period, as CSV."""
    given = read(request.query, PERIOD)
    since = _epoch(given["from"], "from", 0.0)
    until = _epoch(given["to"], "to", state_of(request).clock() + 1)
    content = await _desk(request).statistics(since, until)
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


def _desk(request: web.Request) -> Evidence:
    desk = state_of(request).evidence
    if desk is None:
        raise _no_ticket()
    return desk


def _no_ticket() -> ApiError:
    expected = "the id of a ticket listed at /api/tickets"
    return ApiError("404 there is no such ticket", expected, HTTPStatus.NOT_FOUND)


def _download(content: bytes, kind: str, name: str) -> web.Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=content, content_type=kind, headers=headers)
