"""The read API's paths as ``/api/openapi.json`` describes them."""

from typing import Any

from agent.web.parameters import Parameter

_QUERY = Parameter("query", "An expression of PromQL.")
_TIME = Parameter("time", "As of when: epoch seconds or RFC 3339; now by default.")
_START = Parameter("start", "From when: epoch seconds or RFC 3339.")
_END = Parameter("end", "Until when: epoch seconds or RFC 3339.")
_STEP = Parameter("step", "Time between two points: seconds, or a duration such as 30s.")
_TIMEOUT = Parameter("timeout", "The longest it may take: seconds or a duration.")
_MATCH = Parameter("match[]", "Only series that this selector picks; may be given repeatedly.")
_KIND = Parameter("type", "Only alerting or only recording rules.", ("alert", "record"))
_METRIC = Parameter("metric", "Only this metric.")

DESCRIBED: tuple[tuple[str, str, tuple[Parameter, ...]], ...] = (
    ("/api/v1/query", "An expression as of one instant", (_QUERY, _TIME, _TIMEOUT)),
    (
        "/api/v1/query_range",
        "An expression over a stretch of time",
        (_QUERY, _START, _END, _STEP, _TIMEOUT),
    ),
    ("/api/v1/rules", "Rules and how they do", (_KIND,)),
    ("/api/v1/alerts", "Alerts that are pending or firing", ()),
    ("/api/v1/labels", "The names of all labels", (_MATCH, _START, _END)),
    ("/api/v1/label/{name}/values", "The values of one label", (_MATCH, _START, _END)),
    ("/api/v1/series", "The series that match", (_MATCH, _START, _END)),
    ("/api/v1/metadata", "What the metrics mean", (_METRIC,)),
    (
        "/api/v1/query_exemplars",
        "Always empty: there are no exemplars",
        (_QUERY, _START, _END),
    ),
    ("/api/v1/format_query", "An expression as Prometheus writes it", (_QUERY,)),
    ("/api/v1/status/buildinfo", "Whose read API this is", ()),
)

ANSWER: dict[str, Any] = {
    "title": "Prometheus",
    "type": "object",
    "description": "An answer in Prometheus' own envelope; errors come in it too.",
    "required": ["status"],
    "properties": {
        "status": {"type": "string", "enum": ["success", "error"]},
        "data": {},
        "errorType": {"type": "string"},
        "error": {"type": "string"},
        "warnings": {"type": "array", "items": {"type": "string"}},
    },
}
