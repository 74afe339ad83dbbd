"""``/api/v1/labels``, ``/api/v1/label/{name}/values``, ``/api/v1/series``, ``/api/v1/metadata``."""

import re
from collections.abc import Iterable, Iterator

from aiohttp import web

from agent.rules.promql.errors import RefusedError
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import Selector
from agent.rules.promql.symbols import distinct_of
from agent.rules.promql.vector import Vector
from agent.rules.queries.matrix import TooLargeError
from agent.rules.queries.queries import MOST_SERIES, Queries, parse_selector
from agent.web.prometheus.encoding import in_order, joined, label_sets, quoted
from agent.web.prometheus.failure import QueryApiError, wrong
from agent.web.prometheus.params import FIRST, LAST, QueryParams
from agent.web.prometheus.response import TURNS, data, small
from exporters.family import FAMILIES

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_EVERYTHING = (Selector("", ()),)
_KINDS = {"info": "gauge"}


async def labels(request: web.Request, given: QueryParams, queries: Queries) -> bytes:
    """The names of all labels."""
    selectors = _selectors(given) or _EVERYTHING
    if not _is_stretch(given):
        return small([])

    def work(until: float) -> bytes:
        found = queries.select(selectors, until)
        return small(sorted({name for vector in found for name in _names(vector)}))

    return await request.app[TURNS].run(work)


async def values(request: web.Request, given: QueryParams, queries: Queries) -> bytes:
    """The values of one label."""
    name = request.match_info["name"]
    if not _LABEL.fullmatch(name):
        raise QueryApiError(f'invalid label name: "{name}"')
    selectors = _selectors(given) or _EVERYTHING
    if not _is_stretch(given):
        return small([])

    def work(until: float) -> bytes:
        found = queries.select(selectors, until)
        texts = in_order({text for vector in found for text in _values(vector, name)})
        return data(("[", *joined(map(quoted, texts)), "]"))

    return await request.app[TURNS].run(work)


async def series(request: web.Request, given: QueryParams, queries: Queries) -> bytes:
    """The label sets of the series that match."""
    selectors = _selectors(given)
    if not selectors:
        raise QueryApiError("no match[] parameter provided")
    if not _is_stretch(given):
        return small([])

    def work(until: float) -> bytes:
        found = tuple(queries.select(selectors, until))
        size = sum(vector.size for vector in found)
        if size > MOST_SERIES:
            raise TooLargeError(f"{size} series match, at most {MOST_SERIES} are given")
        sets = dict.fromkeys(text for vector in found for text in label_sets(vector))
        return data(("[", *joined(sets), "]"))

    return await request.app[TURNS].run(work)


async def metadata(_request: web.Request, given: QueryParams, _queries: Queries) -> bytes:
    """What the metrics there are mean."""
    limit, wanted = given.count("limit"), given.text("metric")
    held = [name for name in FAMILIES if wanted in ("", name)]
    kept = held if limit is None or limit < 0 else held[:limit]
    return small({name: [_about(name)] for name in kept})


def _about(name: str) -> dict[str, str]:
    family = FAMILIES[name]
    return {"type": _KINDS.get(family.kind, family.kind), "help": family.help, "unit": ""}


def _selectors(given: QueryParams) -> list[Selector]:
    try:
        return [parse_selector(text) for text in given.all("match[]")]
    except RefusedError as error:
        raise wrong("match[]", str(error)) from None


def _is_stretch(given: QueryParams) -> bool:
    """Series are told as of now, whatever the stretch; in one that ends before it starts is none.

    Raises:
        Failure: when a time is none.
    """
    return given.moment("start", FIRST) <= given.moment("end", LAST)


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
