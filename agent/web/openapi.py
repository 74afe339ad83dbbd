"""The API's description of itself (OpenAPI 3.1), made from what the handlers use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from agent.model import Verdict
from agent.web import actions, api, baselines, evidence
from agent.web import diagnosis_answers as answers
from agent.web.parameters import Parameter
from agent.web.prometheus.paths import ANSWER, DESCRIBED
from agent.web.views import AccountList, BaselineView, NumberDetail, NumberPage, VersionView

_REFERENCE = "#/components/schemas/{name}"


class Error(msgspec.Struct, frozen=True):
    """What was wrong with the request, and what was expected."""

    error: str
    expected: str


@dataclass(frozen=True)
class Endpoint:
    """One path of the API."""

    path: str
    summary: str
    answer: str
    """The name of the schema of a good answer, or its media type where it is a file."""
    parameters: Sequence[Parameter] = ()
    errors: tuple[str, ...] = ("400",)
    method: str = "get"
    body: str = ""
    """The name of the schema of what is sent, where something is."""


ENDPOINTS = (
    Endpoint("/api/numbers", "Numbers", "NumberPage", api.NUMBER_PARAMETERS),
    Endpoint(
        "/api/numbers/{number}", "One number", "NumberDetail", api.NUMBER_PLACE, ("400", "404")
    ),
    Endpoint(
        "/api/numbers/{number}/baseline",
        "What a number is held to, and what differs from it",
        "BaselineView",
        baselines.PLACE,
        ("400", "404"),
    ),
    Endpoint(
        "/api/numbers/{number}/baseline",
        "Approve the configuration as it is now",
        "VersionView",
        baselines.PLACE,
        ("400", "404", "409"),
        method="post",
        body="Approval",
    ),
    Endpoint("/api/accounts", "Accounts", "AccountList"),
    Endpoint("/api/tickets", "Tickets", "TicketPage", api.TICKET_PARAMETERS),
    Endpoint(
        "/api/tickets/replay",
        "Queue dead letters for delivery again",
        "Replayed",
        (api.TICKET,),
        method="post",
    ),
    Endpoint("/api/tickets/{id}", "One ticket", "Ticket", errors=("400", "404")),
    Endpoint(
        "/api/tickets/{id}/evidence.zip",
        "Everything that is kept of a ticket, with a manifest of digests",
        "application/zip",
        errors=("400", "404"),
    ),
    Endpoint(
        "/api/tickets/{id}/sheet",
        "A ticket's confirmation sheet, to be printed",
        "text/html",
        errors=("400", "404"),
    ),
    Endpoint(
        "/api/statistics.csv", "A row for every ticket of a period", "text/csv", evidence.PERIOD
    ),
    Endpoint(
        "/api/tickets/{id}/actions",
        "Act on a ticket; the answer is the ticket as it is then",
        "Ticket",
        errors=("400", "401", "403", "404", "409", "415"),
        method="post",
        body="TicketActionRequest",
    ),
    Endpoint(
        "/api/diagnose/{number}",
        "Why a number cannot be reached",
        "Verdict",
        (api.CALLER,),
        ("400", "404"),
    ),
    Endpoint(
        "/api/diagnose/{number}",
        "Tell what people have found out, and where the diagnosis goes on to from there",
        "Verdict",
        errors=("400", "404"),
        method="post",
        body="DiagnosisAnswers",
    ),
    *(Endpoint(path, about, "Prometheus", asked, ()) for path, about, asked in DESCRIBED),
)

_REPLAYED = {
    "title": "Replayed",
    "type": "object",
    "required": ["replayed"],
    "properties": {"replayed": {"type": "integer"}},
}
_TICKET = {
    "title": "Ticket",
    "type": "object",
    "description": "A ticket as sinks receive it.",
    "required": ["id", "key", "episode", "stage", "severity", "scope", "symptom", "timeline"],
    "properties": {
        name: {"type": "string"}
        for name in ("id", "key", "stage", "severity", "grade", "scope", "symptom", "title")
    }
    | {
        "episode": {"type": "integer"},
        "revision": {"type": "integer"},
        "diagnosis": {"type": "object"},
        **{name: {"type": "array"} for name in ("members", "clocks", "timeline")},
    },
}
_TICKET_PAGE = {
    "title": "TicketPage",
    "type": "object",
    "required": ["total", "limit", "offset", "next", "items"],
    "properties": {
        "total": {"type": "integer"},
        "limit": {"type": "integer"},
        "offset": {"type": "integer"},
        "next": {"type": ["string", "null"]},
        "items": {"type": "array", "items": {"$ref": _REFERENCE.format(name="Ticket")}},
    },
}


def _json(name: str, description: str) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(name=name)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _answer(endpoint: Endpoint) -> dict[str, Any]:
    if "/" not in endpoint.answer:
        return _json(endpoint.answer, endpoint.summary)
    schema = {"type": "string", "format": "binary"}
    return {"description": endpoint.summary, "content": {endpoint.answer: {"schema": schema}}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    refusals = {code: _json("Error", "What is wrong with the request") for code in endpoint.errors}
    body = {"requestBody": {"required": True, **_json(endpoint.body, "")}} if endpoint.body else {}
    return {
        "summary": endpoint.summary,
        **body,
        "parameters": [
            *_path_parameters(endpoint.path),
            *(parameter.schema() for parameter in endpoint.parameters),
        ],
        "responses": {"200": _answer(endpoint), **refusals},
    }


def _paths() -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint)
    return paths


def describe(version: str) -> dict[str, Any]:
    """The whole description."""
    _, schemas = msgspec.json.schema_components(
        (
            NumberPage,
            NumberDetail,
            AccountList,
            BaselineView,
            VersionView,
            baselines.Approval,
            answers.DiagnosisAnswers,
            actions.TicketActionRequest,
            Verdict,
            Error,
        ),
        ref_template=_REFERENCE,
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "numwatch", "version": version, "description": "What it watches."},
        "paths": _paths(),
        "components": {
            "schemas": {
                **schemas,
                "Ticket": _TICKET,
                "TicketPage": _TICKET_PAGE,
                "Replayed": _REPLAYED,
                "Prometheus": ANSWER,
            }
        },
    }
