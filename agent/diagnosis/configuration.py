"""The configuration a case is judged by: as it is, as it was approved, and where it leads."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.baselines.baseline import Baseline
from agent.diagnosis.area import area_of_caller, lies_elsewhere
from agent.diagnosis.case import Case
from agent.lints.linter import read_calendar
from agent.model import Binding, Routing
from agent.routing.calendar import hours_at
from agent.routing.caller import Caller
from agent.routing.evaluate import Call, Setting, evaluate
from agent.routing.outcome import Outcome
from agent.states import Capability

OPEN_ROUTING = Routing()
"""What is assumed where a provider tells no routing: always open to everyone."""
WAIT_SEVERAL = 15.0
"""Shortest useful wait in seconds with several bound phones (domain.md §4 L06)."""
WAIT_SINGLE = 50.0
"""Shortest useful wait in seconds with a single bound phone (domain.md §4 L05)."""
ELSEWHERE = "elsewhere"
"""The area of a mobile that belongs to none of the areas a number is configured for."""
CALLER_AREA = "caller_area"
"""The question that asks for the caller's area code."""


@dataclass(frozen=True)
class Configured:
    """One configuration of a number; ``None`` for what is not told, or is not fresh."""

    routing: Routing | None
    bound: tuple[Binding, ...] | None

    def leads(self, case: Case) -> Outcome:
        """What becomes of the call asked about."""
        routing = self.routing or OPEN_ROUTING
        caller = Caller.of(case.caller, caller_area(case, routing))
        return evaluate(self._setting(case), Call(case.context.local(), caller))

    def with_hours(self, case: Case) -> frozenset[str]:
        """The ids of the phones that a call may be led to now."""
        setting = self._setting(case)
        hours = hours_at(setting.routing, case.context.local(), setting.calendar)
        return frozenset(phone.id for phone in setting.phones if hours.admits(phone.id))

    def _setting(self, case: Case) -> Setting:
        calendar = read_calendar(case.context.settings.calendar)
        return Setting(self.routing or OPEN_ROUTING, self.bound, calendar)


def present(case: Case) -> Configured:
    """The number's configuration now: the routing as last told, the phones only while fresh."""
    row = case.checked.number_row(case.number)
    held = case.checked.drift.configuration
    if row is None:
        return Configured(None, None)
    return Configured(
        held.routings[row],
        held.bound[row] if case.fresh(Capability.REACHABILITY) else None,
    )


def approved(case: Case) -> Baseline | None:
    """The number's baseline."""
    row = case.checked.number_row(case.number)
    return None if row is None else case.checked.drift.configuration.baselines[row]


def wait_is_short(routing: Routing, bindings: Sequence[Binding] | None) -> bool:
    """Whether callers are given up before a phone can well be answered (domain.md §4 L05, L06)."""
    count = len(routing.binding_order if bindings is None else bindings)
    if routing.wait_seconds is None or not count:
        return False
    return routing.wait_seconds < (WAIT_SEVERAL if count > 1 else WAIT_SINGLE)


def caller_area(case: Case, routing: Routing | None = None) -> str:
    """The caller's area code as told or as the number tells it; empty where nobody knows."""
    told = case.answers.get(CALLER_AREA, "")
    if told or not case.caller:
        return told
    routing = routing or case.snapshot.routings.get(case.number) or OPEN_ROUTING
    codes = (*routing.region_deny, *routing.region_allow)
    known = area_of_caller(case.caller, codes)
    if not known and lies_elsewhere(case.caller, codes):
        return ELSEWHERE
    return known
