"""Where the read API is found."""

from importlib.metadata import version

from aiohttp import web

from agent.rules.queries.queries import Queries
from agent.web.prometheus import alerts, expressions, inventory
from agent.web.prometheus.executor import QueryExecutor
from agent.web.prometheus.params import QueryParams
from agent.web.prometheus.response import TURNS, Handler, answering, small

SPOKEN = "2.42.0"
"""The Prometheus whose read API this is; tools choose what to ask for by it."""


async def build_information(_request: web.Request, _given: QueryParams, _queries: Queries) -> bytes:
    """What tools ask to learn whom they talk to."""
    unknown = dict.fromkeys(("branch", "buildUser", "buildDate", "goVersion"), "")
    return small({"version": SPOKEN, "revision": f"numwatch {version('numwatch')}", **unknown})


BY_GET_OR_POST: dict[str, Handler] = {
    "/api/v1/query": expressions.query,
    "/api/v1/query_range": expressions.query_range,
    "/api/v1/labels": inventory.labels,
    "/api/v1/series": inventory.series,
    "/api/v1/query_exemplars": expressions.query_exemplars,
    "/api/v1/format_query": expressions.format_query,
}
BY_GET: dict[str, Handler] = {
    "/api/v1/label/{name}/values": inventory.values,
    "/api/v1/metadata": inventory.metadata,
    "/api/v1/rules": alerts.rules,
    "/api/v1/alerts": alerts.alerts,
    "/api/v1/status/buildinfo": build_information,
}


def add_prometheus(app: web.Application) -> None:
    """Add the routes of the read API."""
    app[TURNS] = QueryExecutor()
    for path, handler in {**BY_GET_OR_POST, **BY_GET}.items():
        app.router.add_get(path, answering(handler))
    for path, handler in BY_GET_OR_POST.items():
        app.router.add_post(path, answering(handler))
