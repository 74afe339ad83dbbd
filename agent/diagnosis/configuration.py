"""The configuration a case is judged by: as it is, as it was approved, and where it leads."""

from dataclasses import dataclass

from agent.checks.baselines import Baseline
from agent.checks.route import Route, route
from agent.diagnosis.case import Case
from agent.model import Binding, Routing
from agent.states import Capability

OPEN_ROUTING = Routing()
"""What is assumed where a provider tells no routing: always open to everyone."""


@dataclass(frozen=True)
class Configured:
    """One configuration of a number; ``None`` for what is not told, or is not fresh."""

    routing: Routing | None
    bound: tuple[Binding, ...] | None

    def leads(self, case: Case) -> Route:
        """Where the call asked about would go."""
        return route(self.routing or OPEN_ROUTING, self.bound, case.context.local(), case.caller)


def present(case: Case) -> Configured:
    """The number's configuration now, as far as it is fresh."""
    row = case.checked.number_row(case.number)
    held = case.checked.drift.configuration
    if row is None:
        return Configured(None, None)
    return Configured(
        held.routings[row] if case.fresh(Capability.ROUTING) else None,
        held.bound[row] if case.fresh(Capability.REACHABILITY) else None,
    )


def approved(case: Case) -> Baseline | None:
    """The number's baseline."""
    row = case.checked.number_row(case.number)
    return None if row is None else case.checked.drift.configuration.baselines[row]
