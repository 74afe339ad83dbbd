"""The web application: the routes of the table, and what every request passes through."""

from dataclasses import replace

from aiohttp import web

from agent.web.endpoint import ENDPOINTS, Endpoint
from agent.web.events import EVENTS, FleetEvents
from agent.web.pages import OVERVIEW_CACHE, OverviewCache, set_up_templates
from agent.web.prometheus.executor import QueryExecutor
from agent.web.prometheus.response import EXECUTOR
from agent.web.responses import errors_as_responses
from agent.web.routes import ROUTES
from agent.web.security import add_headers, refuse_other_sites, require_token
from agent.web.services import SERVICES, WebServices

LARGEST_BODY = 64 * 1024
"""Bytes; webhooks, which take larger bodies, limit theirs themselves."""


def make_app(services: WebServices) -> web.Application:
    """The application over ``services``.

    Raises:
        LookupError: when a provided handler has no entry in the route table.
    """
    # The outermost first: refusals of the later ones become responses too.
    middlewares = (errors_as_responses, refuse_other_sites, require_token)
    app = web.Application(middlewares=middlewares, client_max_size=LARGEST_BODY)
    app[SERVICES] = services
    app[EXECUTOR] = QueryExecutor()
    app[OVERVIEW_CACHE] = OverviewCache()
    app[EVENTS] = FleetEvents(services.fleet)
    app[ENDPOINTS] = _endpoints(services)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(app[EVENTS].end)
    set_up_templates(app)
    for endpoint in app[ENDPOINTS].values():
        _register(app, endpoint)
    return app


def _endpoints(services: WebServices) -> dict[tuple[str, str], Endpoint]:
    """The entries of the table that have a handler, their own or a provided one."""
    provided = {(route.method, route.path): route.handler for route in services.provided}
    missing = provided.keys() - {endpoint.key for endpoint in ROUTES}
    if missing:
        raise LookupError(f"not in the route table: {sorted(missing)}")
    endpoints = (
        replace(endpoint, handler=endpoint.handler or provided.get(endpoint.key))
        for endpoint in ROUTES
    )
    return {endpoint.key: endpoint for endpoint in endpoints if endpoint.handler is not None}


def _register(app: web.Application, endpoint: Endpoint) -> None:
    assert endpoint.handler is not None
    if endpoint.method == "GET":
        app.router.add_get(endpoint.path, endpoint.handler, allow_head=endpoint.has_head)
    else:
        app.router.add_route(endpoint.method, endpoint.path, endpoint.handler)
