"""Every address of the agent: the route table with values in the place of its parameters."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

import agent.web
from agent.web.endpoint import Endpoint
from agent.web.routes import ROUTES
from tests.app.planted_agent import PlantedAgent
from tests.app.planted_provider import WATCHED

_EVERYTHING = '{__name__=~".+"}'
_STATIC = Path(agent.web.__file__).parent / "static"
_QUERIES: Mapping[str, Mapping[str, str]] = {
    "/api/v1/query": {"query": _EVERYTHING},
    "/api/v1/query_range": {"query": _EVERYTHING, "step": "5"},
    "/api/v1/series": {"match[]": _EVERYTHING},
    "/api/v1/format_query": {"query": "up"},
    "/api/reports/claim": {"provider": "north"},
    "/api/v1/query_exemplars": {"query": "up", "start": "0", "end": "1"},
}
"""What must be asked for, by path."""
LANGUAGES = ("en", "zh-CN")


def is_read(endpoint: Endpoint) -> bool:
    """Whether a viewer reads it, or somebody with a higher role does."""
    return endpoint.method == "GET" or endpoint.path.startswith("/api/v1/")


def _values(agent: PlantedAgent, path: str, name: str) -> Sequence[str]:
    """What can stand for the parameter ``name`` of ``path``."""
    known: Mapping[str, Callable[[], Sequence[str]]] = {
        "number": lambda: WATCHED,
        "provider": lambda: ("north",),
        "account": lambda: ("hq", "branch"),
        "id": _ids(agent, path),
        "name": agent.labels if "/label/" in path else _static_files,
        "alert": agent.runbooks,
    }
    return known[name]()


def _ids(agent: PlantedAgent, path: str) -> Callable[[], Sequence[str]]:
    by_part = {
        "complaints": agent.complaints,
        "inspections": agent.checklists,
        "test-calls": agent.calls,
    }
    return next((it for part, it in by_part.items() if part in path), agent.tickets)


def _static_files() -> list[str]:
    return [file.name for file in _STATIC.iterdir()]


def addresses(agent: PlantedAgent, endpoint: Endpoint, now: float) -> Iterator[str]:
    """The addresses of ``endpoint``, pages in both languages.

    Raises:
        KeyError: for a parameter of the path that nothing is known to stand for.
    """
    names = re.findall(r"{(\w+)}", endpoint.path)
    known = {name: _values(agent, endpoint.path, name) for name in names}
    query = dict(_QUERIES.get(endpoint.path, {}))
    if "step" in query:
        query |= {"start": str(now - 20), "end": str(now)}
    has_lang = any(parameter.name == "lang" for parameter in endpoint.query)
    for chosen in itertools.product(*(known[name] for name in names)):
        path = endpoint.path
        for name, value in zip(names, chosen, strict=True):
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        for lang in LANGUAGES if has_lang else ("",):
            asked = urlencode(query | ({"lang": lang} if lang else {}))
            yield f"{path}?{asked}" if asked else path


def readable() -> list[Endpoint]:
    """Every endpoint that answers whoever asks, but for the stream of events."""
    return [it for it in ROUTES if is_read(it) and it.path != "/events"]
