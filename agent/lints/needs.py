"""What must be told of a number before a lint can find anything.

Most numbers use few features; a lint is asked only where what it is about is there at all.
"""

from enum import IntFlag, auto
from operator import attrgetter
from typing import Final

from agent.lints.facts import NumberFacts
from agent.model import Binding, Number, Routing
from agent.states import Strategy


class Needs(IntFlag):
    """What a lint is about."""

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
    """A black list, or a white list that is on or filled."""
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
    """A carrier told by the provider."""
    KEY_CALLERS = auto()
    """Test callers or key customers in the configuration."""
    DRIFT = auto()
    """A configuration that is not as in its baseline."""


# Plain numbers: operators of flags are slow, and this is done for every number.
_UNBOUND, _BOUND = int(Needs.UNBOUND), int(Needs.BOUND)
_SINGLE, _SEVERAL = int(Needs.SINGLE | Needs.BOUND), int(Needs.SEVERAL | Needs.BOUND)
_ROUTING, _SCHEDULE, _LISTS = int(Needs.ROUTING), int(Needs.SCHEDULE), int(Needs.LISTS)
_REGION, _MENU, _RECORDING = int(Needs.REGION), int(Needs.MENU), int(Needs.RECORDING)
_VOICEMAIL, _LINES, _PAPERS = int(Needs.VOICEMAIL), int(Needs.LINES), int(Needs.PAPERS)
_USE, _CARRIER = int(Needs.USE), int(Needs.CARRIER)
_KEY_CALLERS, _DRIFT = int(Needs.KEY_CALLERS), int(Needs.DRIFT)
_OF_STRATEGY: Final = {
    Strategy.SEQUENTIAL: int(Needs.SEQUENTIAL),
    Strategy.WEIGHTED: int(Needs.WEIGHTED),
}
_AREAS: Final = attrgetter("areas")
_OWN_LINES: Final = attrgetter("lines")


def needs_met(facts: NumberFacts) -> int:
    """What is told of a number, as members of :class:`Needs`."""
    met = _of_number(facts.number)
    if facts.drifted:
        met |= _DRIFT
    if facts.bound is not None:
        met |= _of_phones(facts.bound)
    if facts.routing is not None:
        met |= _of_routing(facts.routing)
    return met | _KEY_CALLERS if facts.place.key_callers else met


def _of_number(number: Number) -> int:
    met = _CARRIER if number.carrier else 0
    if number.contract_end or number.licence_end or number.identity_end:
        met |= _PAPERS
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
