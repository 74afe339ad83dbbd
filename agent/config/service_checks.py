"""What the section of service levels must keep to beyond the type of each value."""

from collections.abc import Iterator

from agent.config.draft import Draft
from agent.yamlfile.paths import select
from agent.yamlfile.problems import Problem

_STEPS = (("tickets", "sla", "ladder", "*", "sinks"), ("tickets", "sla", "severe", "sinks"))


def ladders_name_sinks(draft: Draft) -> Iterator[Problem]:
    """Whoever is to hear of a breach is a sink that there is."""
    known = {name for _path, name in select(draft.data, "sinks", "*", "name")}
    for step in _STEPS:
        for path, name in select(draft.data, *step, "*"):
            if isinstance(name, str) and name not in known:
                names = ", ".join(sorted(filter(None, map(str, known)))) or "a sink under sinks"
                yield Problem(path, f"is no sink, got {name}; expected {names}")
