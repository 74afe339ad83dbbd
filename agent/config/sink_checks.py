"""What the sections of sinks must keep to beyond the type of each value."""

import re
from collections.abc import Iterator
from typing import Any

import jinja2

from agent.config.draft import Draft
from agent.config.schema import settings_schema
from agent.config.secret import Secret
from agent.config.sinks import (
    ADDRESS_OF_KIND,
    CALLBACK_KINDS,
    CALLBACK_STAGES,
    SECTION_OF_KIND,
)
from agent.states import Stage
from agent.yamlfile.paths import KeyPath, one_line, select
from agent.yamlfile.problems import Problem

_SECTIONS = frozenset(SECTION_OF_KIND.values())
_ROUTING_KEY = re.compile(r"[A-Za-z0-9]{32}", re.ASCII)
_LABEL = re.compile(r"\S{1,255}")


def kinds_have_their_sections(draft: Draft) -> Iterator[Problem]:
    """A sink has its address, the section of its kind, and none of another kind."""
    for path, sink in select(draft.data, "sinks", "*"):
        kind = sink.get("kind") if isinstance(sink, dict) else None
        if kind is None or isinstance(kind, str):
            yield from _of_one(path, sink, kind)


def _of_one(path: KeyPath, sink: Any, kind: str | None) -> Iterator[Problem]:
    if not isinstance(sink, dict):
        return
    if sink.get("url") is None and kind not in ADDRESS_OF_KIND:
        text = "is missing, expected an address such as https://api.example.com"
        yield Problem((*path, "url"), text)
    needed = SECTION_OF_KIND.get(kind or "")
    if needed and not sink.get(needed):
        keys = ", ".join(_required(needed))
        yield Problem((*path, needed), f"is missing, kind {kind} needs it with {keys}")
    for name in sorted(_SECTIONS & sink.keys()):
        if kind is not None and name != needed:
            yield Problem((*path, name), f"does not belong to kind {one_line(kind)}, remove it")
    yield from _only_for(path, sink, kind, "template", ("webhook",))
    yield from _only_for(path, sink, kind, "callback", CALLBACK_KINDS)


def _required(section: str) -> list[str]:
    schema = settings_schema().at(("sinks", 0, section)) or {}
    return list(schema["required"])


def _only_for(
    path: KeyPath, sink: Any, kind: str | None, name: str, kinds: tuple[str, ...]
) -> Iterator[Problem]:
    if kind is not None and name in sink and kind not in kinds:
        text = f"does not belong to kind {one_line(kind)}, only to {', '.join(kinds)}"
        yield Problem((*path, name), text)


def keys_of_systems_are_whole(draft: Draft) -> Iterator[Problem]:
    """A routing key has 32 characters, and labels have no spaces."""
    for path, key in select(draft.data, "sinks", "*", "pagerduty", "routing_key"):
        text = key.reveal() if isinstance(key, Secret) else key
        if isinstance(text, str) and not _ROUTING_KEY.fullmatch(text):
            yield Problem(path, "is not a routing key, expected 32 letters and digits")
    for path, label in select(draft.data, "sinks", "*", "jira", "labels", "*"):
        if isinstance(label, str) and not _LABEL.fullmatch(label):
            yield Problem(path, "is not a label, expected at most 255 characters without spaces")


def templates_can_be_read(draft: Draft) -> Iterator[Problem]:
    """A template is jinja2, and a templated path begins with one slash."""
    texts = (
        *select(draft.data, "sinks", "*", "template", "path"),
        *select(draft.data, "sinks", "*", "template", "headers", "*"),
        *select(draft.data, "sinks", "*", "template", "body"),
    )
    for path, text in texts:
        if not isinstance(text, str):
            continue
        try:
            jinja2.Environment(autoescape=True).parse(text)
        except jinja2.TemplateSyntaxError as error:
            where = f"line {error.lineno} of the template"
            wrong = one_line(error.message or "", 120)
            yield Problem(path, f"is not a template: {wrong} ({where}), expected jinja2")
        except RecursionError:
            yield Problem(path, "is nested too deeply, expected a simpler template")
        if path[-1] == "path" and text and not re.match(r"/(?!/)", text):
            yield Problem(path, "is not a path, expected one slash at its beginning")


def callback_secrets_are_long_enough(draft: Draft) -> Iterator[Problem]:
    """Whoever guesses a callback's secret can close tickets."""
    for key in ("secret", "former_secret"):
        for path, value in select(draft.data, "sinks", "*", "callback", key):
            text = value.reveal() if isinstance(value, Secret) else value
            if isinstance(text, str) and len(text) < _SHORTEST:
                yield Problem(path, f"is too short, expected {_SHORTEST} characters or more")
    yield from _stages_can_be_reached(draft)


def _stages_can_be_reached(draft: Draft) -> Iterator[Problem]:
    for path, stage in select(draft.data, "sinks", "*", "callback", "stages", "*"):
        if stage in _NOT_BY_CALLBACK:
            text = f"is {stage}, to which no ticket system leads; expected one of"
            yield Problem(path, f"{text} {', '.join(CALLBACK_STAGES)}")


_SHORTEST = 16
_NOT_BY_CALLBACK = frozenset(stage.value for stage in Stage) - frozenset(CALLBACK_STAGES)
