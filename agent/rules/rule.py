"""Rules and groups as loaded, and how the newest evaluation of each rule went."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.rules.gotemplate.template import Template
from agent.rules.promql.nodes import Node


@dataclass(frozen=True)
class Rule:
    """What alerting and recording rules have in common."""

    name: str
    """The alert's name, or the name of the recorded metric."""
    expression: str
    """As written in the file."""
    node: Node
    labels: Mapping[str, Template]
    line: int
    """Where the rule starts in its file."""


@dataclass(frozen=True)
class AlertingRule(Rule):
    """A rule that gives alerts. Durations are seconds, already divided by the pace."""

    hold: float
    """``for``: how long the condition must be seen before the alert fires."""
    keep_firing: float
    """``keep_firing_for``: how long the alert fires on after the condition is gone."""
    annotations: Mapping[str, Template]


@dataclass(frozen=True)
class RecordingRule(Rule):
    """A rule whose result is a metric for the rules after it."""


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated one after the other, as of the same instant."""

    name: str
    file: str
    interval: float | None
    """Seconds between evaluations where the group says so."""
    limit: int
    """The most alerts or series a rule may give; 0 means no limit."""
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class RuleSet:
    """All groups of some files, in order."""

    groups: tuple[Group, ...]
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class RuleHealth:
    """The newest evaluation of one rule. Times are seconds."""

    file: str
    group: str
    rule: str
    expression: str
    evaluated_at: float
    duration: float
    error: str = ""
    """Why it failed; empty when it went well."""

    @property
    def ok(self) -> bool:
        """Whether the rule could be evaluated."""
        return not self.error
