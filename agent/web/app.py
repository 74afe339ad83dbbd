"""The web application: the routes of the table, and what every request passes through."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from aiohttp import web

from agent.web.attention import attend_to_who_looks
from agent.web.authentication import PASSWORDS, authenticate
from agent.web.connections import CONNECTIONS, Connections
from agent.web.csrf import protect_forms
from agent.web.deciding_replica import leave_to_the_deciding_replica
from agent.web.endpoint import ENDPOINTS, Access, Endpoint
from agent.web.events import EVENTS, FleetEvents
from agent.web.forwarding import name_client
from agent.web.hosts import refuse_foreign_hosts
from agent.web.live_web_config import LIVE_WEB_CONFIG, LiveWebConfig, keep_web_config
from agent.web.number_search import NUMBER_SEARCH, NumberSearch
from agent.web.pages.accounts.page import OUTLOOKS, Outlooks
from agent.web.pages.home import OVERVIEW_CACHE, OverviewCache
from agent.web.pages.rendering import set_up_templates
from agent.web.parameters import read
from agent.web.passwords import PasswordCheck
from agent.web.privacy import mask_for_viewers
from agent.web.prometheus.answers import UNREAD_ANSWERS, UnreadAnswers
from agent.web.prometheus.executor import QueryExecutor
from agent.web.prometheus.response import EXECUTOR
from agent.web.request_deadlines import read_small_body, track_connection
from agent.web.responses import Handler, errors_as_responses
from agent.web.routes import ROUTES
from agent.web.security import add_headers, refuse_other_sites
from agent.web.services import SERVICES, WebServices
from agent.web.shown_phones import RECORDED

LARGEST_BODY = 64 * 1024
"""Bytes; webhooks, which take larger bodies, limit theirs themselves."""


def make_app(services: WebServices) -> web.Application:
    """The application over ``services``.

    Raises:
        LookupError: when a provided handler has no entry in the route table.
    """
    # The outermost first: refusals of the later ones become responses too.
    middlewares = (
        track_connection,
        errors_as_responses,
        name_client,
        refuse_foreign_hosts,
        refuse_other_sites,
        authenticate,
        read_small_body,
        protect_forms,
        leave_to_the_deciding_replica,
        attend_to_who_looks,
        mask_for_viewers,
    )
    app = web.Application(middlewares=middlewares, client_max_size=LARGEST_BODY)
    app[SERVICES] = services
    app[CONNECTIONS] = Connections()
    app[PASSWORDS] = PasswordCheck()
    app[LIVE_WEB_CONFIG] = LiveWebConfig(services)
    app.cleanup_ctx.append(keep_web_config)
    limits = services.settings().web.queries
    app[UNREAD_ANSWERS] = UnreadAnswers()
    app[EXECUTOR] = QueryExecutor(limits.concurrency, limits.timeout)
    app[OVERVIEW_CACHE] = OverviewCache()
    app[OUTLOOKS] = Outlooks()
    app[NUMBER_SEARCH] = NumberSearch()
    app[RECORDED] = {}
    app[EVENTS] = FleetEvents(services.fleet)
    app[ENDPOINTS] = _endpoints(services)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(app[EVENTS].end)
    app.on_shutdown.append(_end_test_calls)
    set_up_templates(app)
    for endpoint in app[ENDPOINTS].values():
        _register(app, endpoint, _pattern(endpoint.path, {path for _, path in app[ENDPOINTS]}))
    return app


async def _end_test_calls(app: web.Application) -> None:
    """End test calls that people wait for; the server would wait for their answers otherwise."""
    calls = app[SERVICES].calls
    if calls is not None:
        await calls.under_way.stop()


def _endpoints(services: WebServices) -> dict[tuple[str, str], Endpoint]:
    """The entries of the table that have a handler, their own or a provided one."""
    provided = {(route.method, route.path): route.handler for route in services.provided}
    missing = provided.keys() - {endpoint.key for endpoint in ROUTES}
    if missing:
        raise LookupError(f"not in the route table: {sorted(missing)}")
    endpoints = (
        replace(endpoint, handler=endpoint.handler or _provided(endpoint, provided))
        for endpoint in ROUTES
    )
    return {endpoint.key: endpoint for endpoint in endpoints if endpoint.handler is not None}


def _provided(endpoint: Endpoint, provided: Mapping[tuple[str, str], Handler]) -> Handler | None:
    """The handler of another package, called once the query is what the table says.

    A webhook's query is its sender's: it may carry what a proxy on the way wants.
    """
    handler = provided.get(endpoint.key)
    if handler is None or endpoint.access is Access.WEBHOOK:
        return handler

    async def checked(request: web.Request) -> web.StreamResponse:
        read(request.query, endpoint.query)
        return await handler(request)

    return checked


def _register(app: web.Application, endpoint: Endpoint, pattern: str) -> None:
    assert endpoint.handler is not None
    if endpoint.method == "GET":
        app.router.add_get(pattern, endpoint.handler, allow_head=endpoint.has_head)
    else:
        app.router.add_route(endpoint.method, pattern, endpoint.handler)


def _pattern(path: str, paths: Collection[str]) -> str:
    """``path`` for the router; a parameter at its end is none of the names that stand there.

    ``/api/tickets/replay`` is no ticket: its methods are those of its own entries alone.
    """
    parent, _, last = path.rpartition("/")
    names = [other.rpartition("/")[2] for other in paths if other.rpartition("/")[0] == parent]
    literals = "|".join(re.escape(name) for name in sorted(names) if not name.startswith("{"))
    if not literals or not last.startswith("{"):
        return path
    return f"{parent}/{{{last[1:-1]}:(?!(?:{literals})$)[^{{}}/]+}}"
