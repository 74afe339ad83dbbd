"""The faults under way, and which of them a request meets."""

import random
from dataclasses import dataclass

from agent.simulator.actions import FaultKind, FaultPlan


@dataclass(frozen=True)
class Ongoing:
    """A fault under way since ``began`` (world seconds) until ``ends``, if it ends."""

    plan: FaultPlan
    began: float
    ends: float | None


class Faults:
    """The faults of a world. One request meets at most one: the first whose share hits it."""

    def __init__(self, seed: int) -> None:
        self.ongoing: list[Ongoing] = []
        self.coin = random.Random(f"{seed}:faults")  # noqa: S311 - a world, not a secret

    def begin(self, plan: FaultPlan, now: float) -> Ongoing:
        """Starts a fault."""
        ends = None if plan.lasts is None else now + plan.lasts
        fault = Ongoing(plan, now, ends)
        self.ongoing.append(fault)
        return fault

    def end(self, fault: Ongoing) -> bool:
        """Ends a fault; false when it had ended before."""
        before = len(self.ongoing)
        self.ongoing = [other for other in self.ongoing if other is not fault]
        return len(self.ongoing) < before

    def of(self, provider: str, kind: FaultKind | None = None) -> list[Ongoing]:
        """The faults of a provider under way, of one kind or of all."""
        return [
            fault
            for fault in self.ongoing
            if fault.plan.provider == provider and kind in {None, fault.plan.kind}
        ]

    def meet(
        self, provider: str, account: str | None = None, capability: str | None = None
    ) -> FaultPlan | None:
        """The fault that a request to ``provider`` meets, if any."""
        for fault in self.ongoing:
            plan = fault.plan
            if (
                plan.provider == provider
                and plan.account in {None, account}
                and plan.capability in {None, capability}
                and (plan.share >= 1 or self.coin.random() < plan.share)
            ):
                return plan
        return None
