"""The web application: every route, and what every request passes through."""

from aiohttp import web

from agent.web import actions, api, baselines, evidence, management, number_page, ticket_page
from agent.web import diagnosis_answers as answers
from agent.web.access import refuse_strangers
from agent.web.encoding import json_response
from agent.web.guards import add_headers, refuse_other_sites
from agent.web.keys import STATE, state_of
from agent.web.openapi import describe
from agent.web.pages import add_pages
from agent.web.problem import explain
from agent.web.prometheus.routes import add_prometheus
from agent.web.state import WebState

LARGEST_BODY = 64 * 1024
"""Bytes; nothing here takes a body but the hooks, which bound theirs themselves."""


async def openapi(request: web.Request) -> web.Response:
    """The API's description of itself."""
    return json_response(describe(state_of(request).version))


def make_app(state: WebState) -> web.Application:
    """The application; beside its hooks it only reads ``state`` and changes nothing itself."""
    guards = (explain, refuse_other_sites, refuse_strangers)
    app = web.Application(middlewares=guards, client_max_size=LARGEST_BODY)
    app[STATE] = state
    app.on_response_prepare.append(add_headers)
    app.add_routes(
        (
            web.get("/metrics", management.metrics),
            web.get("/-/healthy", management.healthy),
            web.get("/-/ready", management.ready),
            web.post("/-/reload", management.reload),
            web.get("/api/numbers", api.numbers),
            web.get("/api/numbers/{number}", api.number),
            web.get("/api/numbers/{number}/baseline", baselines.show),
            web.post("/api/numbers/{number}/baseline", baselines.approve),
            web.get("/api/accounts", api.accounts),
            web.get("/api/tickets", api.tickets),
            web.post("/api/tickets/replay", api.replay),
            web.get("/api/tickets/{id}", api.ticket),
            web.post("/api/tickets/{id}/actions", actions.act),
            web.get("/api/tickets/{id}/evidence.zip", evidence.bundle),
            web.get("/api/tickets/{id}/sheet", evidence.sheet),
            web.get("/api/statistics.csv", evidence.statistics),
            web.get("/api/diagnose/{number}", api.diagnose),
            web.post("/api/diagnose/{number}", answers.answer),
            web.get("/api/openapi.json", openapi),
        )
    )
    app.add_routes(state.hooks)
    add_prometheus(app)
    add_pages(app, state)
    app.add_routes(
        (
            web.get("/numbers/{number}", number_page.show),
            web.get("/tickets/{id}", ticket_page.show),
            web.post("/tickets/{id}/actions", ticket_page.act),
        )
    )
    return app
