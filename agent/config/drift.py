"""What counts as drift of a number's configuration, and when it is meant to change."""

from pydantic import Field

from agent.config.section import Moment, Section
from agent.yamlfile.values import Name


class PlannedChange(Section):
    """A stretch of time in which the configuration of numbers may change without an alert.

    What still differs from the approved configuration when it ends raises a drift alert then.
    """

    start: Moment
    """When it begins."""
    end: Moment
    """When it ends; a bare day is included."""
    reason: str
    """What is planned, and by whom."""
    provider: Name | None = None
    """Only numbers at this provider."""
    account: Name | None = None
    """Only numbers of accounts of this name."""
    numbers: list[str] = Field(default=[])
    """Only these numbers, in quotes; all if not said."""


class Drift(Section):
    """What counts as drift of a number's configuration, and when it is meant to change."""

    declared: list[str] = Field(default=[])
    """Globs of files that declare configurations, relative to the configuration file. What they
    say goes before what was approved; see docs/baselines.md."""
    planned: list[PlannedChange] = Field(default=[])
    """Planned changes; while one is under way its numbers raise no drift alert."""
