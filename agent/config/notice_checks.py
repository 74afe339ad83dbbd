"""Checks that the sinks named for notices can tell those whom they are to tell."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.config.named_sinks import named_sinks_can, sinks_by_name
from agent.config.notification import NotificationSettings
from agent.config.sink_configuration import Bot
from agent.config.sinks import SINK_CONFIGURATIONS
from agent.config.unvalidated import UnvalidatedConfig
from agent.yamlfile.duration import parse_duration
from agent.yamlfile.paths import select
from agent.yamlfile.problems import Problem

_PHONE_KINDS = tuple(
    kind
    for kind, item in SINK_CONFIGURATIONS.items()
    if issubclass(item.section, NotificationSettings)
)
_CUSTOMER_KINDS = tuple(
    kind
    for kind, item in SINK_CONFIGURATIONS.items()
    if kind in _PHONE_KINDS or kind == "webhook" or issubclass(item.section, Bot)
)
_TELLING = {"customers": _CUSTOMER_KINDS, "command": _PHONE_KINDS, "dispatch": _PHONE_KINDS}
"""The sections that name sinks which tell people, and the kinds that can."""
_ARRIVAL = (("early", 300.0), ("earliest", 600.0))
"""The keys of the time to arrive in, with their defaults."""
_PEOPLE = (
    ("command", "province", "*"),
    ("command", "cities", "*", "*"),
    ("command", "leaders", "*", "*"),
)


def notices_reach_people(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Every sink that is to tell customers, commanders or assignees exists and can do so."""
    for section, kinds in _TELLING.items():
        yield from named_sinks_can(config.data, (section, "sinks", "*"), kinds, "tells people")
    yield from _commanders(config.data, sinks_by_name(config.data))
    yield from _hours_of_arrival(config.data)


def _commanders(data: object, sinks: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    named = [(path, name) for keys in _PEOPLE for path, name in select(data, *keys)]
    chosen = [name for _, name in select(data, "command", "sinks", "*") if isinstance(name, str)]
    if named and not chosen:
        text = "is missing, expected a sink of SMS or calls that tells the people named here"
        yield Problem(("command", "sinks"), text)
    for path, name in named:
        for sink in chosen:
            known = _receivers(sinks.get(sink, {}))
            if isinstance(name, str) and known and name not in known:
                text = f"{sink} has no receiver {name}, add it to the sink's receivers"
                yield Problem(path, text)


def _receivers(sink: Mapping[str, Any]) -> set[str]:
    names = select(sink, str(sink.get("kind")), "receivers", "*", "name")
    return {name for _, name in names if isinstance(name, str)}


def _hours_of_arrival(data: object) -> Iterator[Problem]:
    for path, conduct in select(data, "dispatch", "conduct"):
        late, early = (_seconds(conduct, key, usual) for key, usual in _ARRIVAL)
        if late is not None and early is not None and early < late:
            key = "earliest" if "earliest" in conduct else "early"
            text = "leaves no time to arrive in, expected earliest to be longer than early"
            yield Problem((*path, key), text)


def _seconds(section: object, key: str, usual: float) -> float | None:
    try:
        return parse_duration(section.get(key, usual)) if isinstance(section, dict) else None
    except ValueError:
        return None
