"""The route table: the router and the OpenAPI document hold the same endpoints, and who may in."""

import dataclasses

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from agent.complaints.api import ComplaintApi
from agent.complaints.correlation import ComplaintCorrelator
from agent.inbound import InboundWebhooks
from agent.store.database import Database
from agent.tickets.ledger import Ledger
from agent.tickets.manager import Tickets
from agent.web.app import make_app
from agent.web.endpoint import Access
from agent.web.routes import ROUTES
from agent.web.services import WebServices
from exporters.telemetry import Telemetry
from tests.web.facts import Facts

Endpoints = set[tuple[str, str]]


async def handler(_request: web.Request) -> web.Response:
    return web.Response()


@pytest.fixture
async def whole(
    services: WebServices, facts: Facts, database: Database, aiohttp_client
) -> TestClient:
    """The application with every handler that the composition root provides."""
    settings = facts.settings
    webhooks = await InboundWebhooks.open(database, settings, Telemetry("1"))
    tickets = Tickets(database, settings, lambda *_: None, lambda *_: None)
    correlator = ComplaintCorrelator(
        webhooks.complaints, tickets, Ledger(database), lambda: settings, Telemetry("1")
    )
    complaints = ComplaintApi(webhooks.recorder, correlator, lambda: facts.now)
    provided = (*webhooks.routes(), *complaints.routes())
    return await aiohttp_client(make_app(dataclasses.replace(services, provided=provided)))


def registered(app: web.Application) -> Endpoints:
    """What the router answers; HEAD comes with GET."""
    return {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }


async def documented(client: TestClient) -> Endpoints:
    answer = await client.get("/api/openapi.json")
    paths = (await answer.json())["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


async def test_router_table_and_document_hold_the_same(whole: TestClient) -> None:
    endpoints = await documented(whole)
    assert endpoints == registered(whole.app) == {endpoint.key for endpoint in ROUTES}
    assert ("GET", "/api/complaints") in endpoints
    assert ("POST", "/hooks/alertmanager") in endpoints


async def test_what_is_not_provided_is_neither_served_nor_documented(client: TestClient) -> None:
    endpoints = await documented(client)
    assert endpoints == registered(client.app)
    assert ("GET", "/api/complaints") not in endpoints
    assert (await client.get("/api/complaints")).status == 404


async def test_a_route_registered_elsewhere_would_be_noticed(services: WebServices) -> None:
    app = make_app(services)
    app.router.add_get("/elsewhere", handler)
    assert registered(app) - {endpoint.key for endpoint in ROUTES} == {("GET", "/elsewhere")}


def test_a_provided_handler_without_an_entry_is_refused(services: WebServices) -> None:
    strange = dataclasses.replace(services, provided=(web.post("/hooks/strange", handler),))
    with pytest.raises(LookupError, match="/hooks/strange"):
        make_app(strange)


async def test_every_reference_of_the_document_resolves(whole: TestClient) -> None:
    document = await (await whole.get("/api/openapi.json")).json()
    text = msgspec.json.encode(document).decode()
    schemas = document["components"]["schemas"]
    references = [part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]]
    assert references
    assert set(references) <= set(schemas)


def test_only_reading_and_webhooks_need_no_login() -> None:
    open_to_readers = {Access.VIEWER, Access.PUBLIC}
    for endpoint in ROUTES:
        # Prometheus' read API is asked by POST, too, as Grafana does.
        if endpoint.method != "GET" and not endpoint.path.startswith("/api/v1/"):
            is_webhook = endpoint.path.startswith("/hooks/")
            assert endpoint.access is Access.WEBHOOK if is_webhook else endpoint.access.needs_login
        elif not endpoint.access.needs_login:
            assert endpoint.access in open_to_readers


@pytest.mark.parametrize("path", ["/api/numbers", "/nowhere", "/-/reload", "/api/v1/rules"])
async def test_a_post_without_the_token_is_refused_whatever_its_path(
    services: WebServices, aiohttp_client, path: str
) -> None:
    client = await aiohttp_client(make_app(services))
    assert (await client.post(path)).status == 401


async def test_an_unknown_webhook_is_not_found(services: WebServices, aiohttp_client) -> None:
    client = await aiohttp_client(make_app(services))
    assert (await client.post("/hooks/nowhere")).status == 404
