"""Checks the sections of sinks beyond the type of each value."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.config.sinks import (
    CALLBACK_KINDS,
    CALLBACK_STAGES,
    SINK_CONFIGURATIONS,
    kinds_with_key,
)
from agent.config.unvalidated import UnvalidatedConfig
from agent.states import Stage
from agent.yamlfile.paths import KeyPath, one_line, select
from agent.yamlfile.problems import Problem

_NOT_BY_CALLBACK = frozenset(stage.value for stage in Stage) - frozenset(CALLBACK_STAGES)


def kinds_have_their_sections(config: UnvalidatedConfig) -> Iterator[Problem]:
    """A sink has its address, the section of its kind, and none of another kind."""
    for path, sink in select(config.data, "sinks", "*"):
        kind = sink.get("kind") if isinstance(sink, dict) else None
        if isinstance(sink, dict) and (kind is None or isinstance(kind, str)):
            yield from _missing_keys(path, sink, kind)
            if kind is not None:
                yield from _keys_of_other_kinds(path, sink, kind)


def _missing_keys(path: KeyPath, sink: Mapping[str, Any], kind: str | None) -> Iterator[Problem]:
    own = SINK_CONFIGURATIONS.get(kind or "")
    if sink.get("url") is None and (own is None or own.address is None):
        text = "is missing, expected an address such as https://api.example.com"
        yield Problem((*path, "url"), text)
    if own is not None and own.section_required and not sink.get(own.key):
        fields = own.section.model_fields.items()
        keys = ", ".join(name for name, info in fields if info.is_required())
        yield Problem((*path, own.key), f"is missing, kind {kind} needs it with {keys}")


def _keys_of_other_kinds(path: KeyPath, sink: Mapping[str, Any], kind: str) -> Iterator[Problem]:
    own = SINK_CONFIGURATIONS.get(kind)
    others = {it.key: it for it in SINK_CONFIGURATIONS.values() if own is None or it.key != own.key}
    for key in sorted(
        others.keys() & sink.keys(), key=lambda it: (not others[it].section_required, it)
    ):
        kinds = kinds_with_key(key)
        remedy = "remove it" if others[key].section_required else f"only to {', '.join(kinds)}"
        yield Problem((*path, key), f"does not belong to kind {one_line(kind)}, {remedy}")
    if "callback" in sink and kind not in CALLBACK_KINDS:
        text = f"does not belong to kind {one_line(kind)}, only to {', '.join(CALLBACK_KINDS)}"
        yield Problem((*path, "callback"), text)


def sections_pass_the_checks_of_their_kind(config: UnvalidatedConfig) -> Iterator[Problem]:
    """The section of a kind satisfies what the kind's own ``config.py`` checks."""
    for configuration in SINK_CONFIGURATIONS.values():
        for path, section in select(config.data, "sinks", "*", configuration.key):
            for check in configuration.checks:
                yield from check(path, section)


def callback_stages_can_be_reached(config: UnvalidatedConfig) -> Iterator[Problem]:
    """A callback leads to no stage that only numwatch itself sets."""
    for path, stage in select(config.data, "sinks", "*", "callback", "stages", "*"):
        if stage in _NOT_BY_CALLBACK:
            text = f"is {stage}, to which no ticket system leads; expected one of"
            yield Problem(path, f"{text} {', '.join(CALLBACK_STAGES)}")
