"""The pages of reports: a form for the period, the report below it, and its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aiohttp import web

from agent.i18n import Message
from agent.reports.formats import Format
from agent.reports.paper import Paper
from agent.reports.pdf import is_available
from agent.reports.period import Period, PeriodKind
from agent.reports.render import fragment_of
from agent.reports.request import ReportKind, ReportRequest
from agent.web.authentication import is_authorized
from agent.web.endpoint import Endpoint
from agent.web.language import LANG
from agent.web.pages.navigation import Links
from agent.web.pages.rendering import BAD_REQUEST, HTML, page, reader_locale
from agent.web.parameters import PROVIDER, Parameter, read
from agent.web.reports import no_period, reports_of
from agent.web.services import services_of

PERIOD = Parameter("period", "A month or a quarter; the present month by default.", longest=10)
REPORTS_QUERY = (LANG, PERIOD, PROVIDER)
_PATHS = {
    ReportKind.STATISTICS: "/reports",
    ReportKind.SCORES: "/reports/scores",
    ReportKind.CLAIM: "/reports/claim",
}
_NAMES = {
    ReportKind.STATISTICS: Message("Fault statistics"),
    ReportKind.SCORES: Message("Handling scores"),
    ReportKind.CLAIM: Message("Claims"),
}
_CHOICES = 15
"""Months that the form offers, the present one included."""
_QUARTERS = 5


@dataclass(frozen=True)
class Shown:
    """A report on its page.

    Attributes:
        path: The address of the page.
        api: The address of its files.
        query: What was chosen, for links.
        paper: The report.
        periods: The periods that the form offers.
    """

    path: str
    api: str
    query: Mapping[str, str]
    paper: Paper
    periods: tuple[Period, ...]


async def statistics_page(request: web.Request) -> web.Response:
    """The fault statistics of a month or a quarter."""
    query = read(request.query, REPORTS_QUERY)
    return await report_page(request, ReportKind.STATISTICS, query)


async def scores_page(request: web.Request) -> web.Response:
    """The handling scores of a month or a quarter."""
    return await report_page(request, ReportKind.SCORES, read(request.query, REPORTS_QUERY))


async def claim_page(request: web.Request) -> web.Response:
    """What is claimed of a provider; of the first one where none is chosen."""
    query = read(request.query, REPORTS_QUERY)
    first = services_of(request).settings().providers[0].name
    return await report_page(
        request, ReportKind.CLAIM, {**query, "provider": query["provider"] or first}
    )


async def report_page(
    request: web.Request, kind: ReportKind, query: Mapping[str, str]
) -> web.Response:
    """The page of one report."""
    reports, links = reports_of(request), Links(query["lang"])
    try:
        period = reports.period(query["period"])
    except ValueError as error:
        raise no_period(error) from None
    wanted = ReportRequest(
        kind,
        period.name,
        query["provider"],
        Format.HTML,
        reader_locale(request),
        shows_people=is_authorized(request),
    )
    try:
        paper = await reports.paper(wanted)
    except ValueError as error:
        raise no_period(error) from None
    return await page(
        request,
        "reports.html",
        shown=Shown(
            _PATHS[kind],
            f"/api/reports/{kind.value}",
            {"period": period.name, "provider": query["provider"]},
            paper,
            offered_periods(request),
        ),
        kinds=[(_PATHS[it], _NAMES[it].text(wanted.locale), it is kind) for it in ReportKind],
        is_of_one=kind is ReportKind.CLAIM,
        fragment=fragment_of(paper, lambda ticket: links("/tickets/{}", ticket)),
        providers=[it.name for it in services_of(request).settings().providers],
        has_pdf=is_available(),
    )


def offered_periods(request: web.Request) -> tuple[Period, ...]:
    """The newest months and quarters."""
    services = services_of(request)
    zone, now = ZoneInfo(services.settings().timezone), services.clock()
    periods: list[Period] = []
    for kind, count in ((PeriodKind.MONTH, _CHOICES), (PeriodKind.QUARTER, _QUARTERS)):
        period = Period.holding(now, kind, zone)
        for _ in range(count):
            periods.append(period)
            period = period.before
    return tuple(periods)


ROUTES = (
    Endpoint(
        "GET",
        "/reports",
        statistics_page,
        "The fault statistics of a month or a quarter",
        HTML,
        query=REPORTS_QUERY,
        errors=(BAD_REQUEST,),
    ),
    Endpoint(
        "GET",
        "/reports/scores",
        scores_page,
        "The handling scores of a month or a quarter",
        HTML,
        query=REPORTS_QUERY,
        errors=(BAD_REQUEST,),
    ),
    Endpoint(
        "GET",
        "/reports/claim",
        claim_page,
        "What is claimed of a provider for a month or a quarter",
        HTML,
        query=REPORTS_QUERY,
        errors=(BAD_REQUEST,),
    ),
)
"""The pages of this module, for the route table."""
