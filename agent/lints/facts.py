"""What the lints look at: one number's facts, or one account's, with the parameters."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Final, NamedTuple

from agent.checks.balance import Money
from agent.config.lints import LintParameters
from agent.model import Binding, Number, Routing
from agent.routing.calendar import Calendar
from agent.routing.caller import plain_number
from agent.states import ConfigSection

Values = Mapping[str, object]
"""What a finding's text is filled with."""


_FULL: Final = re.compile(r"\+?\d{3,20}", re.ASCII)
_PUNCTUATION: Final = str.maketrans("", "", " -().")
_PLAIN_MOBILE: Final = re.compile(r"1[3-9]\d{9}", re.ASCII)


class BoundPhone(NamedTuple):
    """A bound phone whose number is told in full."""

    binding: Binding
    digits: str
    """As told, without punctuation."""
    plain: str
    """As it is dialled at home."""


def _bound_phones(bound: Iterable[Binding]) -> Iterator[BoundPhone]:
    for each in bound:
        phone = each.phone
        if _PLAIN_MOBILE.fullmatch(phone):
            yield BoundPhone(each, phone, phone)
            continue
        digits = phone.translate(_PUNCTUATION)
        if _FULL.fullmatch(digits):
            yield BoundPhone(each, digits, plain_number(digits))


class NumberFacts:
    """One number as a lint sees it; ``None`` is unknown and never a finding."""

    __slots__ = ("_bound_phones", "bound", "drifted", "number", "place", "routing")

    def __init__(
        self,
        number: Number,
        routing: Routing | None,
        bound: tuple[Binding, ...] | None,
        drifted: tuple[ConfigSection, ...],
        place: "Place",
    ) -> None:
        self.number = number
        self.routing = routing
        self.bound = bound
        self.drifted = drifted
        self.place = place
        self._bound_phones: tuple[BoundPhone, ...] | None = None

    @property
    def told(self) -> tuple[BoundPhone, ...]:
        """The bound phones whose numbers are told in full: a masked one proves nothing."""
        if self._bound_phones is None:
            self._bound_phones = tuple(_bound_phones(self.bound or ()))
        return self._bound_phones


@dataclass(frozen=True)
class Place:
    """What is the same for every number of a check: when it is, and the parameters."""

    now: datetime
    """In the zone of the schedules."""
    parameters: LintParameters
    calendar: Calendar = field(default_factory=Calendar)

    @cached_property
    def today(self) -> date:
        """The day it is there."""
        return self.now.date()

    @cached_property
    def epoch(self) -> float:
        """The same instant in seconds."""
        return self.now.timestamp()

    @cached_property
    def key_callers(self) -> tuple[str, ...]:
        """Test callers and key customers, written plainly."""
        return tuple(map(plain_number, self.parameters.key_callers))


@dataclass(frozen=True)
class AccountFacts:
    """One account as a lint sees it."""

    money: Money | None
    """``None`` while the balance is not known."""
    has_contact: bool
    """Whether anyone is named who can be called at the provider."""
    has_grade: bool
    """Whether anyone, provider or configuration, tells a service grade of its numbers."""
    place: Place
