"""Planned changes of configurations (``drift.planned``)."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.config.drift import PlannedChange
from agent.config.settings import Settings
from agent.config.values import epoch_of


@dataclass(frozen=True)
class PlannedPeriod:
    """One planned change with its time in epoch seconds."""

    start: float
    end: float
    change: PlannedChange

    def concerns(self, provider: str, account: str, number: str) -> bool:
        """Whether the change includes this number."""
        change = self.change
        return (
            change.provider in (None, provider)
            and change.account in (None, account)
            and (not change.numbers or number in change.numbers)
        )


def planned_periods(settings: Settings) -> tuple[PlannedPeriod, ...]:
    """Returns the planned changes of a configuration."""
    zone = settings.timezone
    return tuple(
        PlannedPeriod(epoch_of(change.start, zone), epoch_of(change.end, zone, last=True), change)
        for change in settings.drift.planned
    )


def under_way(plans: Sequence[PlannedPeriod], now: float) -> tuple[PlannedPeriod, ...]:
    """Returns the planned changes in progress at ``now``, epoch seconds."""
    return tuple(plan for plan in plans if plan.start <= now < plan.end)


def planned_for(
    plans: Sequence[PlannedPeriod], provider: str, account: str, number: str, now: float
) -> PlannedPeriod | None:
    """Returns the planned change in progress at ``now`` for this number, or ``None``."""
    fitting = (plan for plan in under_way(plans, now) if plan.concerns(provider, account, number))
    return next(fitting, None)
