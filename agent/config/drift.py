"""Drift of configurations: where approved ones are declared, and when changes are planned."""

from pydantic import Field

from agent.config.section import Moment, Section
from agent.yamlfile.values import Name


class PlannedChange(Section):
    """A period in which the configuration of numbers may change without an alert.

    When it ends, whatever still differs from the approved configuration raises a drift alert.
    """

    start: Moment
    """When the period begins."""
    end: Moment
    """When the period ends; a bare day is included."""
    reason: str
    """What is planned, and by whom."""
    provider: Name | None = None
    """Only numbers at this provider."""
    account: Name | None = None
    """Only numbers of accounts of this name."""
    numbers: list[str] = Field(default=[])
    """Only these numbers, in quotes; all numbers if empty."""


class Drift(Section):
    """Drift of configurations: where approved ones are declared, and when changes are planned."""

    declared: list[str] = Field(default=[])
    """Globs of files that declare configurations, relative to the configuration file. They
    take precedence over approved configurations; see docs/baselines.md."""
    planned: list[PlannedChange] = Field(default=[])
    """Planned changes; while one is under way its numbers raise no drift alert."""
