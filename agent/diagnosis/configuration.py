"""The configuration of a number, current and approved, and how it routes a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agent.baselines.baseline import Baseline
from agent.diagnosis.caller_area import area_of_caller, is_outside
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.lints.linter import read_calendar
from agent.model import Binding, Routing
from agent.routing.calendar import hours_at
from agent.routing.caller import Caller
from agent.routing.evaluate import HOURS_UNKNOWN, MENU_UNKNOWN, Call, Setting, evaluate
from agent.routing.menu import Menu
from agent.routing.outcome import Outcome, Treatment
from agent.states import Capability, Cause

OPEN_ROUTING: Final = Routing()
"""Assumed if a provider reports no routing: open at all times, to every caller."""
WAIT_SEVERAL: Final = 15.0
"""Shortest useful wait in seconds with several bound phones (docs/reference/domain.md §4, L06)."""
WAIT_SINGLE: Final = 50.0
"""Shortest useful wait in seconds with a single bound phone (docs/reference/domain.md §4, L05)."""
OUTSIDE: Final = "elsewhere"
"""The area of a mobile that belongs to none of the areas in a number's region rule."""
_UNKNOWN: Final = frozenset({HOURS_UNKNOWN, MENU_UNKNOWN})
CALLER_AREA: Final = "caller_area"
"""The question for the caller's area code, which a mobile number does not contain."""


@dataclass(frozen=True)
class NumberConfiguration:
    """One configuration of a number; a part is ``None`` if it is not reported or not fresh."""

    routing: Routing | None
    bound: tuple[Binding, ...] | None

    def route(self, diagnosis: NumberDiagnosis) -> Outcome:
        """Returns the outcome of a call now from the caller that ``diagnosis`` is about."""
        routing = self.routing or OPEN_ROUTING
        caller = Caller.of(diagnosis.caller, caller_area(diagnosis, routing))
        call = Call(diagnosis.context.local_time(), caller)
        outcome = evaluate(self._setting(diagnosis), call)
        unknown = self.unknown_part(diagnosis)
        is_open = outcome.obstacle is Cause.NO_BINDING or outcome.why in _UNKNOWN
        if unknown and self.bound and is_open:
            # Phones are bound; only how a call gets to them is not known.
            return Outcome(Treatment.RINGING, certain=False, why=unknown)
        return outcome

    def unknown_part(self, diagnosis: NumberDiagnosis) -> str:
        """What is not known of where calls go: a target of the menu, or the phones of the hours.

        Empty if all is known. What an interface names and does not describe is not known, which
        is no proof that no phone rings.
        """
        setting = self._setting(diagnosis)
        names = {phone.id for phone in setting.phones}
        if setting.routing.menu and Menu.of(setting.routing.menu).unknown_targets(names):
            return MENU_UNKNOWN
        hours = hours_at(setting.routing, diagnosis.context.local_time(), setting.calendar)
        named = {name for _, _, phones in hours.stretches for name in phones}
        return HOURS_UNKNOWN if self.bound is not None and named - names else ""

    def ringing_phones(self, diagnosis: NumberDiagnosis) -> frozenset[str]:
        """Returns the ids of the phones that ring now for the caller that is diagnosed.

        Where no phone rings, those that the schedule admits now, whoever calls.
        """
        legs = self.route(diagnosis).legs
        return frozenset(leg.binding for leg in legs) or self.phones_in_hours(diagnosis)

    def phones_in_hours(self, diagnosis: NumberDiagnosis) -> frozenset[str]:
        """Returns the ids of the phones that the schedule admits now."""
        setting = self._setting(diagnosis)
        hours = hours_at(setting.routing, diagnosis.context.local_time(), setting.calendar)
        return frozenset(phone.id for phone in setting.phones if hours.admits(phone.id))

    def _setting(self, diagnosis: NumberDiagnosis) -> Setting:
        calendar = read_calendar(diagnosis.context.settings.calendar)
        return Setting(self.routing or OPEN_ROUTING, self.bound, calendar)


def current_configuration(diagnosis: NumberDiagnosis) -> NumberConfiguration:
    """The number's routing as last reported, and its phones if they are fresh."""
    row = diagnosis.result.number_row(diagnosis.number)
    if row is None:
        return NumberConfiguration(None, None)
    columns = diagnosis.result.drift.configuration
    # A stale routing is still the best guess, for it changes rarely; phones change by the hour.
    bound = columns.bound[row] if diagnosis.is_fresh(Capability.REACHABILITY) else None
    return NumberConfiguration(columns.routings[row], bound)


def baseline_of(diagnosis: NumberDiagnosis) -> Baseline | None:
    """The number's effective baseline."""
    row = diagnosis.result.number_row(diagnosis.number)
    return None if row is None else diagnosis.result.drift.configuration.baselines[row]


def is_wait_short(routing: Routing, phones: Sequence[Binding] | None) -> bool:
    """Whether the wait ends before a phone can well be answered.

    Source: docs/reference/domain.md §4, L05 and L06.
    """
    count = len(routing.binding_order if phones is None else phones)
    if routing.wait_seconds is None or not count:
        return False
    return routing.wait_seconds < (WAIT_SEVERAL if count > 1 else WAIT_SINGLE)


def caller_area(diagnosis: NumberDiagnosis, routing: Routing | None = None) -> str:
    """The caller's area code from the answers or from its number; empty if it is unknown."""
    answer = diagnosis.answers.get(CALLER_AREA, "")
    if answer or not diagnosis.caller:
        return answer
    routing = routing or diagnosis.routing or OPEN_ROUTING
    codes = area_codes(diagnosis, routing)
    area = area_of_caller(diagnosis.caller, codes)
    return OUTSIDE if not area and is_outside(diagnosis.caller, codes) else area


def area_codes(diagnosis: NumberDiagnosis, routing: Routing) -> tuple[str, ...]:
    """The area codes that a call's way depends on: of the region rule, and of single phones."""
    of_phones = (code for phone in diagnosis.bound_phones.values() for code in phone.areas)
    return tuple(dict.fromkeys((*routing.region_deny, *routing.region_allow, *of_phones)))
