"""Checks that the sinks named for notices can tell those whom they are to tell."""

from collections.abc import Iterator, Mapping
from typing import Any

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
_ARRIVAL = (("early", 300.0), ("earliest", 600.0))
"""The keys of the time to arrive in, with their defaults."""
_PEOPLE = (
    ("command", "province", "*"),
    ("command", "cities", "*", "*"),
    ("command", "leaders", "*", "*"),
)


def notices_reach_people(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Every sink that is to tell customers, commanders or assignees exists and can do so."""
    sinks = {
        str(sink.get("name")): sink
        for _path, sink in select(config.data, "sinks", "*")
        if isinstance(sink, dict)
    }
    yield from _kinds(config.data, ("customers", "sinks"), sinks, _CUSTOMER_KINDS)
    yield from _kinds(config.data, ("command", "sinks"), sinks, _PHONE_KINDS)
    yield from _kinds(config.data, ("dispatch", "sinks"), sinks, _PHONE_KINDS)
    yield from _commanders(config.data, sinks)
    yield from _hours_of_arrival(config.data)


def _kinds(
    data: object, keys: tuple[str, ...], sinks: Mapping[str, dict[str, Any]], kinds: tuple[str, ...]
) -> Iterator[Problem]:
    for path, name in select(data, *keys, "*"):
        if not isinstance(name, str):
            continue
        if name not in sinks:
            names = ", ".join(sorted(sinks)) or "a sink under sinks"
            yield Problem(path, f"is no sink, got {name}; expected {names}")
        elif sinks[name].get("kind") not in kinds:
            text = f"{name} is no sink that tells people, expected one of kind {', '.join(kinds)}"
            yield Problem(path, text)


def _commanders(data: object, sinks: Mapping[str, dict[str, Any]]) -> Iterator[Problem]:
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
