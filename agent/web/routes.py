"""The route table: every path of the web application, for the server and for OpenAPI."""

from http import HTTPStatus

from agent.complaints.actions import ComplaintActionRequest
from agent.verdict import Verdict
from agent.web import (
    accounts,
    baselines,
    diagnosis,
    effective_config,
    evidence,
    management,
    numbers,
    tickets,
)
from agent.web.acceptance import ACCEPTANCE_ROUTES
from agent.web.audit import AUDIT_ROUTES
from agent.web.customers import CUSTOMER_ROUTES
from agent.web.dispatch import DISPATCH_ROUTES
from agent.web.documents import (
    ALERTMANAGER_MESSAGE,
    CALLBACK,
    COMPLAINT,
    COMPLAINT_LIST,
    COMPLAINT_REPORT,
    OPENAPI,
    PUSH,
    TICKET,
    TICKET_PAGE,
    WEBHOOK_RECEIPT,
)
from agent.web.endpoint import Access, Content, Endpoint
from agent.web.history import HISTORY_ROUTES
from agent.web.inspections import INSPECTION_ROUTES
from agent.web.openapi import show_openapi
from agent.web.pages.routes import PAGE_ROUTES
from agent.web.parameters import Parameter
from agent.web.person_data import PRIVACY_ROUTES
from agent.web.probe_calls import PROBE_CALL_ROUTES
from agent.web.probe_requests import PROBE_REQUEST_ROUTES
from agent.web.prometheus.routes import PROMETHEUS_ROUTES
from agent.web.rejections import REJECTION_ROUTES
from agent.web.reports import REPORT_ROUTES
from agent.web.reveal import REVEAL_ROUTES
from agent.web.views import AccountList, BaselineView, NumberDetail, NumberPage, VersionView
from agent.web.waivers import WAIVER_ROUTES

_HTML, _TEXT = "text/html", "text/plain"
_BAD, _MISSING = HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND
_CONFLICT, _MEDIA_TYPE = HTTPStatus.CONFLICT, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
_UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE

_MANAGEMENT = (
    Endpoint("GET", "/metrics", management.metrics, "The metrics, for Prometheus", _TEXT),
    Endpoint(
        "GET",
        "/-/healthy",
        management.healthy,
        "Whether the process is alive",
        _TEXT,
        access=Access.PUBLIC,
    ),
    Endpoint(
        "GET",
        "/-/ready",
        management.ready,
        "Whether the agent can answer for its numbers",
        _TEXT,
        access=Access.PUBLIC,
        errors=(_UNAVAILABLE,),
    ),
    Endpoint(
        "POST",
        "/-/reload",
        management.reload,
        "Load the configuration again",
        _TEXT,
        access=Access.ADMINISTRATOR,
        errors=(_BAD,),
    ),
)

_NUMBERS = (
    Endpoint(
        "GET",
        "/api/numbers",
        numbers.list_numbers,
        "Numbers",
        NumberPage,
        query=numbers.NUMBERS_QUERY,
        errors=(_BAD,),
    ),
    Endpoint(
        "GET",
        "/api/numbers/{number}",
        numbers.show_number,
        "One number",
        NumberDetail,
        query=numbers.ACCOUNT_QUERY,
        errors=(_BAD, _MISSING),
    ),
    Endpoint(
        "GET",
        "/api/numbers/{number}/baseline",
        baselines.show_baseline,
        "The approved configuration of a number, and what differs from it",
        BaselineView,
        query=numbers.ACCOUNT_QUERY,
        errors=(_BAD, _MISSING),
    ),
    Endpoint(
        "POST",
        "/api/numbers/{number}/baseline",
        baselines.approve_baseline,
        "Approve the configuration of a number as it is now",
        VersionView,
        query=numbers.ACCOUNT_QUERY,
        body=baselines.Approval,
        access=Access.OPERATOR,
        errors=(_BAD, _MISSING, _CONFLICT),
    ),
    Endpoint(
        "GET", "/api/accounts", accounts.list_accounts, "Accounts", AccountList, errors=(_BAD,)
    ),
    Endpoint(
        "GET",
        "/api/diagnose/{number}",
        diagnosis.diagnose,
        "Why a number cannot be reached",
        Verdict,
        query=diagnosis.DIAGNOSE_QUERY,
        errors=(_BAD, HTTPStatus.UNAUTHORIZED, _MISSING),
    ),
    Endpoint(
        "POST",
        "/api/diagnose/{number}",
        diagnosis.answer_questions,
        "Answer questions of a diagnosis; the response is the verdict the answers lead to",
        Verdict,
        body=diagnosis.DiagnosisAnswers,
        access=Access.OPERATOR,
        errors=(_BAD, _MISSING),
    ),
)

