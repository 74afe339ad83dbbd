"""``/api/v1/query`` and ``/api/v1/query_range``."""

from aiohttp import web

from agent.rules.promql.compile import formatted
from agent.rules.promql.errors import RefusedError
from agent.rules.promql.nodes import Node, kind_of
from agent.rules.queries.queries import Queries, is_plottable, parse_query, steps_between
from agent.web.keys import state_of
from agent.web.prometheus.encoding import matrix, result
from agent.web.prometheus.executor import LONGEST
from agent.web.prometheus.failure import QueryApiError, wrong
from agent.web.prometheus.params import FIRST, LAST, QueryParams
from agent.web.prometheus.response import TURNS, data, small

MOST_STEPS = 11_000
"""Points per series, as in Prometheus."""


async def query(request: web.Request, given: QueryParams, queries: Queries) -> bytes:
    """An expression as of one instant."""
    at = given.moment("time", state_of(request).clock())
    seconds = time_allowed(given)
    node = _parsed(given, is_named=True)

    def work(until: float) -> bytes:
        return data(result(queries.instant(node, at, until), at), queries.gaps(node, at))

    return await request.app[TURNS].run(work, seconds)


async def format_query(request: web.Request, given: QueryParams, _queries: Queries) -> bytes:
    """An expression as Prometheus writes it."""

    def work(_until: float) -> bytes:
        try:
            return small(formatted(given.text("query")))
        except RefusedError as error:
            raise wrong("query", str(error)) from None

    return await request.app[TURNS].run(work)


async def query_exemplars(_request: web.Request, given: QueryParams, _queries: Queries) -> bytes:
    """Nothing: there are no exemplars. What could not be asked is still refused."""
    start, end = given.moment("start", FIRST), given.moment("end", LAST)
    if end < start:
        raise QueryApiError("end timestamp must not be before start timestamp")
    _parsed(given)
    return small([])


async def query_range(request: web.Request, given: QueryParams, queries: Queries) -> bytes:
    """An expression at every step of a stretch of time."""
    start, end, step = _stretch(given)
    seconds = time_allowed(given)
    node = _parsed(given)
    if not is_plottable(node):
        kind = kind_of(node).value
        raise QueryApiError(
            f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector'
        )

    def work(until: float) -> bytes:
        found = queries.over(node, steps_between(start, end, step), until)
        return data(matrix(found), queries.gaps(node, start))

    return await request.app[TURNS].run(work, seconds)


def time_allowed(given: QueryParams) -> float:
    """Seconds the request may take: what it asks for, but no more than there is."""
    asked = given.duration("timeout", LONGEST)
    return min(max(asked, 0.0), LONGEST)


def _parsed(given: QueryParams, *, is_named: bool = False) -> Node:
    """The query; only for an instant Prometheus says which parameter is wrong."""
    try:
        return parse_query(given.text("query"))
    except RefusedError as error:
        raise (wrong("query", str(error)) if is_named else QueryApiError(str(error))) from None


def _stretch(given: QueryParams) -> tuple[float, float, float]:
    start, end = given.moment("start"), given.moment("end")
    if end < start:
        raise wrong("end", "end timestamp must not be before start time")
    step = given.duration("step")
    if step <= 0:
        raise wrong(
            "step",
            "zero or negative query resolution step widths are not accepted."
            " Try a positive integer",
        )
    if (end - start) / step > MOST_STEPS:
        raise QueryApiError(
            f"exceeded maximum resolution of {MOST_STEPS:,} points per timeseries."
            " Try decreasing the query resolution (?step=XX)"
        )
    return start, end, step
