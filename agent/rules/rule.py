"""Rules and groups as loaded, and how the newest evaluation of each rule went."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from agent.model import Alert
from agent.rules.gotemplate.template import Template
from agent.rules.promql.nodes import Node


@dataclass(frozen=True)
class Rule:
    """The parts that alerting and recording rules have in common."""

    name: str
    """The alert's name, or the name of the recorded metric."""
    expression: str
    """The expression as written in the file."""
    node: Node
    labels: Mapping[str, Template]
    line: int
    """The line at which the rule starts in its file."""


@dataclass(frozen=True)
class AlertingRule(Rule):
    """An alerting rule. Durations are seconds, already divided by the pace."""

    hold: float
    """``for``: how long the condition must hold before the alert fires."""
    keep_firing: float
    """``keep_firing_for``: how long the alert still fires after the condition stopped to hold."""
    annotations: Mapping[str, Template]


@dataclass(frozen=True)
class RecordingRule(Rule):
    """A recording rule: its result is a metric that later rules can read."""


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated one after the other, at the same time."""

    name: str
    file: str
    interval: float | None
    """Seconds between evaluations; ``None`` means at every evaluation of the engine."""
    limit: int
    """The most alerts or series of each rule; 0 means no limit."""
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class RuleSet:
    """All groups of some files, in order."""

    groups: tuple[Group, ...]
    pace: float = 1.0

    @cached_property
    def alert_names(self) -> frozenset[str]:
        """The names of the alerts that the rules give."""
        rules = (rule for group in self.groups for rule in group.rules)
        return frozenset(rule.name for rule in rules if isinstance(rule, AlertingRule))


@dataclass(frozen=True)
class GoneRule:
    """An alerting rule that was evaluated before and that the rule files no longer have."""

    name: str
    identity: str
    """Its group, name and labels, as it was in its file."""
    alerts: tuple[Alert, ...]
    """Its alerts, pending and firing, when it was evaluated for the last time."""
    is_changed: bool
    """Whether an alerting rule of this name is still there, in another group or with other
    labels."""


def notice_of(rule: GoneRule) -> str:
    """One line for an operator who reloads rule files that no longer have ``rule``."""
    what = "changed its group or its labels" if rule.is_changed else "is gone from the rule files"
    if not rule.alerts:
        return f"rule {rule.identity} {what}; it had no alerts"
    return (
        f"rule {rule.identity} {what} while it had {len(rule.alerts)} alerts: their tickets stay"
        " open until an alert fires for them again or a person closes them"
    )


@dataclass(frozen=True, slots=True)
class RuleHealth:
    """The outcome of a rule's newest evaluation. Times are seconds."""

    file: str
    group: str
    rule: str
    expression: str
    evaluated_at: float
    duration: float
    error: str = ""
    """Why it failed; empty when it succeeded."""

    @property
    def ok(self) -> bool:
        """Whether the evaluation succeeded."""
        return not self.error
