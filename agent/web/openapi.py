"""The API's description of itself (OpenAPI 3.1), made from the route table."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from agent.web.documents import COMPLAINT, EVENT, PROMETHEUS_ENVELOPE, REFERENCE, TICKET
from agent.web.endpoint import ENDPOINTS, Content, Endpoint
from agent.web.responses import Error, json_response
from agent.web.services import services_of

_SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "A user of web.users, or web.token as password of any user name.",
    },
}
_JSON, _HTML, _TEXT = "application/json", "text/html", "text/plain"
_SCHEMAS = {"text/event-stream": EVENT}
"""The schemas of media types whose content is more than text."""
_API, _PROMETHEUS = "/api/", "/api/v1/"
_WITH_JSON_ERRORS = (_API, "/hooks/")
_PROMETHEUS_ERRORS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_TOKEN_ERRORS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
)


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
    operation: dict[str, Any] = {"summary": endpoint.summary}
    if endpoint.access.needs_login:
        operation["security"] = [{scheme: []} for scheme in _SECURITY_SCHEMES]
        operation["description"] = f"Needs the role {endpoint.access.role}."
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": endpoint.is_body_required,
            "content": _content(endpoint.body, endpoint.body_type),
        }
    good = {"description": endpoint.summary, "content": _content(endpoint.response)}
    return {
        **operation,
        "parameters": [
            *_path_parameters(endpoint.path),
            *(parameter.schema() for parameter in endpoint.query),
        ],
        "responses": {
            "200": good,
            **{str(status.value): _error(endpoint, status) for status in sorted(_errors(endpoint))},
        },
    }


def _errors(endpoint: Endpoint) -> set[HTTPStatus]:
    """The statuses of refusals: those of the table, and those that every such endpoint has."""
    errors = {HTTPStatus.BAD_REQUEST, *endpoint.errors}
    if endpoint.access.needs_login:
        errors |= {*_TOKEN_ERRORS}
    if endpoint.body is not None:
        errors |= {HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
    if endpoint.path.startswith(_API) or endpoint.response == _HTML:
        # The ledger may be out of use for a while.
        errors |= {HTTPStatus.SERVICE_UNAVAILABLE}
    return errors


def _content(contents: Content | tuple[Content, ...], media_type: str = _JSON) -> dict[str, Any]:
    if isinstance(contents, tuple):
        return {name: schema for it in contents for name, schema in _content(it).items()}
    if isinstance(contents, str):
        return {contents: {"schema": _SCHEMAS.get(contents, {"type": "string"})}}
    return {media_type: {"schema": {"$ref": REFERENCE.format(name=_name(contents))}}}


def _error(endpoint: Endpoint, status: HTTPStatus) -> dict[str, Any]:
    if endpoint.path.startswith(_PROMETHEUS) and status in _PROMETHEUS_ERRORS:
        content = _content(PROMETHEUS_ENVELOPE)
    elif endpoint.path.startswith(_WITH_JSON_ERRORS):
        content = _content(Error)
    else:
        content = _content(_TEXT)
    if endpoint.response == _HTML and endpoint.body is not None:
        # A form that is refused is shown again.
        content |= _content(_HTML)
    if status is HTTPStatus.BAD_REQUEST:
        # What is no HTTP, or an address of more than 8,190 bytes, the server itself refuses.
        content |= _content(_TEXT)
    return {"description": status.phrase, "content": content}


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
    contents = [it for endpoint in endpoints for it in _contents_of(endpoint)]
    types = {it for it in contents if isinstance(it, type)} | {Error}
    ordered = sorted(types, key=lambda it: it.__name__)
    _, of_types = msgspec.json.schema_components(ordered, ref_template=REFERENCE)
    of_documents = {
        it["title"]: it
        for it in (TICKET, COMPLAINT, PROMETHEUS_ENVELOPE, *contents)
        if isinstance(it, dict)
    }
    return {**of_types, **of_documents}


def _contents_of(endpoint: Endpoint) -> tuple[Content | None, ...]:
    response = endpoint.response
    return (*(response if isinstance(response, tuple) else (response,)), endpoint.body)
