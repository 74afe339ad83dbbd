"""An alerting rule's result into its alerts.

Labels are rendered before alerts are told apart, as in Prometheus. What was rendered for a
series is kept while its value stays the same, so that a thousand alerts that fire on and on
cost a look-up each.
"""

from collections.abc import Iterator, Mapping
from itertools import repeat
from math import inf

from agent.model import Alert
from agent.rules.active import PENDING, Active, Condition, Key, miss, resume, see, step
from agent.rules.gotemplate.template import Facts, Query, no_queries
from agent.rules.promql.errors import EvaluationError
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.vector import Vector
from agent.rules.rule import AlertingRule

ALERT_NAME = "alertname"
DUPLICATE = "vector contains metrics with the same labelset after applying alert labels"

_Row = tuple[str, ...]


class AlertingState:
    """One alerting rule and its alerts."""

    def __init__(
        self,
        rule: AlertingRule,
        external_labels: Mapping[str, str],
        grace: float,
        external_url: str = "",
    ) -> None:
        self.rule = rule
        self.active: dict[Key, Active] = {}
        self._external_labels = external_labels
        self._external_url = external_url
        self._grace = grace
        texts = (*rule.labels.values(), *rule.annotations.values())
        self._asks = any(text.asks for text in texts)
        self._names: _Row = ()
        self._known: dict[_Row, tuple[Key, Condition]] = {}
        self._settled: Vector | None = None
        self._pending_since = inf
        self._alerts: tuple[Alert, ...] | None = None
        self._watched_until = 0.0

    def alerts(self) -> tuple[Alert, ...]:
        """The alerts that are pending or firing, in the order in which they began."""
        if self._alerts is None:
            self._alerts = tuple([entry.alert for entry in self.active.values()])
        return self._alerts

    def restore(self, entries: Mapping[Key, Active], watched_until: float = 0.0) -> None:
        """Take up alerts from before a restart.

        ``watched_until`` is when they were last evaluated: from then until the first evaluation
        here no time passes for them. 0 where nothing lies between.
        """
        self.active.update(entries)
        self._watched_until = watched_until
        self._settled = self._alerts = None

    def evaluate(self, result: Vector, now: float, limit: int, query: Query = no_queries) -> None:
        """Take the rule's result as of ``now``.

        Raises:
            EvaluationError: when two series become the same alert, or there are more than
                ``limit``; alerts stay as they were in the first case and are gone in the other.
        """
        if result is self._settled and now - self._pending_since < self.rule.hold:
            return
        if self._watched_until:
            resume(self.active.values(), now - self._watched_until)
            self._watched_until = 0.0
        self._settled = self._alerts = None
        seen: dict[Key, Condition] = {}
        known: dict[_Row, tuple[Key, Condition]] = {}
        for row, value in self._rows(result):
            entry = self._known.get(row)
            if entry is None or entry[1].value != value or self._asks:
                entry = self._render(row, value, query)
            if entry[0] in seen:
                raise EvaluationError(DUPLICATE)
            known[row] = entry
            seen[entry[0]] = entry[1]
        self._known = known
        self._apply(seen, now, limit)
        self._settle(result)

    def _settle(self, result: Vector) -> None:
        """Note until when the very same result changes nothing."""
        entries = self.active.values()
        if not self._asks and all(entry.missing_since is None for entry in entries):
            self._settled = result
        pending = (e.alert.active_at for e in entries if e.alert.state == PENDING)
        self._pending_since = min(pending, default=inf)

    def _rows(self, result: Vector) -> Iterator[tuple[_Row, float]]:
        columns = result.label_columns()
        if tuple(columns) != self._names:
            self._names = tuple(columns)
            self._known = {}
        texts = zip(*columns.values(), strict=True) if columns else repeat((), result.size)
        return zip(texts, result.values.tolist(), strict=True)

    def _render(self, row: _Row, value: float, query: Query) -> tuple[Key, Condition]:
        labels = {name: text for name, text in zip(self._names, row, strict=True) if text}
        facts = Facts(labels, value, self._external_labels, self._external_url, query)
        final = {**labels, METRIC_NAME: "", ALERT_NAME: ""}
        final.update((name, label.render(facts)) for name, label in self.rule.labels.items())
        final[ALERT_NAME] = ""
        kept = {name: final[name] for name in sorted(final) if final[name]}
        annotations = {name: text.render(facts) for name, text in self.rule.annotations.items()}
        return key_of(kept), Condition(kept, annotations, value)

    def _apply(self, seen: Mapping[Key, Condition], now: float, limit: int) -> None:
        active = self.active
        miss((entry for key, entry in active.items() if key not in seen), now)
        for key, condition in seen.items():
            active[key] = see(active.get(key), self.rule.name, condition, now)
        step(active, now, self.rule.hold, self.rule.keep_firing, self._grace)
        if limit and len(active) > limit:
            count = len(active)
            active.clear()
            raise EvaluationError(f"exceeded limit of {limit} with {count} alerts")


def key_of(labels: Mapping[str, str]) -> Key:
    """What tells one alert of a rule from another: all its labels, sorted by name."""
    return tuple(text for pair in labels.items() for text in pair)
