"""A ticket's timeline in its reader's language: events, actors and reasons."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from agent.i18n import Joined, Message
from agent.testcalls import joint_test_words
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.specs import ACTION_SPECS
from agent.tickets.changes import AGENT
from agent.tickets.ticket import Entry
from agent.web.pages.timeline_sentences import SENTENCES, SENTENCES_OF_SYSTEMS
from agent.web.texts import PageTexts

_NESTED: Final = frozenset({"why", "reason"})
_WITH_PARTS: Final = frozenset({"why", "prompt"})
_LABELLED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("cause", "party", "severity", "state", "former"), ""),
    "channel": "channel",
    "clock": "clock",
    "scope": "scope",
    "symptom": "symptom",
    "grade": "grade",
}
"""Placeholders whose values are codes, with the group of their labels."""
_LISTS: Final = frozenset({"sections", "capabilities", "facts"})
_FIELDS_OF_FORM: Final = re.compile(r"(.*) \(((?:[a-z_]+ [^,]+)(?:, [a-z_]+ [^,]+)*)\)", re.DOTALL)
_ACTORS: Final[Mapping[str, Message]] = {
    "ticket-system": Message("{name} (ticket system)"),
    "provider": Message("{name} (provider)"),
}
_LONGEST: Final = 2000


@dataclass(frozen=True)
class TimelineRow:
    """One entry as it is shown."""

    at: float
    actor: str
    event: str
    reason: str
    is_comment: bool
    is_agent: bool
    is_system: bool
    """Whether a ticket system or a provider wrote it."""


@dataclass(frozen=True)
class _Pattern:
    """A sentence and the expression that finds its values in a stored text."""

    message: Message
    expression: re.Pattern[str]


def timeline_rows(entries: Iterable[Entry], texts: PageTexts) -> list[TimelineRow]:
    """The entries, the newest first."""
    rows = [_row(entry, texts) for entry in entries]
    return rows[::-1]


def is_conversation(entry: Entry) -> bool:
    """Whether a person's comment or what a system wrote."""
    return entry.event == TicketAction.COMMENT or _is_system(entry)


def _is_system(entry: Entry) -> bool:
    return ":" in entry.actor and entry.actor.partition(":")[0] in _ACTORS


def _row(entry: Entry, texts: PageTexts) -> TimelineRow:
    is_agent, is_system = entry.actor == AGENT, _is_system(entry)
    return TimelineRow(
        at=entry.at,
        actor=actor_text(entry.actor, texts),
        event=event_text(entry.event, texts, is_agent=is_agent),
        reason=reason_text(entry.reason, texts, is_agent=is_agent, is_system=is_system),
        is_comment=entry.event == TicketAction.COMMENT,
        is_agent=is_agent,
        is_system=is_system,
    )


def actor_text(actor: str, texts: PageTexts) -> str:
    """Who acted: a person's name, the agent, or a system with what it is."""
    kind, _, name = actor.partition(":")
    message = _ACTORS.get(kind) if name else None
    return actor if message is None else message.with_values(name=name).text(texts.locale)


def event_text(event: str, texts: PageTexts, *, is_agent: bool) -> str:
    """What happened, in a few words."""
    groups = ("event", "act") if is_agent else ("act", "event")
    labels = (texts.label(event, group) for group in groups)
    return next((label for label in labels if label != event), event.replace("_", " "))


def reason_text(
    reason: str, texts: PageTexts, *, is_agent: bool = True, is_system: bool = False
) -> str:
    """Why, in the reader's language; what a person wrote stays as it was written."""
    if len(reason) > _LONGEST:
        return reason
    if is_agent:
        return _translated(reason, texts, _agent_patterns()) or reason
    if is_system and (text := _translated(reason, texts, _system_patterns())):
        return text
    return _of_person(reason, texts)


def _of_person(reason: str, texts: PageTexts) -> str:
    """A person's reason with the fields of the form translated that stand behind it."""
    found = _FIELDS_OF_FORM.fullmatch(reason)
    if found is None:
        return reason
    words, fields = found.groups()
    parts = [part.partition(" ") for part in fields.split(", ")]
    if any(name not in _field_names() for name, _, _ in parts):
        return reason
    shown = [f"{texts.label(f'field.{name}')} {texts.label(value)}" for name, _, value in parts]
    return f"{words} ({Joined(tuple(shown)).text(texts.locale)})"


def _translated(text: str, texts: PageTexts, patterns: Sequence[_Pattern]) -> str:
    """The text in the reader's language; empty where no sentence is known that it is made from."""
    for pattern in patterns:
        found = pattern.expression.fullmatch(text)
        if found is not None:
            values = {name: _value(name, it, texts) for name, it in found.groupdict().items()}
            return pattern.message.with_values(**values).text(texts.locale)
    head, separator, tail = text.rpartition("; ")
    if not separator:
        return ""
    parts = tuple(_translated(part, texts, patterns) or part for part in (head, tail))
    return "" if parts == (head, tail) else Joined(parts).text(texts.locale)


def _value(name: str, value: str, texts: PageTexts) -> str:
    if name in _NESTED:
        return _translated(value, texts, _agent_patterns()) or value
    if name == "test_calls":
        return joint_test_words.stored_calls_text(value, texts.locale)
    if name == "refusal":
        return joint_test_words.refusal_text(value, texts.locale)
    if name in _LISTS:
        return Joined(tuple(map(texts.label, value.split(", "))), ", ").text(texts.locale)
    group = _LABELLED.get(name)
    return value if group is None else texts.label(value, group)


@cache
def _agent_patterns() -> tuple[_Pattern, ...]:
    return _patterns(SENTENCES)


@cache
def _system_patterns() -> tuple[_Pattern, ...]:
    return _patterns(SENTENCES_OF_SYSTEMS)


def _patterns(sentences: tuple[Message, ...]) -> tuple[_Pattern, ...]:
    return tuple(_Pattern(message, _expression(message.msgid)) for message in sentences)


def _expression(msgid: str) -> re.Pattern[str]:
    escaped = re.escape(msgid)
    return re.compile(re.sub(r"\\\{(\w+)\\\}", _placeholder, escaped), re.DOTALL)


def _placeholder(found: re.Match[str]) -> str:
    """Any text for a value, but only a nested sentence or a caller's words may have parts."""
    name = found[1]
    return f"(?P<{name}>.+?)" if name in _WITH_PARTS else f"(?P<{name}>(?:(?!; ).)+?)"


@lru_cache(maxsize=1)
def _field_names() -> frozenset[str]:
    return frozenset(field.name for spec in ACTION_SPECS.values() for field in spec.fields)
