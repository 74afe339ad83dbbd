"""The faults under way, and which of them a request meets."""

import random
from dataclasses import dataclass

from agent.simulator.actions import FaultKind, FaultPlan


@dataclass(frozen=True)
class ActiveFault:
    """A fault under way since ``began`` (world seconds) until ``ends``, if it ends."""

    plan: FaultPlan
    began: float
    ends: float | None


class Faults:
    """The faults of a world. One request meets at most one: the first whose share hits it."""

    def __init__(self, seed: int) -> None:
        self.active: list[ActiveFault] = []
        self.rng = random.Random(f"{seed}:faults")  # nosec B311 # a world, not a secret

    def begin(self, plan: FaultPlan, now: float) -> ActiveFault:
        """Starts a fault."""
        ends = None if plan.lasts is None else now + plan.lasts
        fault = ActiveFault(plan, now, ends)
        self.active.append(fault)
        return fault

    def end(self, fault: ActiveFault) -> bool:
        """Ends a fault; false when it had ended before."""
        before = len(self.active)
        self.active = [other for other in self.active if other is not fault]
        return len(self.active) < before

    def of(self, provider: str, kind: FaultKind | None = None) -> list[ActiveFault]:
        """The faults of a provider under way, of one kind or of all."""
        return [
            fault
            for fault in self.active
            if fault.plan.provider == provider and kind in {None, fault.plan.kind}
        ]

    def fault_for(
        self, provider: str, account: str | None = None, capability: str | None = None
    ) -> FaultPlan | None:
        """The fault that a request to ``provider`` meets, if any."""
        for fault in self.active:
            plan = fault.plan
            if (
                plan.provider == provider
                and plan.account in {None, account}
                and plan.capability in {None, capability}
                and (plan.share >= 1 or self.rng.random() < plan.share)
            ):
                return plan
        return None
