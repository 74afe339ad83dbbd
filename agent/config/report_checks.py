"""Checks that scheduled reports are about something, reach their sinks, and are sent once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.config.named_sinks import named_sinks_can
from agent.config.sink_configuration import Bot
from agent.config.sinks import SINK_CONFIGURATIONS
from agent.config.unvalidated import UnvalidatedConfig
from agent.yamlfile.paths import KeyPath, select
from agent.yamlfile.problems import Problem

_KINDS = tuple(
    kind
    for kind, item in SINK_CONFIGURATIONS.items()
    if kind == "webhook" or issubclass(item.section, Bot)
)
"""The kinds of sinks that carry reports."""
_ENTRIES = ("reports", "schedule", "*")


def scheduled_reports_can_be_sent(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Every entry names known sinks that carry reports, a known provider, and nothing twice."""
    entries = [(at, it) for at, it in select(config.data, *_ENTRIES) if isinstance(it, dict)]
    yield from named_sinks_can(config.data, (*_ENTRIES, "sinks", "*"), _KINDS, "carries reports")
    for path, entry in entries:
        yield from _provider(path, entry, config.data)
    yield from _repetitions(config, entries)


def _provider(path: KeyPath, entry: Mapping[str, Any], data: object) -> Iterator[Problem]:
    provider = entry.get("provider")
    if provider is None:
        if entry.get("kind") == "claim":
            text = "is missing, expected the provider that the claim is on"
            yield Problem((*path, "provider"), text)
        return
    known = {str(name) for _, name in select(data, "providers", "*", "name")}
    for _, contracts in select(data, "reports", "contracts"):
        # A claim may be on a provider that is watched no more.
        known |= set(map(str, contracts)) if isinstance(contracts, dict) else set()
    if isinstance(provider, str) and provider not in known:
        names = ", ".join(sorted(known)) or "a provider under providers"
        yield Problem((*path, "provider"), f"is no provider, got {provider}; expected {names}")


def _repetitions(
    config: UnvalidatedConfig, entries: Sequence[tuple[KeyPath, Mapping[str, Any]]]
) -> Iterator[Problem]:
    first: dict[tuple[str, ...], KeyPath] = {}
    for path, entry in entries:
        every, provider = entry.get("every", "month"), entry.get("provider") or ""
        for at, sink in select(entry, "sinks", "*", at=path):
            series = tuple(map(str, (entry.get("kind"), every, provider, sink)))
            if series in first:
                line = config.lines.get(first[series], 1)
                text = f"is sent this report already by line {line}, expected another sink"
                yield Problem(at, text)
            first.setdefault(series, at)
