"""The page about data of people: how long it is kept, and the forms for one person's data."""

from http import HTTPStatus

from aiohttp import web

from agent.privacy.words import FORMS, REASONS, TABLES
from agent.web.endpoint import Access, Endpoint
from agent.web.forms import read_form
from agent.web.language import LANG
from agent.web.pages.form_endpoint import form_endpoint
from agent.web.pages.rendering import BAD_REQUEST, HTML, page
from agent.web.parameters import read
from agent.web.person_data import PersonBody, deleted, exported, privacy_view

_UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE


async def privacy_page(request: web.Request) -> web.Response:
    """How long each kind is kept, what is left, and what was purged."""
    read(request.query, (LANG,))
    return await page(request, "privacy.html", view=await privacy_view(request))


async def export_form(request: web.Request) -> web.Response:
    """Show everything that is stored about one person."""
    report = await exported(request, await _sent(request))
    return await page(
        request, "person.html", report=report, forms=FORMS, reasons=REASONS, tables=TABLES
    )


async def delete_form(request: web.Request) -> web.Response:
    """Delete one person's data, and show what is left."""
    report = await deleted(request, await _sent(request))
    return await page(
        request, "person.html", report=report, forms=FORMS, reasons=REASONS, tables=TABLES
    )


async def _sent(request: web.Request) -> PersonBody:
    read(request.query, (LANG,))
    form = dict(await read_form(request))
    values = {name: form.get(name, "") for name in ("reason", "phone", "reporter")}
    return PersonBody(**values)


_FORM_ERRORS = (BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, _UNAVAILABLE)
ROUTES = (
    Endpoint(
        "GET",
        "/privacy",
        privacy_page,
        "How long data about people is kept, as a page",
        HTML,
        query=(LANG,),
        access=Access.ADMINISTRATOR,
        errors=(BAD_REQUEST, _UNAVAILABLE),
    ),
    form_endpoint(
        "/privacy/export",
        export_form,
        "Show what is stored about one person",
        access=Access.ADMINISTRATOR,
        errors=_FORM_ERRORS,
    ),
    form_endpoint(
        "/privacy/delete",
        delete_form,
        "Delete one person's data",
        access=Access.ADMINISTRATOR,
        errors=_FORM_ERRORS,
    ),
)
"""The pages and forms of this module, for the route table."""
