"""``/api/reports``: reports of a month or a quarter, as JSON, CSV, HTML, PDF or text."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from agent.reports.formats import MEDIA_TYPES, USUAL_WIDTH, Format, ReportFile
from agent.reports.handling_views import ClaimView, ScoresView
from agent.reports.pdf import PdfError
from agent.reports.period import EXPECTED
from agent.reports.request import ReportKind, ReportRequest
from agent.reports.service import ReportService
from agent.reports.statistics_view import StatisticsView
from agent.web.authentication import is_authorized
from agent.web.endpoint import Content, Endpoint
from agent.web.evidence import SHEET_POLICY
from agent.web.language import LANG, choose_locale
from agent.web.parameters import PROVIDER, Parameter, read
from agent.web.responses import ApiError, running
from agent.web.services import services_of

PERIOD = Parameter("period", f"{EXPECTED}; this month by default.", longest=10)
FORMAT = Parameter(
    "format", "How the report is written.", tuple(map(str, Format)), default=str(Format.JSON)
)
WIDTH = Parameter("width", "Cells of a line of text.", least=40, most=400, default=str(USUAL_WIDTH))
REPORT_QUERY = (PERIOD, PROVIDER, FORMAT, LANG, WIDTH)
_SHOWN = frozenset({Format.HTML, Format.TEXT, Format.JSON})
REPORT_FILES: tuple[Content, ...] = tuple(
    kind for form, kind in MEDIA_TYPES.items() if form is not Format.JSON
)
REPORT_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_IMPLEMENTED)


def reports_of(request: web.Request) -> ReportService:
    """The service that makes reports.

    Raises:
        ApiError: where there is none.
    """
    return running(services_of(request).reports, "503 there are no reports here")


def locale_of(request: web.Request) -> str:
    """The language of the address, else of the reader, else of the agent."""
    accepted = request.headers.get("Accept-Language", "")
    default = services_of(request).settings().locale
    return choose_locale(request.query.get("lang", ""), accepted, default)


async def show_statistics(request: web.Request) -> web.Response:
    """The fault statistics of a period."""
    query = read(request.query, REPORT_QUERY)
    return await answer(request, ReportKind.STATISTICS, query)


async def show_scores(request: web.Request) -> web.Response:
    """The handling scores of a period; names of people are masked for viewers."""
    return await answer(request, ReportKind.SCORES, read(request.query, REPORT_QUERY))


async def show_claim(request: web.Request) -> web.Response:
    """What is claimed of a provider for a period."""
    return await answer(request, ReportKind.CLAIM, read(request.query, REPORT_QUERY))


async def answer(request: web.Request, kind: ReportKind, query: Mapping[str, str]) -> web.Response:
    """The response with the report that is asked for; only HTML, text and JSON are not saved.

    Raises:
        ApiError: when the period is none, or it is to be PDF and that cannot be made here.
    """
    form = Format(query["format"])
    wanted = ReportRequest(
        kind,
        query["period"],
        query["provider"],
        form,
        locale_of(request),
        int(query["width"]),
        is_authorized(request),
    )
    try:
        file = await reports_of(request).answer(wanted)
    except PdfError as error:
        raise no_pdf(error) from None
    except ValueError as error:
        raise no_period(error) from None
    return file_response(file, form)


def no_pdf(error: PdfError) -> ApiError:
    """The refusal where no PDF can be made."""
    return ApiError("501 there is no PDF here", str(error), HTTPStatus.NOT_IMPLEMENTED)


def no_period(error: ValueError) -> ApiError:
    """The refusal of a period or a provider that is none."""
    is_provider = str(error).startswith("provider")
    return ApiError(f"400 {'provider' if is_provider else 'period'} is none", str(error))


def file_response(file: ReportFile, form: Format) -> web.Response:
    """The response with a report; only HTML, text and JSON are not saved."""
    place = "inline" if form in _SHOWN else "attachment"
    headers = {
        "Content-Disposition": f'{place}; filename="{file.name}"',
        "Cache-Control": "no-store",
    }
    if form is Format.HTML:
        headers["Content-Security-Policy"] = SHEET_POLICY
    return web.Response(
        body=file.content,
        content_type=file.media_type,
        charset=None if form is Format.PDF else "utf-8",
        headers=headers,
    )


REPORT_ROUTES = (
    Endpoint(
        "GET",
        "/api/reports/statistics",
        show_statistics,
        "The fault statistics of a month or a quarter",
        (StatisticsView, *REPORT_FILES),
        query=REPORT_QUERY,
        errors=REPORT_ERRORS,
    ),
    Endpoint(
        "GET",
        "/api/reports/scores",
        show_scores,
        "The handling scores of a month or a quarter",
        (ScoresView, *REPORT_FILES),
        query=REPORT_QUERY,
        errors=REPORT_ERRORS,
    ),
    Endpoint(
        "GET",
        "/api/reports/claim",
        show_claim,
        "What is claimed of a provider for a month or a quarter",
        (ClaimView, *REPORT_FILES),
        query=REPORT_QUERY,
        errors=REPORT_ERRORS,
    ),
)
"""The endpoints of this module, for the route table."""
