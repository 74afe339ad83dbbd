"""A request for an action on a ticket, and how the fields of its form are read."""

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
    """An invalid request; the text names the field, what is wrong with it and what is expected."""


class Actor(msgspec.Struct, frozen=True):
    """Who acts on a ticket."""

    kind: ActorKind
    name: str
    """A person's name, a sink's, a provider's."""

    @property
    def label(self) -> str:
        """The actor as the timeline shows it: the agent, a name, or a kind with a name."""
        prefix = _PREFIXES[self.kind]
        return f"{prefix}{self.name}" if prefix is not None else AGENT


_PREFIXES: Mapping[ActorKind, str | None] = {
    ActorKind.AGENT: None,
    ActorKind.PERSON: "",
    ActorKind.TICKET_SYSTEM: "ticket-system:",
    ActorKind.PROVIDER: "provider:",
}


class ActionRequest(msgspec.Struct, frozen=True):
    """One action that an actor requests."""

    action: TicketAction
    actor: Actor
    reason: str
    fields: Mapping[str, Any] = {}
    """The form's values as they were entered; the action's fields read them."""
    revision: int | None = None
    """The revision the actor has seen; the request is refused when it is not the newest."""


Reader = Callable[[str, float, ZoneInfo], Any]
"""Reads the text of one field; takes the time now and the agent's time zone for times."""


@dataclass(frozen=True)
class Field:
    """One field of an action's form."""

    name: str
    about: str
    read: Reader
    required: bool = False
    choices: tuple[str, ...] = ()
    kind: str = "text"
    """The input a form shows: ``text``, ``choice``, ``time`` or ``duration``."""


def text(name: str, about: str, *, required: bool = False) -> Field:
    """A field of free text; control characters are removed."""
    return Field(name, about, lambda value, _now, _zone: scrub(value, LONGEST_TEXT), required)


def choice(name: str, about: str, choices: Sequence[str], *, required: bool = True) -> Field:
    """A field with a closed list of values."""

    def read(value: str, _now: float, _zone: ZoneInfo) -> str:
        if value not in choices:
            raise ValueError(f"is {scrub(value, 40)!r}, expected one of {', '.join(choices)}")
        return value

    return Field(name, about, read, required, tuple(choices), "choice")


def time(name: str, about: str, *, required: bool = False, future: bool = False) -> Field:
    """A field with a time: RFC 3339, in the agent's time zone where it names none."""

    def read(value: str, now: float, zone: ZoneInfo) -> float:
        try:
            entered = datetime.fromisoformat(value.strip())
            at = (entered if entered.tzinfo else entered.replace(tzinfo=zone)).timestamp()
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
    """A field with a duration in seconds, written like ``2h``."""

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
    fields: Sequence[Field], values: Mapping[str, Any], now: float, zone: ZoneInfo
) -> dict[str, Any]:
    """The value of every field that is filled in.

    Raises:
        ActionRequestError: for a field that is unknown, missing, or cannot be read.
    """
    names = {field.name for field in fields}
    for name in values:
        if name not in names:
            expected = ", ".join(sorted(names)) or "none"
            raise ActionRequestError(
                f"fields.{scrub(str(name), 40)}: is not known, expected {expected}"
            )
    return {
        field.name: _read(field, values[field.name], now, zone)
        for field in fields
        if _is_filled(field, values)
    }


def _is_filled(field: Field, values: Mapping[str, Any]) -> bool:
    filled = values.get(field.name) not in (None, "")
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


def person_name(name: str, field: str = "actor") -> str:
    """A person's name, scrubbed and masked for the timeline; errors name it ``field``.

    Raises:
        ActionRequestError: when it is empty, or looks like the agent's or a system's.
    """
    clean = mask_text(scrub(name, LONGEST_NAME)).strip()
    if not clean:
        raise ActionRequestError(f"{field}: is missing, expected a person's name")
    if clean.casefold() == AGENT or ":" in clean:
        raise ActionRequestError(
            f"{field}: is a name kept for the agent and for systems, expected a person's"
        )
    return clean
