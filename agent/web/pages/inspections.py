"""The pages of inspections and onboardings: the list, one checklist, and the report to sign."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from agent.inspections.checklist import ChecklistError, Kind
from agent.inspections.words import KINDS, RESULTS
from agent.web.endpoint import Endpoint
from agent.web.forms import read_form
from agent.web.inspections import (
    ANSWERS,
    STATES,
    CloseRequest,
    RowAnswer,
    answer,
    begin,
    checklist_of,
    checklist_view,
    close,
    problem_text,
    service_of,
)
from agent.web.language import LANG
from agent.web.pages.form_endpoint import form_endpoint
from agent.web.pages.list_page import ListPage
from agent.web.pages.navigation import Links
from agent.web.pages.rendering import BAD_REQUEST, FORM_ERRORS, HTML, NOT_FOUND, page, reader_locale
from agent.web.parameters import OFFSET, Parameter, read
from agent.web.responses import Handler
from agent.web.services import services_of

PAGE_SIZE: Final = 50
INSPECTIONS_QUERY = (
    LANG,
    Parameter("state", "Open checklists, or closed ones.", STATES, default=STATES[0]),
    Parameter("number", "The number to begin with."),
    OFFSET,
)


async def inspections_page(request: web.Request) -> web.Response:
    """The open checklists or the closed ones, and the form that begins one."""
    return await _list(request)


async def _list(request: web.Request, problem: str = "") -> web.Response:
    query = read(request.query, INSPECTIONS_QUERY)
    offset = int(query["offset"])
    found, total = await service_of(request).repository.page(
        is_open=query["state"] == STATES[0], limit=PAGE_SIZE, offset=offset
    )
    return await page(
        request,
        "inspections/list.html",
        HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        view=ListPage(found, total, PAGE_SIZE, offset),
        plans=services_of(request).settings().inspections.plans,
        chosen=query,
        kinds=KINDS,
        problem=problem,
    )


async def begin_form(request: web.Request) -> web.Response:
    """Begin a checklist and show it."""
    sent = dict(await read_form(request))
    lang = request.query.get("lang", "")
    kind = Kind.ONBOARDING if sent.get("kind") == Kind.ONBOARDING else Kind.INSPECTION
    try:
        begun = await begin(request, kind, sent.get("number", ""), sent.get("by", ""))
    except ChecklistError as error:
        return await _list(request, problem_text(error, kind, reader_locale(request)))
    raise web.HTTPSeeOther(Links(lang).address("/inspections/{}", begun.id))


async def checklist_page(request: web.Request) -> web.Response:
    """One checklist with its rows as they stand."""
    read(request.query, (LANG,))
    return await _show(request)


async def _show(request: web.Request, problem: str = "") -> web.Response:
    checklist = await checklist_of(request)
    return await page(
        request,
        "inspections/checklist.html",
        HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        view=checklist_view(request, checklist, reader_locale(request)),
        kinds=KINDS,
        results=RESULTS,
        answers=ANSWERS,
        problem=problem,
    )


async def answers_form(request: web.Request) -> web.Response:
    """Take over what a person answers, or close the checklist; then show it."""
    sent = dict(await read_form(request))
    checklist = await checklist_of(request)
    by, deed = sent.get("by", ""), sent.get("do", "")
    try:
        if deed in ("close", "give_up"):
            closing = CloseRequest(by, sent.get("note", ""), deed == "give_up")
            await close(request, checklist, closing)
        else:
            rows = tuple(
                RowAnswer(item, sent.get(f"result-{index}", ""), sent.get(f"note-{index}", ""))
                for index, item in enumerate(checklist.items)
            )
            await answer(request, checklist, rows, by)
    except ChecklistError as error:
        text = problem_text(error, checklist.kind, reader_locale(request))
        return await _show(request, text)
    lang = request.query.get("lang", "")
    raise web.HTTPSeeOther(Links(lang).address("/inspections/{}", checklist.id))


async def report_page(request: web.Request) -> web.Response:
    """The report of a checklist, to be printed and signed."""
    read(request.query, (LANG,))
    checklist = await checklist_of(request)
    return await page(
        request,
        "inspections/report.html",
        view=checklist_view(request, checklist, reader_locale(request)),
        kinds=KINDS,
        results=RESULTS,
        unit=services_of(request).settings().evidence.issuing_unit,
    )


_FORM_ERRORS = (*FORM_ERRORS, HTTPStatus.SERVICE_UNAVAILABLE)


def _page(path: str, handler: Handler, summary: str) -> Endpoint:
    errors = (BAD_REQUEST, NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
    return Endpoint("GET", path, handler, summary, HTML, query=(LANG,), errors=errors)


ROUTES = (
    Endpoint(
        "GET",
        "/inspections",
        inspections_page,
        "Inspections and onboardings, as a page",
        HTML,
        query=INSPECTIONS_QUERY,
        errors=(BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
    form_endpoint(
        "/inspections", begin_form, "Begin an inspection or an onboarding", errors=_FORM_ERRORS
    ),
    _page("/inspections/{id}", checklist_page, "One inspection or onboarding, as a page"),
    form_endpoint(
        "/inspections/{id}",
        answers_form,
        "Answer rows, sign, take over or give up",
        errors=_FORM_ERRORS,
    ),
    _page("/inspections/{id}/report", report_page, "The report of a checklist, to be signed"),
)
"""The pages and forms of this module, for the route table."""
