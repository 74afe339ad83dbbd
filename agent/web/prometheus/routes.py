"""The part of the route table that is Prometheus' read API."""

from dataclasses import replace
from http import HTTPStatus

from agent.rules.promql.lexer import MAX_LENGTH
from agent.web.documents import PROMETHEUS_ENVELOPE, PROMETHEUS_FORM
from agent.web.endpoint import Endpoint
from agent.web.forms import FORM
from agent.web.parameters import Parameter
from agent.web.prometheus import alerts, expressions, metadata
from agent.web.prometheus.response import QueryHandler, endpoint_handler

_ERRORS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
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


def _endpoint(path: str, handler: QueryHandler, summary: str, *query: Parameter) -> Endpoint:
    path = f"/api/v1/{path}"
    return Endpoint(
        "GET",
        path,
        endpoint_handler(handler),
        summary,
        PROMETHEUS_ENVELOPE,
        query=query,
        errors=(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    )


_BY_FORM = (
    _endpoint(
        "query", expressions.query, "An expression at one instant", _EXPRESSION, _TIME, _TIMEOUT
    ),
    _endpoint(
        "query_range",
        expressions.query_range,
        "An expression over a time range",
        *(_EXPRESSION, _START, _END, _STEP, _TIMEOUT),
    ),
    _endpoint("labels", metadata.labels, "The names of all labels", _MATCH, _START, _END),
    _endpoint("series", metadata.series, "The series that match", _MATCH, _START, _END),
    _endpoint(
        "query_exemplars",
        expressions.query_exemplars,
        "Always empty: there are no exemplars",
        *(_EXPRESSION, _START, _END),
    ),
    _endpoint("format_query", expressions.format_query, "An expression, formatted", _EXPRESSION),
)
"""The endpoints that Prometheus serves for posted forms as well: Grafana posts long expressions.

They change nothing, so they ask for no token either.
"""

PROMETHEUS_ROUTES = (
    *_BY_FORM,
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
        for endpoint in _BY_FORM
    ),
    _endpoint(
        "label/{name}/values", metadata.values, "The values of one label", _MATCH, _START, _END
    ),
    _endpoint("metadata", metadata.metadata, "Type and help of the metrics", _METRIC),
    _endpoint("rules", alerts.rules, "Rules, their health and their alerts", _TYPE),
    _endpoint("alerts", alerts.alerts, "Alerts that are pending or firing"),
    _endpoint("status/buildinfo", metadata.build_information, "Whose read API this is"),
)
"""Every endpoint of the read API."""
