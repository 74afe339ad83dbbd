"""The API's description of itself (OpenAPI 3.1), made from the route table."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from agent.web.endpoint import ENDPOINTS, Access, Content, Endpoint
from agent.web.responses import Error, json_response
from agent.web.services import services_of

_REFERENCE = "#/components/schemas/{name}"

TICKET: dict[str, Any] = {
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
TICKET_PAGE: dict[str, Any] = {
    "title": "TicketPage",
    "type": "object",
    "required": ["total", "limit", "offset", "next", "items"],
    "properties": {
        **{name: {"type": "integer"} for name in ("total", "limit", "offset")},
        "next": {"type": ["string", "null"]},
        "items": {"type": "array", "items": {"$ref": _REFERENCE.format(name="Ticket")}},
    },
}
COMPLAINT: dict[str, Any] = {
    "title": "Complaint",
    "type": "object",
    "description": "A complaint, the deadlines for answering it and what was done about it.",
    "required": ["id", "number", "ticket", "waiting", "at", "received_at", "deadlines", "filed"],
    "properties": {
        **{
            name: {"type": "string"}
            for name in ("id", "number", "caller", "prompt_heard", "channel", "content")
        },
        **{name: {"type": ["string", "null"]} for name in ("at", "received_at")},
        **{name: {"type": "string"} for name in ("reference", "handler", "ticket")},
        "waiting": {"type": "boolean", "description": "Whether it waits for a ticket."},
        "regulator": {"type": "object"},
        "deadlines": {"type": "array", "items": {"type": "object"}},
        "filed": {"type": "array", "items": {"type": "object"}},
    },
}
COMPLAINT_LIST: dict[str, Any] = {
    "title": "ComplaintList",
    "type": "object",
    "required": ["items"],
    "properties": {
        "items": {"type": "array", "items": {"$ref": _REFERENCE.format(name="Complaint")}}
    },
}
PROMETHEUS_ENVELOPE: dict[str, Any] = {
    "title": "Prometheus",
    "type": "object",
    "description": "Prometheus' own envelope, of errors too.",
    "required": ["status"],
    "properties": {
        "status": {"type": "string", "enum": ["success", "error"]},
        "data": {},
        "errorType": {"type": "string"},
        "error": {"type": "string"},
        "warnings": {"type": "array", "items": {"type": "string"}},
    },
}
_SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic", "description": "web.token as password."},
}
_TOKEN_ERRORS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


async def show_openapi(request: web.Request) -> web.Response:
    """The description of the endpoints that this application serves."""
    endpoints = request.app[ENDPOINTS].values()
    return json_response(describe(endpoints, services_of(request).version))


def describe(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """The OpenAPI document of ``endpoints``."""
    endpoints = tuple(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "numwatch", "version": version, "description": "Hotline numbers."},
        "paths": paths,
        "components": {"schemas": _schemas(endpoints), "securitySchemes": _SECURITY_SCHEMES},
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    errors = {*endpoint.errors}
    operation: dict[str, Any] = {"summary": endpoint.summary}
    if endpoint.access is Access.TOKEN:
        errors |= {*_TOKEN_ERRORS}
        operation["security"] = [{scheme: []} for scheme in _SECURITY_SCHEMES]
    if endpoint.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(endpoint.body)}
    return {
        **operation,
        "parameters": [
            *_path_parameters(endpoint.path),
            *(parameter.schema() for parameter in endpoint.query),
        ],
        "responses": {
            "200": {"description": endpoint.summary, "content": _content(endpoint.response)},
            **{str(status.value): _error(status) for status in sorted(errors)},
        },
    }


def _content(content: Content) -> dict[str, Any]:
    if isinstance(content, str):
        return {content: {"schema": {"type": "string"}}}
    reference = {"$ref": _REFERENCE.format(name=_name(content))}
    return {"application/json": {"schema": reference}}


def _error(status: HTTPStatus) -> dict[str, Any]:
    return {"description": status.phrase, "content": _content(Error)}


def _name(content: type | dict[str, Any]) -> str:
    return str(content["title"]) if isinstance(content, dict) else content.__name__


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]


def _schemas(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The schemas that the endpoints refer to, and those that these refer to."""
    contents = [it for endpoint in endpoints for it in (endpoint.response, endpoint.body)]
    types = {it for it in contents if isinstance(it, type)} | {Error}
    ordered = sorted(types, key=lambda it: it.__name__)
    _, of_types = msgspec.json.schema_components(ordered, ref_template=_REFERENCE)
    of_documents = {
        it["title"]: it for it in (TICKET, COMPLAINT, *contents) if isinstance(it, dict)
    }
    return {**of_types, **of_documents}
