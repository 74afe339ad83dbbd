"""``/api/v1/labels``, ``label/{name}/values``, ``series``, ``metadata``, ``status/buildinfo``."""

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import version

from aiohttp import web

from agent.rules.promql.errors import RefusedError
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import Selector
from agent.rules.promql.symbols import distinct_of
from agent.rules.promql.vector import Vector
from agent.rules.queries.matrix import MAX_SERIES, TooLargeError
from agent.rules.queries.queries import Queries, parse_selector
from agent.web.privacy import viewer_mask
from agent.web.prometheus.encoding import in_order, joined, label_sets, quoted
from agent.web.prometheus.errors import QueryApiError, invalid_parameter
from agent.web.prometheus.parameters import FIRST, LAST, QueryParams
from agent.web.prometheus.response import data, run_query, small
from exporters.family import FAMILIES

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_EVERYTHING = (Selector("", ()),)
_TYPES = {"info": "gauge"}
PROMETHEUS_VERSION = "2.42.0"
"""The Prometheus whose read API this is."""


async def labels(request: web.Request, parameters: QueryParams, queries: Queries) -> bytes:
    """The names of all labels."""

    def select(deadline: float) -> bytes:
        # Parsed here too: many selectors take a while.
        selectors = _selectors(parameters) or _EVERYTHING
        if not _is_range(parameters):
            return small([])
        vectors = queries.select(selectors, deadline)
        return small(sorted({name for vector in vectors for name in _names(vector)}))

    return await run_query(request, select)


async def values(request: web.Request, parameters: QueryParams, queries: Queries) -> bytes:
    """The values of one label."""
    name = request.match_info["name"]
    if not _LABEL.fullmatch(name):
        raise QueryApiError(f'invalid label name: "{name}"')
    mask = viewer_mask(request)

    def select(deadline: float) -> bytes:
        selectors = _selectors(parameters) or _EVERYTHING
        if not _is_range(parameters):
            return small([])
        vectors = queries.select(selectors, deadline)
        texts = in_order({mask(text) for vector in vectors for text in _values(vector, name)})
        return data(("[", *joined(map(quoted, texts)), "]"))

    return await run_query(request, select)


async def series(request: web.Request, parameters: QueryParams, queries: Queries) -> bytes:
    """The label sets of the series that match."""
    mask = viewer_mask(request)

    def select(deadline: float) -> bytes:
        selectors = _selectors(parameters)
        if not selectors:
            raise QueryApiError("no match[] parameter provided")
        if not _is_range(parameters):
            return small([])
        sets: dict[str, None] = {}
        for vector in queries.select(selectors, deadline):
            for text in label_sets(vector, mask):
                sets[text] = None
                if len(sets) > MAX_SERIES:
                    raise TooLargeError(f"more than {MAX_SERIES} series match: add matchers")
        return data(("[", *joined(sets), "]"))

    return await run_query(request, select)


async def metadata(_request: web.Request, parameters: QueryParams, _queries: Queries) -> bytes:
    """Type and help of every metric, or of the one the parameters name."""
    limit, metric = parameters.count("limit"), parameters.text("metric")
    names = [name for name in FAMILIES if metric in ("", name)]
    # As in Prometheus, a negative limit is none.
    names = names if limit is None or limit < 0 else names[:limit]
    return small({name: [_metadata(name)] for name in names})


async def build_information(
    _request: web.Request, _parameters: QueryParams, _queries: Queries
) -> bytes:
    """The version, by which clients choose what to ask for."""
    unknown = dict.fromkeys(("branch", "buildUser", "buildDate", "goVersion"), "")
    revision = f"numwatch {version('numwatch')}"
    return small({"version": PROMETHEUS_VERSION, "revision": revision, **unknown})


def _metadata(name: str) -> dict[str, str]:
    family = FAMILIES[name]
    return {"type": _TYPES.get(family.kind, family.kind), "help": family.help, "unit": ""}


def _selectors(parameters: QueryParams) -> list[Selector]:
    try:
        return [parse_selector(text) for text in parameters.all("match[]")]
    except RefusedError as error:
        raise invalid_parameter("match[]", str(error)) from None


def _is_range(parameters: QueryParams) -> bool:
    """Whether the time range has an instant; series are those of now, whatever the range.

    Raises:
        QueryApiError: when a time cannot be read.
    """
    return parameters.moment("start", FIRST) <= parameters.moment("end", LAST)


def _names(vector: Vector) -> Iterator[str]:
    yield METRIC_NAME
    for name, codes in vector.table.columns.items():
        if codes[vector.rows].any():
            yield name


def _values(vector: Vector, name: str) -> Iterable[str]:
    symbols = vector.table.symbols
    if name == METRIC_NAME and vector.metric:
        return (symbols.texts[vector.metric],)
    codes = distinct_of(vector.table.column(name)[vector.rows])
    return (text for text in symbols.decode(codes) if text)
