"""The embedded rule engine: blocks of series in, alerts out.

Its only state is its alerts and the history of samples; it never reads a clock and may run in a
thread. A rule that fails leaves its alerts as they were and is reported by :meth:`health`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from time import perf_counter
from typing import NamedTuple, Protocol

import numpy as np
import structlog

from agent.model import Alert
from agent.rules import alert_state
from agent.rules.alerting import AlertingState
from agent.rules.gotemplate.template import Sample
from agent.rules.history import retention_of
from agent.rules.live_source import LiveSeries
from agent.rules.promql.compile import parse
from agent.rules.promql.errors import EvaluationError
from agent.rules.promql.evaluate import as_vector, evaluate
from agent.rules.promql.result_cache import ResultCache, share_subtrees
from agent.rules.promql.source import Source
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector
from agent.rules.rule import (
    AlertingRule,
    GoneRule,
    Group,
    RecordingRule,
    Rule,
    RuleHealth,
    RuleSet,
    notice_of,
)
from agent.rules.turns import Turns
from exporters.block import Block

log = structlog.get_logger(__name__)

DUPLICATE = "vector contains metrics with the same labelset after applying rule labels"


def recorded_series(rule: RecordingRule, result: Vector, limit: int) -> Vector:
    """The result of a recording rule with the rule's name and labels.

    Raises:
        EvaluationError: when two series become the same one, or there are more than ``limit``.
    """
    symbols = result.table.symbols
    columns = result.table.take(result.rows)
    columns.pop("__name__", None)
    for name, template in rule.labels.items():
        columns[name] = np.full(result.size, symbols.code(template.source), np.int32)
    projection = Table(symbols, columns, result.size).project(tuple(columns))
    if projection.table.rows != result.size:
        raise EvaluationError(DUPLICATE)
    if limit and result.size > limit:
        raise EvaluationError(f"exceeded limit of {limit} with {result.size} series")
    rows = projection.ids.astype(np.intp)
    return Vector(projection.table, rows, result.values, symbols.code(rule.name))


GRACE = 300.0
"""Seconds for which a restored alert stays although its series are missing (divided by the pace).

As long as Prometheus looks back for a sample after its own restart.
"""
_SPARE_SYMBOLS = 200_000


class Recorder(Protocol):
    """Receives the results of rules."""

    def record(self, rule: str, result: Vector) -> None:
        """Replace a recording rule's former result by its newest one."""
        ...

    def alerts(self, rule: str, name: str, alerts: Iterable[Alert]) -> None:
        """Receive an alerting rule's alerts after its evaluation."""
        ...


