"""``/api/v1/query`` and ``/api/v1/query_range``."""

from aiohttp import web

from agent.rules.promql.compile import formatted
from agent.rules.promql.errors import RefusedError
from agent.rules.promql.nodes import Node, kind_of
from agent.rules.queries.queries import Queries, is_plottable, parse_query, steps_between
from agent.web.privacy import viewer_mask
from agent.web.prometheus.encoding import instant_result, matrix
from agent.web.prometheus.errors import QueryApiError, invalid_parameter
from agent.web.prometheus.parameters import FIRST, LAST, QueryParams
from agent.web.prometheus.response import EXECUTOR, data, run_query, small
from agent.web.services import services_of

MOST_STEPS = 11_000
"""Points per series, as in Prometheus."""


async def query(request: web.Request, parameters: QueryParams, queries: Queries) -> bytes:
    """An expression as of one instant."""
    at = parameters.moment("time", services_of(request).clock())
    timeout = requested_timeout(request, parameters)
    mask = viewer_mask(request)

    def evaluate(deadline: float) -> bytes:
        # Parsed here too: a long text takes a while.
        node = _parse(parameters, names_parameter=True)
        result = queries.instant(node, at, deadline)
        return data(instant_result(result, at, mask), queries.gaps(node, at))

    return await run_query(request, evaluate, timeout)


async def format_query(request: web.Request, parameters: QueryParams, _queries: Queries) -> bytes:
    """An expression as Prometheus writes it."""

    def evaluate(_deadline: float) -> bytes:
        try:
            return small(formatted(parameters.text("query")))
        except RefusedError as error:
            raise invalid_parameter("query", str(error)) from None

    return await run_query(request, evaluate)


async def query_exemplars(
    request: web.Request, parameters: QueryParams, _queries: Queries
) -> bytes:
    """An empty list, for there are no exemplars; parameters are checked all the same."""
    start, end = parameters.moment("start", FIRST), parameters.moment("end", LAST)
    if end < start:
        raise QueryApiError("end timestamp must not be before start timestamp")

    def check(_deadline: float) -> bytes:
        _parse(parameters)
        return small([])

    return await run_query(request, check)


async def query_range(request: web.Request, parameters: QueryParams, queries: Queries) -> bytes:
    """An expression at every step of a time range."""
    start, end, step = _range(parameters)
    timeout = requested_timeout(request, parameters)

    mask = viewer_mask(request)

    def evaluate(deadline: float) -> bytes:
        node = _parse(parameters)
        if not is_plottable(node):
            kind = kind_of(node).value
            raise QueryApiError(
                f'invalid expression type "{kind}" for range query,'
                " must be Scalar or instant Vector"
            )
        result = queries.range(node, steps_between(start, end, step), deadline)
        return data(matrix(result, mask), queries.gaps(node, start))

    return await run_query(request, evaluate, timeout)


def requested_timeout(request: web.Request, parameters: QueryParams) -> float:
    """Seconds the request may take: what it asks for, at most what is configured."""
    longest = request.app[EXECUTOR].timeout
    return min(max(parameters.duration("timeout", longest), 0.0), longest)


def _parse(parameters: QueryParams, *, names_parameter: bool = False) -> Node:
    """The parsed query. Prometheus names the parameter in an error of instant queries only."""
    try:
        return parse_query(parameters.text("query"))
    except RefusedError as error:
        raise (
            invalid_parameter("query", str(error)) if names_parameter else QueryApiError(str(error))
        ) from None


def _range(parameters: QueryParams) -> tuple[float, float, float]:
    start, end = parameters.moment("start"), parameters.moment("end")
    if end < start:
        raise invalid_parameter("end", "end timestamp must not be before start time")
    step = parameters.duration("step")
    if step <= 0:
        raise invalid_parameter(
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
