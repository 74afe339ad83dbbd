"""The pages of complaints: the list, one complaint, and the entry forms."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from zoneinfo import ZoneInfo

from aiohttp import web

from agent.complaints.actions import (
    ComplaintAction,
    ComplaintActionError,
    ComplaintActionRequest,
)
from agent.complaints.api import ComplaintApi
from agent.complaints.complaint import ComplaintKind, reporter_of
from agent.complaints.report import InvalidComplaintError, caller_of, identity_of
from agent.complaints.repository import (
    ComplaintFilter,
    StoredComplaint,
    TooManyComplaintsError,
)
from agent.i18n import Message, plural
from agent.tickets.document import complaint_document
from agent.web.authentication import actor_of, recorded_actor
from agent.web.endpoint import Endpoint
from agent.web.forms import read_form
from agent.web.language import LANG
from agent.web.pages.complaint_form import FORMS, UNLISTED, problems_of, report_of_form
from agent.web.pages.form_endpoint import form_endpoint
from agent.web.pages.list_page import ListPage
from agent.web.pages.navigation import Links
from agent.web.pages.rendering import BAD_REQUEST, FORM_ERRORS, HTML, NOT_FOUND, page
from agent.web.parameters import OFFSET, Parameter, read
from agent.web.privacy import viewer_mask
from agent.web.responses import ApiError
from agent.web.services import services_of

PAGE_SIZE = 50
_STATES = ("", "open", "answered")
_CHOICES = ("number", "ticket", "reporter", "state")
COMPLAINTS_QUERY = (
    LANG,
    Parameter("number", "Only complaints about this number."),
    Parameter("ticket", "Only complaints of this ticket."),
    Parameter("reporter", "Only complaints of the caller with this id."),
    Parameter("state", "Complaints whose ticket is open, or those answered.", _STATES),
    OFFSET,
)
NEW_QUERY = (
    LANG,
    Parameter("kind", "The form.", tuple(ComplaintKind), default=ComplaintKind.COMPLAINT.value),
    Parameter("number", "The number to begin with."),
    Parameter("company", "The company to begin with."),
)
_HANDLED = (ComplaintAction.COMMENT, ComplaintAction.ASSIGN)
_STEPS = frozenset(
    {
        *(ComplaintAction.REPLY, ComplaintAction.VERIFY, ComplaintAction.SOLVE),
        *(ComplaintAction.ACCEPT, ComplaintAction.INVESTIGATE, ComplaintAction.RECTIFY),
        ComplaintAction.DECIDE_APPEAL,
    }
)
_UNKNOWN_FORM = ("400 this is no form of a complaint", "a form of the complaint's page")


@dataclass(frozen=True)
class ComplaintRow:
    """One complaint in the list; texts are masked."""

    document: Mapping[str, object]
    number: str
    ticket: str
    reporter: str
    repeats: Message | None
    """How many complaints of the same caller about the same number it repeats, where it does."""


async def complaints_page(request: web.Request) -> web.Response:
    """The newest complaints, and how those about one number stand."""
    query = read(request.query, COMPLAINTS_QUERY)
    number = query["number"].strip()
    mask = viewer_mask(request)
    if mask(number) != number:
        raise ApiError("400 a search for a phone needs the role operator", "a watched number")
    answered = None if not query["state"] else query["state"] == "answered"
    reporter = query["reporter"].strip()
    selection = ComplaintFilter(number, query["ticket"].strip(), answered, reporter)
    repository = _api(request).repository
    offset = int(query["offset"])
    found, total = await repository.page(selection, PAGE_SIZE, offset)
    repeats = await _api(request).reporters.repeats_of(it.complaint for it in found)
    rows = await asyncio.to_thread(lambda: [_row(stored, repeats) for stored in found])
    return await page(
        request,
        "complaints.html",
        query=query,
        chosen={name: query[name] for name in _CHOICES if query[name]},
        complaints=ListPage(rows, total, PAGE_SIZE, offset),
        progress=await repository.progress(number) if number else None,
    )


async def complaint_page(request: web.Request) -> web.Response:
    """One complaint, with its ticket, its deadlines and what was done about it."""
    read(request.query, (LANG,))
    return await _complaint(request, await _find(request))


async def new_complaint_page(request: web.Request) -> web.Response:
    """An empty entry form."""
    query = read(request.query, NEW_QUERY)
    values = {name: query[name] for name in ("number", "company")}
    return await _form(request, ComplaintKind(query["kind"]), values, {})


async def enter_complaint(request: web.Request) -> web.Response:
    """Record what was entered and show it with its ticket, or the form with what is wrong."""
    lang = read(request.query, (LANG,))["lang"]
    form = dict(await read_form(request))
    if form.get("kind") not in tuple(ComplaintKind) or not form.get("form_id"):
        raise ApiError(*_UNKNOWN_FORM)
    kind, api, services = ComplaintKind(form["kind"]), _api(request), services_of(request)
    zone = ZoneInfo(services.settings().timezone)
    try:
        report = report_of_form(kind, form, services.clock(), zone)
    except InvalidComplaintError as error:
        return await _form(request, kind, form, problems_of(error))
    if api.recorder.is_listed(report.number) is False:
        return await _form(request, kind, form, {"number": UNLISTED})
    try:
        recorded = await api.recorder.record(report, identity_of(f"form {form['form_id']}", report))
    except TooManyComplaintsError as error:
        status = HTTPStatus.SERVICE_UNAVAILABLE
        raise ApiError(f"503 {error}", "answers to those that wait", status) from None
    await api.attach()
    raise web.HTTPSeeOther(Links(lang).address("/complaints/{}", recorded.id))


async def find_reporter(request: web.Request) -> web.Response:
    """Show the complaints of the caller whose number was entered.

    The number comes in the body, because addresses are written down in logs and histories.
    """
    lang = read(request.query, (LANG,))["lang"]
    caller = caller_of(dict(await read_form(request)).get("caller", "").strip())
    if not caller:
        raise ApiError("400 this is not a phone number", "the number of a caller")
    reporter = _api(request).repository.who_is(caller)
    raise web.HTTPSeeOther(Links(lang).address("/complaints", reporter=reporter))


async def act_on_complaint(request: web.Request) -> web.Response:
    """Handle the complaint with a form of its page."""
    lang = read(request.query, (LANG,))["lang"]
    form = dict(await read_form(request))
    if form.get("action") not in tuple(ComplaintAction):
        raise ApiError(*_UNKNOWN_FORM)
    action = ComplaintActionRequest(
        ComplaintAction(form["action"]),
        recorded_actor(request, form.get("actor", "")),
        form.get("text", ""),
        {name.removeprefix("field."): form[name] for name in form if name.startswith("field.")},
    )
    complaint_id = request.match_info["id"]
    try:
        stored = await _api(request).perform(complaint_id, action)
    except ComplaintActionError as error:
        return await _complaint(request, await _find(request), str(error))
    if stored is None:
        raise _missing()
    raise web.HTTPSeeOther(Links(lang).address("/complaints/{}", complaint_id))


async def _form(
    request: web.Request,
    kind: ComplaintKind,
    values: Mapping[str, str],
    problems: Mapping[str, Message],
) -> web.Response:
    return await page(
        request,
        "complaint_form.html",
        BAD_REQUEST if problems else HTTPStatus.OK,
        kind=kind,
        fields=FORMS[kind],
        values=values,
        problems=problems,
        # The same at every try with this form, so that what is sent twice is recorded once.
        form_id=values.get("form_id") or secrets.token_hex(16),
    )


async def _complaint(
    request: web.Request, stored: StoredComplaint, problem: str = ""
) -> web.Response:
    services = services_of(request)
    api = _api(request)
    repeats = await api.reporters.repeats_of([stored.complaint])
    history = await api.reporters.history_of(stored.complaint)
    owed = [it.step.value for it in stored.complaint.deadlines if it.done_at is None]
    actions = [*_HANDLED, *(ComplaintAction(step) for step in owed if step in _STEPS)]
    return await page(
        request,
        "complaint.html",
        HTTPStatus.CONFLICT if problem else HTTPStatus.OK,
        complaint=complaint_document(stored.complaint),
        number=stored.complaint.number,
        ticket=stored.ticket_id,
        interval=services.settings().rules.interval,
        reporter=reporter_of(stored.complaint),
        history=history,
        others=[_row(it, {}) for it in history.others],
        repeats=_repeated(repeats.get(stored.complaint.id, 0)),
        actions=actions,
        problem=problem,
        actor=actor_of(request),
    )


def _row(stored: StoredComplaint, repeats: Mapping[str, int]) -> ComplaintRow:
    complaint = stored.complaint
    return ComplaintRow(
        complaint_document(complaint),
        complaint.number,
        stored.ticket_id,
        reporter_of(complaint),
        _repeated(repeats.get(complaint.id, 0)),
    )


def _repeated(count: int) -> Message | None:
    if not count:
        return None
    return plural("repeats {count} earlier complaint", "repeats {count} earlier complaints", count)


async def _find(request: web.Request) -> StoredComplaint:
    stored = await _api(request).repository.find(request.match_info["id"])
    if stored is None:
        raise _missing()
    return stored


def _api(request: web.Request) -> ComplaintApi:
    api = services_of(request).complaints
    if api is None:
        raise _missing()
    return api


def _missing() -> ApiError:
    expected = "the id of a complaint listed at /complaints"
    return ApiError("404 there is no such complaint", expected, HTTPStatus.NOT_FOUND)


ROUTES = (
    Endpoint(
        "GET",
        "/complaints",
        complaints_page,
        "The list of complaints",
        HTML,
        query=COMPLAINTS_QUERY,
        errors=(BAD_REQUEST, NOT_FOUND),
    ),
    Endpoint(
        "GET",
        "/complaints/new",
        new_complaint_page,
        "The entry form of a complaint or a fault report",
        HTML,
        query=NEW_QUERY,
        errors=(BAD_REQUEST,),
    ),
    form_endpoint(
        "/complaints",
        enter_complaint,
        "Enter a complaint or a fault report",
        errors=(*FORM_ERRORS, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
    form_endpoint(
        "/complaints/reporter", find_reporter, "Find the complaints of a caller by number"
    ),
    Endpoint(
        "GET",
        "/complaints/{id}",
        complaint_page,
        "One complaint",
        HTML,
        query=(LANG,),
        errors=(BAD_REQUEST, NOT_FOUND),
    ),
    form_endpoint(
        "/complaints/{id}/actions",
        act_on_complaint,
        "Handle a complaint with a form of its page",
        errors=(*FORM_ERRORS, HTTPStatus.CONFLICT),
    ),
)
"""The pages of this module, for the route table."""
