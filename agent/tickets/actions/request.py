"""What somebody asks to be done with a ticket, and how its fields are read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.tickets.actions.action import TicketAction
from agent.tickets.changes import AGENT
from agent.tickets.lifecycle import ActorKind
from agent.yamlfile.duration import parse_duration

LONGEST_TEXT = 1000
LONGEST_NAME = 60


class ActionRequestError(ValueError):
    """An order that cannot be read; the text says which field, what is wrong, what is expected."""


class Actor(msgspec.Struct, frozen=True):
    """Who acts."""

    kind: ActorKind
    name: str
    """A person's name, a sink's, a provider's."""

    @property
    def label(self) -> str:
        """How the timeline calls them."""
        prefix = _PREFIXES[self.kind]
        return f"{prefix}{self.name}" if prefix is not None else AGENT


_PREFIXES: Mapping[ActorKind, str | None] = {
    ActorKind.AGENT: None,
    ActorKind.PERSON: "",
    ActorKind.TICKET_SYSTEM: "ticket-system:",
    ActorKind.PROVIDER: "provider:",
}


class ActionRequest(msgspec.Struct, frozen=True):
    """One act that somebody asks for."""

    action: TicketAction
    actor: Actor
    reason: str
    fields: Mapping[str, Any] = {}
    """What was filled in, read by the act's own fields."""
    revision: int | None = None
    """The revision the actor has seen; another one by now refuses the order."""


Reader = Callable[[str, float, ZoneInfo], Any]
"""Reads one field's text; ``now`` and the agent's zone are for times."""


@dataclass(frozen=True)
class Field:
    """One field of an act's form."""

    name: str
    about: str
    read: Reader
    required: bool = False
    choices: tuple[str, ...] = ()
    kind: str = "text"
    """What a form shows for it: ``text``, ``choice``, ``time`` or ``duration``."""


def text(name: str, about: str, *, required: bool = False) -> Field:
    """A field of free text, made fit to be shown."""
    return Field(name, about, lambda value, _now, _zone: scrub(value, LONGEST_TEXT), required)


def choice(name: str, about: str, choices: Sequence[str], *, required: bool = True) -> Field:
    """A field with a closed list."""

    def read(value: str, _now: float, _zone: ZoneInfo) -> str:
        if value not in choices:
            raise ValueError(f"is {scrub(value, 40)!r}, expected one of {', '.join(choices)}")
        return value

    return Field(name, about, read, required, tuple(choices), "choice")


def time(name: str, about: str, *, required: bool = False, future: bool = False) -> Field:
    """A field with a moment: RFC 3339, in the agent's zone where it names none."""

    def read(value: str, now: float, zone: ZoneInfo) -> float:
        try:
            told = datetime.fromisoformat(value.strip())
            at = (told if told.tzinfo else told.replace(tzinfo=zone)).timestamp()
        except (ValueError, OverflowError):
            text = f"is {scrub(value, 40)!r}, expected a time such as 2026-11-22T09:30+08:00"
            raise ValueError(text) from None
        if future and at <= now:
            raise ValueError("has passed, expected a time to come")
        if not future and at > now:
            raise ValueError("is still to come, expected a time that has passed")
        return at

    return Field(name, about, read, required, kind="time")


def duration(name: str, about: str, *, required: bool = False) -> Field:
    """A field with a length of time."""

    def read(value: str, _now: float, _zone: ZoneInfo) -> float:
        try:
            seconds = parse_duration(value)
        except ValueError:
            raise ValueError(f"is {scrub(value, 40)!r}, expected a duration such as 2h") from None
        if not seconds:
            raise ValueError("is no time at all, expected a duration such as 2h")
        return seconds

    return Field(name, about, read, required, kind="duration")


def read_fields(
    known: Sequence[Field], given: Mapping[str, Any], now: float, zone: ZoneInfo
) -> dict[str, Any]:
    """The value of every field that was filled in.

    Raises:
        OrderError: for a field that is not known, missing, or cannot be read.
    """
    names = {field.name for field in known}
    for name in given:
        if name not in names:
            expected = ", ".join(sorted(names)) or "none"
            raise ActionRequestError(
                f"fields.{scrub(str(name), 40)}: is not known, expected {expected}"
            )
    return {
        field.name: _read(field, given[field.name], now, zone)
        for field in known
        if _is_given(field, given)
    }


def _is_given(field: Field, given: Mapping[str, Any]) -> bool:
    filled = given.get(field.name) not in (None, "")
    if field.required and not filled:
        expected = f"one of {', '.join(field.choices)}" if field.choices else field.about
        raise ActionRequestError(f"fields.{field.name}: is missing, expected {expected}")
    return filled


def _read(field: Field, value: object, now: float, zone: ZoneInfo) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ActionRequestError(f"fields.{field.name}: is no text, expected {field.about}")
    try:
        return field.read(str(value), now, zone)
    except ValueError as error:
        raise ActionRequestError(f"fields.{field.name}: {error}") from None


def person_name(name: str) -> str:
    """A person's name as the timeline shows it.

    Raises:
        OrderError: when there is none, or it is the agent's own.
    """
    clean = mask_text(scrub(name, LONGEST_NAME)).strip()
    if not clean:
        raise ActionRequestError("actor: is missing, expected who acts")
    if clean.casefold() == AGENT or ":" in clean:
        raise ActionRequestError(
            "actor: is a name kept for the agent and for systems, expected a person's"
        )
    return clean
