"""Checks that sinks which a section names are there, and can do what it asks of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.yamlfile.paths import select
from agent.yamlfile.problems import Problem


def sinks_by_name(data: object) -> dict[str, Mapping[str, Any]]:
    """The sinks of an unvalidated configuration by their names."""
    return {
        str(sink.get("name")): sink
        for _, sink in select(data, "sinks", "*")
        if isinstance(sink, dict)
    }


def named_sinks_can(
    data: object, keys: Sequence[str], kinds: Sequence[str], does: str
) -> Iterator[Problem]:
    """Every name at ``keys`` is a sink of one of ``kinds``.

    Args:
        data: The unvalidated configuration.
        keys: Where the names are, as :func:`~agent.yamlfile.paths.select` takes them.
        kinds: The kinds of sinks that can do it.
        does: What they do: ``tells people``.
    """
    sinks = sinks_by_name(data)
    for path, name in select(data, *keys):
        if not isinstance(name, str):
            continue
        if name not in sinks:
            names = ", ".join(sorted(sinks)) or "a sink under sinks"
            yield Problem(path, f"is no sink, got {name}; expected {names}")
        elif sinks[name].get("kind") not in kinds:
            text = f"{name} is no sink that {does}, expected one of kind {', '.join(kinds)}"
            yield Problem(path, text)
