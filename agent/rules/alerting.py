"""Evaluations of an alerting rule: its result becomes its alerts.

Labels are rendered before alerts are identified, as in Prometheus. The texts rendered for a
series are reused while its value does not change, so that a thousand alerts that keep firing
cost one look-up each.
"""

from collections.abc import Iterator, Mapping
from itertools import repeat
from math import inf

from agent.model import Alert
from agent.rules.active import (
    PENDING,
    ActiveAlert,
    AlertKey,
    Condition,
    activate,
    mark_missing,
    resume,
    step,
)
from agent.rules.gotemplate.template import Query, TemplateData, no_queries
from agent.rules.promql.errors import EvaluationError
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.vector import Vector
from agent.rules.rule import AlertingRule

ALERT_NAME = "alertname"
DUPLICATE = "vector contains metrics with the same labelset after applying alert labels"

_Row = tuple[str, ...]


class AlertingState:
    """One alerting rule and its active alerts."""

    def __init__(
        self,
        rule: AlertingRule,
        external_labels: Mapping[str, str],
        grace: float,
        external_url: str = "",
    ) -> None:
        self.rule = rule
        self.active: dict[AlertKey, ActiveAlert] = {}
        self._external_labels = external_labels
        self._external_url = external_url
        self._grace = grace
        texts = (*rule.labels.values(), *rule.annotations.values())
        self._queries = any(text.queries for text in texts)
        self._label_names: _Row = ()
        self._rendered: dict[_Row, tuple[AlertKey, Condition]] = {}
        self._unchanged_result: Vector | None = None
        self._pending_since = inf
        self._alerts: tuple[Alert, ...] | None = None
        self._watched_until = 0.0

    def alerts(self) -> tuple[Alert, ...]:
        """The pending and firing alerts, in the order in which they became active."""
        if self._alerts is None:
            self._alerts = tuple([entry.alert for entry in self.active.values()])
        return self._alerts

    def restore(self, entries: Mapping[AlertKey, ActiveAlert], watched_until: float = 0.0) -> None:
        """Add alerts from before a restart.

        The time from ``watched_until``, their last evaluation, to the first evaluation here does
        not count towards ``for`` and ``keep_firing_for``. 0 where no time lies between.
        """
        self.active.update(entries)
        self._watched_until = watched_until
        self._unchanged_result = self._alerts = None

    def clock_was_set(self, step: float) -> None:
        """Go on after the wall clock was set by ``step`` seconds, which do not count as passed."""
        resume(self.active.values(), step)
        if self._watched_until:
            self._watched_until += step
        self._unchanged_result = self._alerts = None

    def evaluate(self, result: Vector, now: float, limit: int, query: Query = no_queries) -> None:
        """Update the alerts by the rule's result at ``now``; ``query`` answers its templates.

        Raises:
            EvaluationError: when two series become the same alert, which leaves the alerts as
                they were, or when there are more than ``limit``, which drops them all.
        """
        if result is self._unchanged_result and now - self._pending_since < self.rule.hold:
            return
        if self._watched_until:
            resume(self.active.values(), now - self._watched_until)
            self._watched_until = 0.0
        self._unchanged_result = self._alerts = None
        conditions: dict[AlertKey, Condition] = {}
        rendered: dict[_Row, tuple[AlertKey, Condition]] = {}
        for row, value in self._rows(result):
            entry = self._rendered.get(row)
            if entry is None or entry[1].value != value or self._queries:
                entry = self._render(row, value, query)
            if entry[0] in conditions:
                raise EvaluationError(DUPLICATE)
            rendered[row] = entry
            conditions[entry[0]] = entry[1]
        self._rendered = rendered
        self._apply(conditions, now, limit)
        self._remember(result)

    def _remember(self, result: Vector) -> None:
        """Remember the result where evaluating it again changes nothing, and until when."""
        entries = self.active.values()
        if not self._queries and all(entry.missing_since is None for entry in entries):
            self._unchanged_result = result
        pending = (entry.alert.active_at for entry in entries if entry.alert.state == PENDING)
        self._pending_since = min(pending, default=inf)

    def _rows(self, result: Vector) -> Iterator[tuple[_Row, float]]:
        columns = result.label_columns()
        if tuple(columns) != self._label_names:
            self._label_names = tuple(columns)
            self._rendered = {}
        texts = zip(*columns.values(), strict=True) if columns else repeat((), result.size)
        return zip(texts, result.values.tolist(), strict=True)

    def _render(self, row: _Row, value: float, query: Query) -> tuple[AlertKey, Condition]:
        labels = {name: text for name, text in zip(self._label_names, row, strict=True) if text}
        data = TemplateData(labels, value, self._external_labels, self._external_url, query)
        final = {**labels, METRIC_NAME: "", ALERT_NAME: ""}
        final.update((name, label.render(data)) for name, label in self.rule.labels.items())
        final[ALERT_NAME] = ""
        alert_labels = {name: final[name] for name in sorted(final) if final[name]}
        annotations = {name: text.render(data) for name, text in self.rule.annotations.items()}
        return key_of(alert_labels), Condition(alert_labels, annotations, value)

    def _apply(self, conditions: Mapping[AlertKey, Condition], now: float, limit: int) -> None:
        active = self.active
        mark_missing((entry for key, entry in active.items() if key not in conditions), now)
        for key, condition in conditions.items():
            active[key] = activate(active.get(key), self.rule.name, condition, now)
        step(active, now, self.rule.hold, self.rule.keep_firing, self._grace)
        if limit and len(active) > limit:
            count = len(active)
            active.clear()
            raise EvaluationError(f"exceeded limit of {limit} with {count} alerts")


def key_of(labels: Mapping[str, str]) -> AlertKey:
    """The identity of an alert within its rule: all its labels, which are sorted by name."""
    return tuple(text for pair in labels.items() for text in pair)
