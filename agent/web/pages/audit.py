"""The page of the audit log, for administrators."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from agent.config.web import Role
from agent.i18n import Message
from agent.web.audit import audit_list
from agent.web.endpoint import Access, Endpoint
from agent.web.language import LANG
from agent.web.pages.rendering import BAD_REQUEST, HTML, page
from agent.web.parameters import OFFSET, read

_ENTRIES: Final = 100
WHAT: Final = {
    "phone_revealed": Message("Phone shown"),
    "customers_told": Message("Customers told"),
    "contacts_exported": Message("Contacts exported with phones"),
    "phones_read": Message("Texts with phones read"),
    "number_taken_over": Message("Number taken over"),
    "inspection_signed": Message("Inspection signed"),
    "checklist_given_up": Message("Checklist given up"),
    "person_exported": Message("Data of a person exported"),
    "person_deleted": Message("Data of a person deleted"),
    "configuration_reloaded": Message("Configuration reloaded"),
    "dead_letters_replayed": Message("Deliveries queued again"),
}
"""What an entry says was done, in words."""
ROLES: Final = {
    Role.VIEWER: Message("Viewer"),
    Role.OPERATOR: Message("Operator"),
    Role.ADMINISTRATOR: Message("Administrator"),
}


async def audit_page(request: web.Request) -> web.Response:
    """A page of the audit log, the newest entries first."""
    query = read(request.query, (LANG, OFFSET))
    audit = await audit_list(request, _ENTRIES, int(query["offset"]))
    return await page(request, "audit.html", audit=audit, words=WHAT, roles=ROLES)


ROUTES = (
    Endpoint(
        "GET",
        "/audit",
        audit_page,
        "Who was shown or did what only some may, as a page",
        HTML,
        query=(LANG, OFFSET),
        access=Access.ADMINISTRATOR,
        errors=(BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
)
"""The page of this module, for the route table."""
