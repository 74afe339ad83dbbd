"""A number's baseline and what differs from it now, as people and programs read it."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.baselines.baseline import Baseline
from agent.baselines.drift import Difference
from agent.baselines.planned import Plan
from agent.checks.result import CheckResult


@dataclass(frozen=True)
class BaselineReport:
    """Everything there is to say about one number's approved configuration."""

    checked: CheckResult
    number: str
    baseline: Baseline | None
    """What the number is held to; ``None`` before its configuration was ever complete."""
    differences: tuple[Difference, ...]
    since: float | None
    """When the configuration was first seen to differ; ``None`` where that was not seen."""
    planned: Plan | None
    """The planned change under way."""
    history: Sequence[Baseline]
    """The baselines that held before, the oldest first."""
