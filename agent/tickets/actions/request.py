"""A request for an action on a ticket, and how the fields of its form are read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from agent.i18n import Message, contextual
from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.tickets.actions.action import TicketAction
from agent.tickets.changes import AGENT
from agent.tickets.lifecycle import ActorKind
from agent.tickets.refusal import RefusalError
from agent.yamlfile.duration import parse_duration

LONGEST_TEXT = 1000
LONGEST_NAME = 60


class ActionRequestError(RefusalError, ValueError):
    """An invalid request; the text names the field, what is wrong with it and what is expected."""


class FieldError(ValueError):
    """A field that cannot be read."""

    def __init__(self, problem: Message) -> None:
        super().__init__(problem.msgid)
        self.problem = problem


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


_MISSING: Final = Message("is missing, expected {expected}")
_NO_TEXT: Final = Message("is no text, expected {expected}")
_NO_TIME: Final = Message("is '{sent}', expected a time such as 2026-11-22T09:30+08:00")
_NO_DURATION: Final = Message("is '{sent}', expected a duration such as 2h")
_A_NAME: Final = Message("a person's name")


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


def _no_choice(value: str, choices: Sequence[str]) -> Message:
    values = {"sent": scrub(value, 40), "choices": ", ".join(choices)}
    return Message("is '{sent}', expected one of {choices}", values)


def choice(name: str, about: str, choices: Sequence[str], *, required: bool = True) -> Field:
    """A field with a closed list of values."""

    def read(value: str, _now: float, _zone: ZoneInfo) -> str:
        if value not in choices:
            raise FieldError(_no_choice(value, choices))
        return value

    return Field(name, about, read, required, tuple(choices), "choice")


def time(name: str, about: str, *, required: bool = False, future: bool = False) -> Field:
    """A field with a time: RFC 3339, in the agent's time zone where it names none."""

    def read(value: str, now: float, zone: ZoneInfo) -> float:
        try:
            entered = datetime.fromisoformat(value.strip())
            at = (entered if entered.tzinfo else entered.replace(tzinfo=zone)).timestamp()
        except (ValueError, OverflowError):
            raise FieldError(_NO_TIME.with_values(sent=scrub(value, 40))) from None
        if future and at <= now:
            raise FieldError(Message("has passed, expected a time to come"))
        if not future and at > now:
            raise FieldError(Message("is still to come, expected a time that has passed"))
        return at

    return Field(name, about, read, required, kind="time")


def duration(name: str, about: str, *, required: bool = False) -> Field:
    """A field with a duration in seconds, written like ``2h``."""

    def read(value: str, _now: float, _zone: ZoneInfo) -> float:
        try:
            seconds = parse_duration(value)
        except ValueError:
            raise FieldError(_NO_DURATION.with_values(sent=scrub(value, 40))) from None
        if not seconds:
            raise FieldError(Message("is no time at all, expected a duration such as 2h"))
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
            expected = ", ".join(sorted(names)) or contextual("value", "none")
            problem = Message("is not known, expected {expected}", {"expected": expected})
            raise ActionRequestError(problem, f"fields.{scrub(str(name), 40)}")
    return {
        field.name: _read(field, values[field.name], now, zone)
        for field in fields
        if _is_filled(field, values)
    }


def _is_filled(field: Field, values: Mapping[str, Any]) -> bool:
    filled = values.get(field.name) not in (None, "")
    if field.required and not filled:
        expected: Message = Message(field.about)  # its text is marked where the field is declared
        if field.choices:
            expected = Message("one of {choices}", {"choices": ", ".join(field.choices)})
        raise ActionRequestError(_MISSING.with_values(expected=expected), f"fields.{field.name}")
    return filled


def _read(field: Field, value: object, now: float, zone: ZoneInfo) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        problem = _NO_TEXT.with_values(expected=Message(field.about))
        raise ActionRequestError(problem, f"fields.{field.name}")
    try:
        return field.read(str(value), now, zone)
    except FieldError as error:
        raise ActionRequestError(error.problem, f"fields.{field.name}") from None


def person_name(name: str, field: str = "actor") -> str:
    """A person's name, scrubbed and masked for the timeline; errors name it ``field``.

    Raises:
        ActionRequestError: when it is empty, or looks like the agent's or a system's.
    """
    clean = mask_text(scrub(name, LONGEST_NAME)).strip()
    if not clean:
        raise ActionRequestError(_MISSING.with_values(expected=_A_NAME), field)
    if clean.casefold() == AGENT or ":" in clean:
        raise ActionRequestError(
            Message("is a name kept for the agent and for systems, expected a person's"), field
        )
    return clean