class RuleEngine:
    """Evaluates a rule set at given times and holds its alerts.

    Its history has the samples that ranges and offsets of the rules need, and of all series
    those of the last ``retention`` seconds.
    """

    def __init__(
        self,
        ruleset: RuleSet,
        external_labels: Mapping[str, str] | None = None,
        retention: float = 0.0,
        external_url: str = "",
    ) -> None:
        self.ruleset = ruleset
        self.gone: tuple[GoneRule, ...] = ()
        """The rules that :meth:`restore` or :meth:`inherit` met and that are not in the files."""
        self._states: dict[str, AlertingState] = {}
        self._names: dict[int, str] = {}
        self._health: dict[int, RuleHealth] = {}
        self._due: dict[int, float] = {}
        rules = [rule for group in ruleset.groups for rule in group.rules]
        self._retention = retention_of([rule.node for rule in rules])
        self._live = LiveSeries(self._retention, round(retention * 1000))
        self._cache = ResultCache()
        self._nodes = dict(
            zip(map(id, rules), share_subtrees(rule.node for rule in rules), strict=True)
        )
        self._symbols_at_start = 0
        self._recorded_results: dict[int, tuple[Vector, Vector]] = {}
        self._turns = Turns()
        self._create_states(external_labels or {}, external_url)

    def _create_states(self, external_labels: Mapping[str, str], external_url: str) -> None:
        occurrences: dict[str, int] = {}
        for group in self.ruleset.groups:
            for rule in group.rules:
                name = alert_state.identity(group, rule)
                count = occurrences[name] = occurrences.get(name, 0) + 1
                name = name if count == 1 else f"{name}#{count}"
                self._names[id(rule)] = name
                if isinstance(rule, AlertingRule):
                    grace = GRACE / self.ruleset.pace
                    self._states[name] = AlertingState(rule, external_labels, grace, external_url)

    def evaluate(self, blocks: Sequence[Block], now: float) -> tuple[Alert, ...]:
        """Evaluate every group that is due; returns all pending and firing alerts.

        An alert that is over is not among them. ``now`` is in seconds since the epoch.
        """
        with self._turns.round():
            self._renew_symbols()
            source = self._live.begin(now, blocks)
            self._cache.operands_of = source.operands
            for group in self.ruleset.groups:
                if self._is_due(group, now):
                    self.run(group, source, now, self._live, self._cache)
            return self.alerts()

    def clock_was_set(self, step: float) -> None:
        """Go on after the wall clock was set by ``step`` seconds; negative when set back.

        No time has passed: ``for`` and ``keep_firing_for`` go on, and so does the history that
        rates and other functions over time read.
        """
        with self._turns.round():
            self._live.shift(round(step * 1000))
            self._cache.clear()
            self._recorded_results.clear()
            self._due.clear()
            for state in self._states.values():
                state.clock_was_set(step)

    def announce_gone(self) -> tuple[str, ...]:
        """Log the rules that are gone; returns a line for each, for whoever reloaded."""
        for rule in self.gone:
            if rule.alerts:
                log.warning("rule_gone", rule=rule.identity, alerts=len(rule.alerts))
        silent = [rule.identity for rule in self.gone if not rule.alerts]
        if silent:
            log.info("rules_without_alerts_gone", rules=silent)
        return tuple(notice_of(rule) for rule in self.gone)

    @contextmanager
    def reading(self, blocks: Sequence[Block]) -> Iterator[Source]:
        """The source that rules read, for another thread.

        No rule is evaluated meanwhile, so leave the context as soon as :attr:`is_round_waiting`.
        """
        with self._turns.query():
            yield self._live.over(blocks)

    @property
    def is_round_waiting(self) -> bool:
        """Whether an evaluation waits for :meth:`reading` to end."""
        return self._turns.is_round_waiting

    def alerts_by_rule(self) -> dict[int, tuple[Alert, ...]]:
        """The alerts by the ``id()`` of their rule; may be called from another thread."""
        with self._turns.query():
            return {id(state.rule): state.alerts() for state in self._states.values()}

    def alerts(self) -> tuple[Alert, ...]:
        """All alerts of the newest evaluation, in the order of the rules."""
        return tuple(chain.from_iterable(state.alerts() for state in self._states.values()))

    def health(self) -> tuple[RuleHealth, ...]:
        """The health of each evaluated rule, in the order of the rules."""
        rules = (id(rule) for group in self.ruleset.groups for rule in group.rules)
        return tuple(self._health[rule] for rule in rules if rule in self._health)

    def health_of(self) -> dict[int, RuleHealth]:
        """The health of each evaluated rule, by the ``id()`` of the rule."""
        return self._health.copy()

    def durations(self) -> dict[str, float]:
        """The duration of each group's newest evaluation in seconds, by the group's name."""
        spent: dict[str, float] = {}
        for health in self.health():
            spent[health.group] = spent.get(health.group, 0.0) + health.duration
        return spent

    def state(self) -> Mapping[str, bytes]:
        """The state that must survive a restart: every alert and since when it is active.

        Named pages of bounded size; may be called from another thread.
        """
        with self._turns.round():
            return alert_state.dump(self._states, self.evaluated_at)

    def pages_of_gone_rules(self, pages: Collection[str]) -> frozenset[str]:
        """Those of the names of pages of :meth:`state` that no rule of this engine makes."""
        return alert_state.without_rule(pages, self._states)

    def restore(self, pages: Mapping[str, bytes]) -> int:
        """Restore the alerts of :meth:`state`; returns how many still have a rule.

        Raises:
            ValueError: when ``pages`` are not such a state; nothing is restored then.
        """
        count, self.gone = alert_state.load(pages, self._states)
        return count

    def inherit(self, former: "RuleEngine") -> None:
        """Take over the alerts and the history of the engine of other rules, as after a reload."""
        alert_state.load(former.state(), self._states, interrupted=False)
        self.gone = alert_state.gone_rules(former._states, self._states)  # noqa: SLF001 - another instance of this class
        with former._turns.round():  # noqa: SLF001 - another instance of this class
            self._live = former._live  # noqa: SLF001
            self._live.retain(self._retention, self._names.values())

    @property
    def evaluated_at(self) -> float:
        """The time of the last evaluation, seconds since the epoch; 0 before the first one."""
        return self._live.newest / 1000

    def retention_of(self, name: str) -> int:
        """For how many milliseconds the history has samples of a metric."""
        return self._live.history.retention(name)

    def history_bytes(self) -> int:
        """The memory of the samples in the history, in bytes."""
        with self._turns.round():
            return self._live.history.bytes()

    def run(
        self,
        group: Group,
        source: Source,
        now: float,
        recorder: Recorder,
        cache: ResultCache | None = None,
    ) -> None:
        """Evaluate one group's rules in order.

        ``cache`` has results of former evaluations over the same series.
        """
        evaluation = _GroupEvaluation(source, now, recorder, cache)
        for rule in group.rules:
            started = perf_counter()
            error = self._try(rule, group.limit, evaluation)
            spent = perf_counter() - started
            health = RuleHealth(
                group.file, group.name, rule.name, rule.expression, now, spent, error
            )
            self._health[id(rule)] = health

    def _try(self, rule: Rule, limit: int, evaluation: "_GroupEvaluation") -> str:
        try:
            self._evaluate(rule, limit, evaluation)
        except EvaluationError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - one rule must never stop the others
            return f"internal error: {type(error).__name__}: {error}"
        return ""

    def _evaluate(self, rule: Rule, limit: int, evaluation: "_GroupEvaluation") -> None:
        name, node = self._names[id(rule)], self._nodes[id(rule)]
        source, now = evaluation.source, evaluation.now
        result = as_vector(evaluate(node, source, now, cache=evaluation.cache), source)
        if isinstance(rule, RecordingRule):
            evaluation.recorder.record(name, self._recorded_series(rule, result, limit))
            return
        state = self._states[name]
        state.evaluate(result, now, limit, lambda text: _answer(text, source, now))
        evaluation.recorder.alerts(name, rule.name, state.alerts())

    def _recorded_series(self, rule: RecordingRule, result: Vector, limit: int) -> Vector:
        """The result with the rule's labels; the same object while ``result`` is the same."""
        former = self._recorded_results.get(id(rule))
        if former is None or former[0] is not result:
            former = self._recorded_results[id(rule)] = result, recorded_series(rule, result, limit)
        return former[1]

    def _is_due(self, group: Group, now: float) -> bool:
        """Whether a group with its own interval has reached its next slot."""
        if group.interval is None:
            return True
        slot = now // (group.interval / self.ruleset.pace)
        if self._due.get(id(group)) == slot:
            return False
        self._due[id(group)] = slot
        return True

    def _renew_symbols(self) -> None:
        """Renew the symbol table once most of its texts must belong to series that are gone."""
        size = len(self._live.columns.symbols)
        if not self._symbols_at_start:
            self._symbols_at_start = size if size > 1 else 0
        elif size > 2 * self._symbols_at_start + _SPARE_SYMBOLS:
            self._live.renew()
            self._cache.clear()
            self._recorded_results.clear()
            self._symbols_at_start = 0


class _GroupEvaluation(NamedTuple):
    """One evaluation of a group: the source, the time, and the recorder of results."""

    source: Source
    now: float
    recorder: Recorder
    cache: ResultCache | None


def _answer(text: str, source: Source, now: float) -> list[Sample]:
    """The answer to a query in a template.

    Raises:
        ValueError: when the query fails; the error is shown in place of the template.
    """
    try:
        vector = as_vector(evaluate(parse(text), source, now), source)
    except EvaluationError as error:
        raise ValueError(str(error)) from None
    pairs = zip(vector.label_sets(), vector.values.tolist(), strict=True)
    return [Sample(labels, value) for labels, value in pairs]
