"""``/api/audit``, and how handlers write into the audit log."""

from http import HTTPStatus

import msgspec
import structlog
from aiohttp import web

from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.store import StoreError
from agent.store.audit import AuditEntry, AuditLog
from agent.tickets.document import stamp
from agent.web.authentication import actor_of, role_of
from agent.web.endpoint import Access, Endpoint
from agent.web.parameters import LIMIT, OFFSET, next_page, read
from agent.web.responses import large_json_response, running
from agent.web.services import services_of
from agent.webhooks.peer import CLIENT

log = structlog.get_logger(__name__)

LONGEST_REASON = 500
_LONGEST_NAME = 128
_LONGEST_SUBJECT = 200
_TOKEN_HOLDER = "(token)"  # nosec B105 # what is shown for a name


class AuditEntryView(msgspec.Struct, frozen=True):
    """One entry of the audit log."""

    at: str
    actor: str
    """Who; ``(token)`` for whoever had the agent's token and gave no name."""
    role: str
    what: str
    subject: str
    reason: str
    address: str


class AuditList(msgspec.Struct, frozen=True):
    """A page of the audit log, the newest entry first."""

    total: int
    limit: int
    offset: int
    next: str | None
    items: tuple[AuditEntryView, ...]


async def list_audit(request: web.Request) -> web.Response:
    """The entries of the audit log, paged."""
    query = read(request.query, (LIMIT, OFFSET))
    return await large_json_response(
        await audit_list(request, int(query["limit"]), int(query["offset"]))
    )


async def audit_list(request: web.Request, limit: int, offset: int) -> AuditList:
    """The page of the audit log that begins at ``offset``."""
    page = await _log(request).page(limit, offset)
    following = next_page(request, page.total, limit, offset)
    return AuditList(page.total, limit, offset, following, tuple(map(_view, page.entries)))


async def record(request: web.Request, what: str, subject: str, reason: str) -> None:
    """Write an entry about what ``request`` does; it is durable before this returns.

    Raises:
        StoreError: when it cannot be written; then what it is about must not be done.
    """
    await _log(request).record(_entry(request, what, subject, reason))


async def record_if_possible(request: web.Request, what: str, subject: str, reason: str) -> None:
    """The same for what was done already and must be possible without the ledger, too."""
    entry = _entry(request, what, subject, reason)
    log.info("audit", **msgspec.structs.asdict(entry))
    audit_log = services_of(request).audit
    if audit_log is not None:
        try:
            await audit_log.record(entry)
        except StoreError as error:
            log.warning("audit_not_stored", what=what, error=str(error))


async def record_replay(request: web.Request, ticket: str, count: int) -> None:
    """Write an entry about dead letters that were queued again: of ``ticket``, or of all."""
    subject = f"{ticket or 'all tickets'}: {count}"
    await record_if_possible(request, "dead_letters_replayed", subject, "")


def _entry(request: web.Request, what: str, subject: str, reason: str) -> AuditEntry:
    return AuditEntry(
        at=services_of(request).clock(),
        actor=mask_text(scrub(actor_of(request), _LONGEST_NAME)).strip() or _TOKEN_HOLDER,
        role=role_of(request).value,
        what=what,
        subject=scrub(subject, _LONGEST_SUBJECT),
        reason=mask_text(scrub(reason, LONGEST_REASON)).strip(),
        address=request.get(CLIENT) or request.remote or "",
    )


def _log(request: web.Request) -> AuditLog:
    return running(services_of(request).audit, "503 there is no audit log here")


def _view(entry: AuditEntry) -> AuditEntryView:
    fields = msgspec.structs.asdict(entry)
    return AuditEntryView(**{**fields, "at": stamp(entry.at) or ""})


AUDIT_ROUTES = (
    Endpoint(
        "GET",
        "/api/audit",
        list_audit,
        "Who was shown or did what only some may",
        AuditList,
        query=(LIMIT, OFFSET),
        access=Access.ADMINISTRATOR,
        errors=(HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
)
"""The endpoint of this module, for the route table."""
