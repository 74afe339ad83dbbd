"""The pages of test calls: the list, and one call, also while it is under way."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from agent.probing.call import LONGEST_OVERHEAD
from agent.testcalls.steps import step_text
from agent.testcalls.under_way import CallUnderWay, StoppedError
from agent.web.endpoint import Endpoint
from agent.web.language import LANG
from agent.web.pages.list_page import ListPage
from agent.web.pages.probe_rows import probe_row
from agent.web.pages.rendering import BAD_REQUEST, HTML, NOT_FOUND, page, reader_locale
from agent.web.parameters import OFFSET, Parameter, read
from agent.web.probe_calls import call_of, ledger_of, no_call, refuse_guess, service_of
from agent.web.probe_requests import not_called
from agent.web.responses import ApiError
from agent.web.services import services_of

PAGE_SIZE: Final = 50
_LATEST: Final = 10_000_000_000
CALLS_PAGE_QUERY: Final = (
    LANG,
    Parameter("number", "Only calls to this number."),
    Parameter("caller", "Only calls from this caller of dial.callers."),
    OFFSET,
)
SINCE: Final = Parameter(
    "since",
    "When the call was asked for, in epoch seconds: the page waits for its end.",
    least=0,
    most=_LATEST,
)
_UNAVAILABLE: Final = HTTPStatus.SERVICE_UNAVAILABLE


async def calls_page(request: web.Request) -> web.Response:
    """The test calls, filtered and paged."""
    query = read(request.query, CALLS_PAGE_QUERY)
    number, caller, offset = query["number"].strip(), query["caller"], int(query["offset"])
    refuse_guess(request, number, caller)
    ledger, locale = ledger_of(request), reader_locale(request)
    calls = await ledger.page(number, caller, PAGE_SIZE, offset)
    rows = [probe_row(call, locale) for call in calls]
    total = await ledger.count(number, caller)
    return await page(
        request,
        "test_calls/list.html",
        view=ListPage(rows, total, PAGE_SIZE, offset),
        chosen={name: value for name, value in (("number", number), ("caller", caller)) if value},
        overdrafts=[it.text for it in service_of(request).overdrafts],
        callers=[it.name for it in services_of(request).settings().dial.callers],
    )


async def call_page(request: web.Request) -> web.Response:
    """One test call; while it is under way, its steps so far."""
    query = read(request.query, (LANG, SINCE))
    under_way = service_of(request).under_way.find(request.match_info["id"])
    if under_way is not None and under_way.facts is None:
        return await _under_way(request, under_way)
    try:
        call, files = await call_of(request)
    except ApiError:
        if under_way is not None and under_way.facts is not None:
            call, files = under_way.facts, ()  # The ledger could not be written.
        elif _may_last(request, query["since"]):
            # Another of the agents that share the ledger makes it.
            return await page(request, "test_calls/under_way.html", steps=(), problem=None)
        else:
            raise no_call() from None
    return await page(
        request, "test_calls/call.html", row=probe_row(call, reader_locale(request), files)
    )


def _may_last(request: web.Request, since: str) -> bool:
    if not since:
        return False
    services = services_of(request)
    # The control number may be called after it.
    longest = 2 * (services.settings().dial.longest + LONGEST_OVERHEAD)
    return 0 <= services.clock() - int(since) <= longest


async def _under_way(request: web.Request, call: CallUnderWay) -> web.Response:
    wanted = call.request
    steps = [(it.at, step_text(it, wanted.number, wanted.caller)) for it in call.steps]
    problem = None
    if call.is_over:
        problem = not_called(call.error or StoppedError(), wanted.number, wanted.caller).text
    return await page(request, "test_calls/under_way.html", steps=steps, problem=problem)


ROUTES: Final = (
    Endpoint(
        "GET",
        "/test-calls",
        calls_page,
        "Test calls, as a page",
        HTML,
        query=CALLS_PAGE_QUERY,
        errors=(BAD_REQUEST, _UNAVAILABLE),
    ),
    Endpoint(
        "GET",
        "/test-calls/{id}",
        call_page,
        "One test call, as a page",
        HTML,
        query=(LANG, SINCE),
        errors=(BAD_REQUEST, NOT_FOUND, _UNAVAILABLE),
    ),
)
"""The pages of this module, for the route table."""
