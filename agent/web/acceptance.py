"""``/api/numbers/{number}/acceptance``: how far the acceptance of a number is, and its report."""

from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from agent.probing.facts import Purpose
from agent.reports.acceptance_paper import acceptance_paper
from agent.reports.formats import Format
from agent.reports.pdf import PdfError
from agent.reports.words import ReportWords
from agent.testcalls.acceptance import MOST_CALLS, AcceptanceMatrix, matrix_of
from agent.web.endpoint import Endpoint
from agent.web.language import LANG
from agent.web.parameters import read
from agent.web.probe_calls import ProbeCallView, call_view, ledger_of
from agent.web.reports import (
    FORMAT,
    REPORT_FILES,
    WIDTH,
    file_response,
    locale_of,
    no_pdf,
    reports_of,
)
from agent.web.responses import json_response, no_number
from agent.web.services import services_of

ACCEPTANCE_QUERY: Final = (FORMAT, LANG, WIDTH)


class AcceptanceCell(msgspec.Struct, frozen=True):
    """One line at one part of the day."""

    hours: str
    state: str
    """``open``, ``passed``, ``failed``, ``unknown``, or ``not_called``: the line never calls
    then."""
    through: int
    """Calls that got through."""
    needed: int
    is_due: bool
    """Whether a call is missing that can be made at this part of the day."""


class AcceptanceRow(msgspec.Struct, frozen=True):
    """One line."""

    caller: str
    carrier: str
    area: str
    kind: str
    cells: tuple[AcceptanceCell, ...]


class AcceptanceView(msgspec.Struct, frozen=True):
    """How far the acceptance of a number is."""

    number: str
    state: str
    """``passed``, ``failed`` or ``open``."""
    rows: tuple[AcceptanceRow, ...]
    calls: tuple[ProbeCallView, ...]


async def show_acceptance(request: web.Request) -> web.Response:
    """The acceptance of a number in the format that is asked for."""
    query = read(request.query, ACCEPTANCE_QUERY)
    services, number = services_of(request), request.match_info["number"]
    company = _company(request, number)
    settings, now = services.settings(), services.clock()
    since = now - settings.dial.acceptance.within
    calls = await ledger_of(request).of_purpose(number, Purpose.ACCEPTANCE, since, MOST_CALLS)
    matrix = matrix_of(
        number, settings.dial.callers, settings.dial.acceptance, calls, settings.timezone
    )
    form = Format(query["format"])
    if form is Format.JSON:
        return json_response(_view(matrix, now, settings.timezone))
    words = ReportWords(locale_of(request), ZoneInfo(settings.timezone))
    paper = acceptance_paper(matrix, company, words, now)
    try:
        file = await reports_of(request).written(paper, form, int(query["width"]))
    except PdfError as error:
        raise no_pdf(error) from None
    return file_response(file, form)


def _company(request: web.Request, number: str) -> str:
    """Whose number it is; empty where its account does not say.

    Raises:
        ApiError: when no account has it.
    """
    for result in services_of(request).check_results():
        row = result.number_row(number)
        if row is not None:
            return result.numbers[row].company
    raise no_number()


def _view(matrix: AcceptanceMatrix, now: float, zone: str) -> AcceptanceView:
    due = matrix.due(now, zone)
    rows = tuple(
        AcceptanceRow(
            row[0].caller.name,
            row[0].caller.carrier,
            row[0].caller.area,
            row[0].caller.kind,
            tuple(
                AcceptanceCell(
                    cell.hours,
                    cell.state.value,
                    sum(call.got_through for call in cell.calls),
                    cell.needed,
                    cell in due,
                )
                for cell in row
            ),
        )
        for row in matrix.rows
    )
    calls = tuple(call_view(call, ()) for call in matrix.calls)
    return AcceptanceView(matrix.number, matrix.state.value, rows, calls)


ACCEPTANCE_ROUTES: Final = (
    Endpoint(
        "GET",
        "/api/numbers/{number}/acceptance",
        show_acceptance,
        "How far the acceptance of a number by test calls is, and its report to sign",
        (AcceptanceView, *REPORT_FILES),
        query=ACCEPTANCE_QUERY,
        errors=(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.NOT_IMPLEMENTED,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    ),
)
"""The endpoint of this module, for the route table."""