_TICKETS = (
    Endpoint(
        "GET",
        "/api/tickets",
        tickets.list_tickets,
        "Tickets",
        TICKET_PAGE,
        query=tickets.TICKETS_QUERY,
        errors=(_BAD,),
    ),
    Endpoint(
        "POST",
        "/api/tickets/replay",
        tickets.replay,
        "Queue dead letters for delivery again",
        tickets.Replayed,
        query=tickets.REPLAY_QUERY,
        access=Access.ADMINISTRATOR,
        errors=(_BAD,),
    ),
    Endpoint(
        "GET",
        "/api/tickets/{id}",
        tickets.show_ticket,
        "One ticket",
        TICKET,
        errors=(_BAD, _MISSING),
    ),
    Endpoint(
        "POST",
        "/api/tickets/{id}/actions",
        tickets.act_on_ticket,
        "Act on a ticket; the response is the ticket as it is then",
        TICKET,
        body=tickets.TicketActionRequest,
        access=Access.OPERATOR,
        errors=(_BAD, _MISSING, _CONFLICT, _MEDIA_TYPE, _UNAVAILABLE),
    ),
    Endpoint(
        "GET",
        "/api/tickets/{id}/evidence.zip",
        evidence.bundle,
        "Everything that is stored about a ticket, with a manifest of digests",
        "application/zip",
        errors=(_BAD, _MISSING),
    ),
    Endpoint(
        "GET",
        "/api/tickets/{id}/sheet",
        evidence.sheet,
        "A ticket's confirmation sheet, to be printed",
        _HTML,
        errors=(_BAD, _MISSING),
    ),
    Endpoint(
        "GET",
        "/api/statistics.csv",
        evidence.statistics,
        "One row for every ticket of a period",
        "text/csv",
        query=evidence.STATISTICS_QUERY,
        errors=(_BAD, _MISSING),
    ),
)

# Their handlers are in packages of their own and come from the composition root.
_COMPLAINTS = (
    Endpoint(
        "GET",
        "/api/complaints",
        None,
        "The newest complaints",
        COMPLAINT_LIST,
        query=(
            Parameter("limit", "The most complaints to return.", least=1, most=1000, default="100"),
            Parameter("number", "Only complaints about this number."),
            Parameter("reporter", "Only complaints of the caller with this id."),
        ),
        errors=(_BAD,),
    ),
    Endpoint("GET", "/api/complaints/{id}", None, "One complaint", COMPLAINT, errors=(_MISSING,)),
    Endpoint(
        "POST",
        "/api/complaints/{id}/actions",
        None,
        "Act on a complaint; the response is the complaint as it is then",
        COMPLAINT,
        body=ComplaintActionRequest,
        access=Access.OPERATOR,
        errors=(_BAD, _MISSING, _CONFLICT, _MEDIA_TYPE),
    ),
)


def _webhook(path: str, summary: str, body: Content) -> Endpoint:
    return Endpoint(
        "POST",
        path,
        None,
        summary,
        WEBHOOK_RECEIPT,
        body=body,
        access=Access.WEBHOOK,
        errors=(
            _BAD,
            HTTPStatus.UNAUTHORIZED,
            _MISSING,
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            _MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            _UNAVAILABLE,
        ),
    )


_WEBHOOKS = (
    _webhook("/hooks/alertmanager", "Notifications of Alertmanager", ALERTMANAGER_MESSAGE),
    _webhook("/hooks/complaints", "A complaint", COMPLAINT_REPORT),
    _webhook("/hooks/tickets/{sink}", "Changes of a ticket in a sink's ticket system", CALLBACK),
    _webhook("/hooks/providers/{provider}/{account}", "A message that a provider pushes", PUSH),
)


ROUTES: tuple[Endpoint, ...] = (
    *PAGE_ROUTES,
    *_MANAGEMENT,
    *_NUMBERS,
    *REVEAL_ROUTES,
    *PROBE_REQUEST_ROUTES,
    *PROBE_CALL_ROUTES,
    *ACCEPTANCE_ROUTES,
    *REJECTION_ROUTES,
    *WAIVER_ROUTES,
    *AUDIT_ROUTES,
    *PRIVACY_ROUTES,
    *INSPECTION_ROUTES,
    *HISTORY_ROUTES,
    *REPORT_ROUTES,
    *_TICKETS,
    *CUSTOMER_ROUTES,
    *DISPATCH_ROUTES,
    *_COMPLAINTS,
    *_WEBHOOKS,
    *PROMETHEUS_ROUTES,
    Endpoint(
        "GET",
        "/api/config",
        effective_config.show_config,
        "The configuration in effect, without secrets",
        effective_config.ConfigView,
        access=Access.OPERATOR,
        errors=(_BAD, _UNAVAILABLE),
    ),
    Endpoint("GET", "/api/openapi.json", show_openapi, "This description", OPENAPI),
)
"""Every endpoint there is; nothing is registered elsewhere."""
