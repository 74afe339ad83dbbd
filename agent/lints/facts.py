"""The facts that lints examine, of one number or one account, and which of them a lint needs."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntFlag, auto
from functools import cached_property
from operator import attrgetter
from typing import Final, NamedTuple

from agent.checks.balance import Money
from agent.config.lints import LintParameters
from agent.model import Binding, Number, Routing
from agent.routing.calendar import Calendar
from agent.routing.caller import plain_number
from agent.states import ConfigSection, Strategy

_FULL: Final = re.compile(r"\+?\d{3,20}", re.ASCII)
_PUNCTUATION: Final = str.maketrans("", "", " -().")
_PLAIN_MOBILE: Final = re.compile(r"1[3-9]\d{9}", re.ASCII)
_UNKNOWN_ROUTING: Final = Routing()


class FullPhone(NamedTuple):
    """A bound phone whose number the provider reports unmasked."""

    binding: Binding
    digits: str
    """As reported, without punctuation."""
    plain: str
    """As it is dialled within the country."""


def _full_phones(bound: Iterable[Binding]) -> Iterator[FullPhone]:
    for binding in bound:
        phone = binding.phone
        if _PLAIN_MOBILE.fullmatch(phone):
            yield FullPhone(binding, phone, phone)
            continue
        digits = phone.translate(_PUNCTUATION)
        if _FULL.fullmatch(digits):
            yield FullPhone(binding, digits, plain_number(digits))


class NumberFacts:
    """One number as a lint sees it; ``None`` is unknown and never a finding."""

    __slots__ = ("_full_phones", "bound", "context", "drifted", "number", "routing")

    def __init__(
        self,
        number: Number,
        routing: Routing | None,
        bound: tuple[Binding, ...] | None,
        drifted: tuple[ConfigSection, ...],
        context: "LintContext",
    ) -> None:
        self.number = number
        self.routing = routing
        self.bound = bound
        self.drifted = drifted
        self.context = context
        self._full_phones: tuple[FullPhone, ...] | None = None

    @property
    def settings(self) -> Routing:
        """The routing; one in which everything is unknown where the provider reports none."""
        return self.routing or _UNKNOWN_ROUTING

    @property
    def phones(self) -> tuple[Binding, ...]:
        """The bound phones; empty where they are unknown."""
        return self.bound or ()

    @property
    def full_phones(self) -> tuple[FullPhone, ...]:
        """The bound phones whose numbers are unmasked; a masked one proves nothing."""
        if self._full_phones is None:
            self._full_phones = tuple(_full_phones(self.phones))
        return self._full_phones


@dataclass(frozen=True)
class LintContext:
    """The time and the parameters of one run, the same for every number."""

    now: datetime
    """In the time zone of the schedules."""
    parameters: LintParameters
    calendar: Calendar = field(default_factory=Calendar)

    @cached_property
    def today(self) -> date:
        """The local day."""
        return self.now.date()

    @cached_property
    def epoch(self) -> float:
        """The same instant in epoch seconds."""
        return self.now.timestamp()

    @cached_property
    def key_callers(self) -> tuple[str, ...]:
        """Test callers and key customers, in plain digits."""
        return tuple(map(plain_number, self.parameters.key_callers))


@dataclass(frozen=True)
class AccountFacts:
    """One account as a lint sees it."""

    money: Money | None
    """``None`` while the balance is unknown."""
    has_contact: bool
    """Whether a contact at the provider is configured."""
    has_grade: bool
    """Whether provider or configuration gives any of its numbers a service grade."""
    context: LintContext
    unlisted: Sequence[str] = ()
    """Numbers that the account does not list and under which it has phones."""
    unlisted_phones: int = 0
    """How many phones those are."""
    not_listed: Sequence[str] = ()
    """Numbers of the inventory that the provider does not list."""
    not_in_inventory: Sequence[str] = ()
    """Listed numbers that the inventory lacks."""
    other_phones: Sequence[str] = ()
    """Numbers whose phones are not those of the inventory."""


class Needs(IntFlag):
    """Facts without which a lint cannot find anything.

    Most numbers use few features; a lint runs only where the feature it is about is in use.
    """

    UNBOUND = auto()
    """It is known that no phone is bound."""
    BOUND = auto()
    """At least one bound phone."""
    SINGLE = auto()
    SEVERAL = auto()
    ROUTING = auto()
    SEQUENTIAL = auto()
    """Phones that ring one after the other."""
    WEIGHTED = auto()
    SCHEDULE = auto()
    """Weekly hours."""
    LISTS = auto()
    """A black list, or a white list that is enabled or not empty."""
    REGION = auto()
    """Regions of the number or of its phones."""
    MENU = auto()
    RECORDING = auto()
    VOICEMAIL = auto()
    LINES = auto()
    """Capacities of a trunk or of phones."""
    PAPERS = auto()
    """A contract, licence or ID with an end."""
    USE = auto()
    """A registered and an actual use."""
    CARRIER = auto()
    """A carrier reported by the provider."""
    KEY_CALLERS = auto()
    """Test callers or key customers in the configuration."""
    DRIFT = auto()
    """A configuration that differs from its baseline."""
    MARKING = auto()
    """What people have marked the number as."""


# Plain numbers: operators of flags are slow, and this runs for every number.
_UNBOUND, _BOUND = int(Needs.UNBOUND), int(Needs.BOUND)
_SINGLE, _SEVERAL = int(Needs.SINGLE | Needs.BOUND), int(Needs.SEVERAL | Needs.BOUND)
_ROUTING, _SCHEDULE, _LISTS = int(Needs.ROUTING), int(Needs.SCHEDULE), int(Needs.LISTS)
_REGION, _MENU, _RECORDING = int(Needs.REGION), int(Needs.MENU), int(Needs.RECORDING)
_VOICEMAIL, _LINES, _PAPERS = int(Needs.VOICEMAIL), int(Needs.LINES), int(Needs.PAPERS)
_USE, _CARRIER = int(Needs.USE), int(Needs.CARRIER)
_KEY_CALLERS, _DRIFT = int(Needs.KEY_CALLERS), int(Needs.DRIFT)
_MARKING = int(Needs.MARKING)
_OF_STRATEGY: Final = {
    Strategy.SEQUENTIAL: int(Needs.SEQUENTIAL),
    Strategy.WEIGHTED: int(Needs.WEIGHTED),
}
_AREAS: Final = attrgetter("areas")
_OWN_LINES: Final = attrgetter("lines")


def needs_met(facts: NumberFacts) -> int:
    """The facts that are known of a number, as members of :class:`Needs`."""
    met = _of_number(facts.number)
    if facts.drifted:
        met |= _DRIFT
    if facts.bound is not None:
        met |= _of_phones(facts.bound)
    if facts.routing is not None:
        met |= _of_routing(facts.routing)
    return met | _KEY_CALLERS if facts.context.key_callers else met


def _of_number(number: Number) -> int:
    met = _CARRIER if number.carrier else 0
    if number.contract_end or number.licence_end or number.identity_end:
        met |= _PAPERS
    if number.marking is not None:
        met |= _MARKING
    return met | _USE if number.registered_use and number.actual_use else met


def _of_phones(bound: tuple[Binding, ...]) -> int:
    met = (_SEVERAL if len(bound) > 1 else _SINGLE) if bound else _UNBOUND
    if any(map(_AREAS, bound)):
        met |= _REGION
    return met | _LINES if any(map(_OWN_LINES, bound)) else met


def _of_routing(routing: Routing) -> int:
    met = _ROUTING | _OF_STRATEGY.get(routing.strategy, 0)
    if routing.schedule:
        met |= _SCHEDULE
    if routing.blacklist or routing.whitelist_enabled or routing.whitelist:
        met |= _LISTS
    if routing.region_allow or routing.region_deny:
        met |= _REGION
    if routing.menu:
        met |= _MENU
    if routing.recording:
        met |= _RECORDING
    if routing.voicemail:
        met |= _VOICEMAIL
    return met | _LINES if routing.trunk_capacity else met
