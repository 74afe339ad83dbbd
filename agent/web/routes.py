"""The route table: every path of the web application, for the server and for OpenAPI."""

from dataclasses import replace
from http import HTTPStatus

from agent.complaints.actions import ComplaintActionRequest
from agent.model import Verdict
from agent.rules.promql.lexer import MAX_LENGTH
from agent.web import (
    accounts,
    baselines,
    diagnosis,
    events,
    evidence,
    management,
    numbers,
    pages,
    ticket_page,
    tickets,
)
from agent.web.documents import (
    ALERTMANAGER_MESSAGE,
    CALLBACK,
    COMPLAINT,
    COMPLAINT_LIST,
    COMPLAINT_REPORT,
    OPENAPI,
    PROMETHEUS_ENVELOPE,
    PROMETHEUS_FORM,
    PUSH,
    TICKET,
    TICKET_PAGE,
    WEBHOOK_RECEIPT,
)
from agent.web.endpoint import Access, Content, Endpoint
from agent.web.forms import FORM
from agent.web.language import LANG
from agent.web.openapi import show_openapi
from agent.web.parameters import Parameter
from agent.web.prometheus import alerts, expressions, metadata
from agent.web.prometheus.response import QueryHandler, endpoint_handler
from agent.web.views import AccountList, BaselineView, NumberDetail, NumberPage, VersionView

_HTML, _TEXT = "text/html", "text/plain"
_BAD, _MISSING = HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND
_CONFLICT, _MEDIA_TYPE = HTTPStatus.CONFLICT, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
_UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE

_PAGES = (
    Endpoint(
        "GET", "/", pages.status_page, "The status page", _HTML, query=(LANG,), errors=(_BAD,)
    ),
    Endpoint(
        "GET",
        "/numbers/{number}",
        pages.number_page,
        "A number's page",
        _HTML,
        query=pages.NUMBER_PAGE_QUERY,
        errors=(_BAD, _MISSING),
    ),
    Endpoint(
        "GET",
        "/tickets/{id}",
        ticket_page.ticket_page,
        "A ticket's page",
        _HTML,
        query=(LANG,),
        errors=(_BAD, _MISSING),
    ),
    Endpoint(
        "POST",
        "/tickets/{id}/actions",
        ticket_page.submit_form,
        "Act on a ticket with a form of its page",
        _HTML,
        body=FORM,
        access=Access.TOKEN,
        errors=(_BAD, _MISSING, _CONFLICT, _MEDIA_TYPE),
    ),
    Endpoint(
        "GET",
        "/events",
        events.stream,
        "Notifications of changes, as server-sent events",
        "text/event-stream",
        errors=(_UNAVAILABLE,),
        has_head=False,
    ),
    Endpoint(
        "GET",
        "/static/{name}",
        pages.asset,
        "The style sheet or the script of the pages",
        ("text/css", "text/javascript"),
        errors=(_MISSING,),
    ),
)

_MANAGEMENT = (
    Endpoint("GET", "/metrics", management.metrics, "The metrics, for Prometheus", _TEXT),
    Endpoint("GET", "/-/healthy", management.healthy, "Whether the process is alive", _TEXT),
    Endpoint(
        "GET",
        "/-/ready",
        management.ready,
        "Whether the agent can answer for its numbers",
        _TEXT,
        errors=(_UNAVAILABLE,),
    ),
    Endpoint(
        "POST",
        "/-/reload",
        management.reload,
        "Load the configuration again",
        _TEXT,
        access=Access.TOKEN,
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
        access=Access.TOKEN,
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
        access=Access.TOKEN,
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
        access=Access.TOKEN,
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
        access=Access.TOKEN,
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
        access=Access.TOKEN,
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


def _unlimited(name: str, description: str, *, is_repeatable: bool = False) -> Parameter:
    """A parameter whose handler checks it: Prometheus' words for an error differ from ours."""
    return Parameter(name, description, longest=None, is_repeatable=is_repeatable)


_EXPRESSION = replace(
    _unlimited("query", f"An expression of PromQL, at most {MAX_LENGTH} characters."),
    is_required=True,
)
_TIME = _unlimited("time", "As of when: epoch seconds or RFC 3339; now by default.")
_START = _unlimited("start", "From when: epoch seconds or RFC 3339.")
_END = _unlimited("end", "Until when: epoch seconds or RFC 3339.")
_STEP = _unlimited("step", "Time between two points: seconds, or a duration such as 30s.")
_TIMEOUT = _unlimited("timeout", "The longest it may take: seconds or a duration.")
_MATCH = _unlimited("match[]", "Only series that this selector matches.", is_repeatable=True)
_TYPE = Parameter(
    "type", "Only alerting or only recording rules; empty for both.", ("alert", "record", "")
)
_METRIC = _unlimited("metric", "Only this metric.")


def _prometheus(path: str, handler: QueryHandler, summary: str, *query: Parameter) -> Endpoint:
    path = f"/api/v1/{path}"
    return Endpoint(
        "GET",
        path,
        endpoint_handler(handler),
        summary,
        PROMETHEUS_ENVELOPE,
        query=query,
        errors=(_BAD, HTTPStatus.UNPROCESSABLE_ENTITY, _UNAVAILABLE),
    )


_PROMETHEUS_BY_FORM = (
    _prometheus(
        "query", expressions.query, "An expression at one instant", _EXPRESSION, _TIME, _TIMEOUT
    ),
    _prometheus(
        "query_range",
        expressions.query_range,
        "An expression over a time range",
        *(_EXPRESSION, _START, _END, _STEP, _TIMEOUT),
    ),
    _prometheus("labels", metadata.labels, "The names of all labels", _MATCH, _START, _END),
    _prometheus("series", metadata.series, "The series that match", _MATCH, _START, _END),
    _prometheus(
        "query_exemplars",
        expressions.query_exemplars,
        "Always empty: there are no exemplars",
        *(_EXPRESSION, _START, _END),
    ),
    _prometheus("format_query", expressions.format_query, "An expression, formatted", _EXPRESSION),
)
"""The endpoints that Prometheus serves for posted forms as well: Grafana posts long expressions.

They change nothing, so they ask for no token either.
"""

_PROMETHEUS = (
    *_PROMETHEUS_BY_FORM,
    *(
        replace(
            endpoint,
            method="POST",
            # What the address leaves out stands in the form.
            query=tuple(replace(parameter, is_required=False) for parameter in endpoint.query),
            body=PROMETHEUS_FORM,
            body_type=FORM,
            is_body_required=False,
        )
        for endpoint in _PROMETHEUS_BY_FORM
    ),
    _prometheus(
        "label/{name}/values", metadata.values, "The values of one label", _MATCH, _START, _END
    ),
    _prometheus("metadata", metadata.metadata, "Type and help of the metrics", _METRIC),
    _prometheus("rules", alerts.rules, "Rules, their health and their alerts", _TYPE),
    _prometheus("alerts", alerts.alerts, "Alerts that are pending or firing"),
    _prometheus("status/buildinfo", metadata.build_information, "Whose read API this is"),
)

ROUTES: tuple[Endpoint, ...] = (
    *_PAGES,
    *_MANAGEMENT,
    *_NUMBERS,
    *_TICKETS,
    *_COMPLAINTS,
    *_WEBHOOKS,
    *_PROMETHEUS,
    Endpoint("GET", "/api/openapi.json", show_openapi, "This description", OPENAPI),
)
"""Every endpoint there is; nothing is registered elsewhere."""
