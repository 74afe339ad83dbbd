"""The series that rules read in the running agent: blocks, results of rules, and the history."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from operator import is_

import numpy as np

from agent.model import Alert
from agent.rules.alerting import ALERT_NAME
from agent.rules.history import History
from agent.rules.promql.errors import DUPLICATE_SAMPLE, EvaluationError
from agent.rules.promql.frame_columns import FrameColumns
from agent.rules.promql.nodes import Selector
from agent.rules.promql.range_vector import RangeVector, Span
from agent.rules.promql.result_cache import Operands
from agent.rules.promql.source import BlockSource, Source, matching
from agent.rules.promql.symbols import Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector, empty, joined
from exporters.block import Block

ALERTS = "ALERTS"
ALERTS_FOR_STATE = "ALERTS_FOR_STATE"
_STATE = "alertstate"


class LiveSeries:
    """All series that rules read, over many evaluations, and the recorder of their results.

    The newest result of a rule stays until the rule is evaluated again.
    """

    def __init__(self, retention: Mapping[str, int], floor: int = 0) -> None:
        self.columns = FrameColumns()
        self.history = History(self.columns, retention, floor)
        self._now = 0
        self._results: dict[str, Vector] = {}
        self._names: dict[str, str] = {}
        self._of_name: dict[str, tuple[Vector, ...]] = {}
        self._alerts: dict[str, tuple[str, tuple[Alert, ...]]] = {}
        self._series: dict[tuple[str, str], tuple[tuple[Alert, ...], Vector]] = {}

    def begin(self, now: float, blocks: Sequence[Block]) -> "PresentSource":
        """The source of an evaluation at ``now`` (epoch seconds); adds a tick to the history."""
        self._now = round(now * 1000)
        self.history.add_blocks(self._now, blocks)
        return self.over(blocks)

    def shift(self, step: int) -> None:
        """Restate all times after the wall clock was set by ``step`` milliseconds."""
        if self._now:
            self._now += step
        self.history.shift(step)

    @property
    def newest(self) -> int:
        """The time of the newest tick, milliseconds since the epoch; 0 without one."""
        return self._now

    def over(self, blocks: Sequence[Block]) -> "PresentSource":
        """A source over ``blocks`` that adds no tick."""
        return PresentSource(self, BlockSource(self.columns, blocks), self._now)

    def record(self, rule: str, result: Vector) -> None:
        """Replace a recording rule's former result by its newest one.

        Raises:
            EvaluationError: when an earlier rule wrote another value to the same series; the
                earlier value stays.
        """
        others = self._before(rule, result)
        written, differs = without_duplicates(result, others) if others else (result, False)
        if written is not self._results.get(rule):
            self._results[rule] = written
            self._of_name.clear()
        if written.size:
            self._names[rule] = self.columns.symbols.texts[written.metric]
        if rule in self._names:
            self.history.add_result(rule, self._names[rule], self._now, written)
        if differs:
            raise EvaluationError(DUPLICATE_SAMPLE)

    def _before(self, rule: str, result: Vector) -> list[Vector]:
        """The results of earlier rules for the same metric."""
        earlier = takewhile(lambda item: item[0] != rule, self._results.items())
        return [other for _, other in earlier if other.metric == result.metric and other.size]

    def alerts(self, rule: str, name: str, alerts: Iterable[Alert]) -> None:
        """Receive an alerting rule's alerts; they become series only when something reads them."""
        self._alerts[rule] = (name, tuple(alerts))
        for metric in (ALERTS, ALERTS_FOR_STATE):
            if self.history.stores(metric):
                self.history.add_result(rule, metric, self._now, self._alert_series(rule, metric))

    def results(self, name: str) -> tuple[Vector, ...]:
        """The results of rules for the metric ``name``; all results where it is empty."""
        if name not in self._of_name:
            code = self.columns.symbols.find(name) if name else None
            selected = (
                result for result in self._results.values() if not name or result.metric == code
            )
            self._of_name[name] = tuple(selected)
        results = self._of_name[name]
        for metric in (ALERTS, ALERTS_FOR_STATE):
            if name in {"", metric}:
                results += tuple(self._alert_series(rule, metric) for rule in self._alerts)
        return results

    def _alert_series(self, rule: str, metric: str) -> Vector:
        name, alerts = self._alerts[rule]
        cached = self._series.get((rule, metric))
        if cached is None or not _identical(cached[0], alerts):
            cached = (alerts, _vector_of(self.columns.symbols, metric, name, alerts))
            self._series[rule, metric] = cached
        return cached[1]

    def retain(self, retention: Mapping[str, int], rules: Iterable[str]) -> None:
        """Drop the results of other rules, and the history that no rule needs any more."""
        known = frozenset(rules)
        for by_rule in (self._results, self._names, self._alerts):
            for rule in by_rule.keys() - known:
                del by_rule[rule]
        self._series.clear()
        self._of_name.clear()
        self.history.retain(retention, known)

    def renew(self) -> None:
        """Renew the symbol table, without the texts of series that are gone."""
        former = self.columns.symbols
        self.columns = FrameColumns()
        symbols = self.columns.symbols
        self._results = {
            rule: result.translated(former, symbols) for rule, result in self._results.items()
        }
        self._series.clear()
        self._of_name.clear()
        self.history.renew(self.columns)


class PresentSource:
    """The series at the time of the evaluation."""

    def __init__(self, live: LiveSeries, below: BlockSource, now: int) -> None:
        self.symbols = below.symbols
        self._live = live
        self._below = below
        self._now = now

    def select(self, selector: Selector) -> Vector:
        """The samples of the series that ``selector`` selects."""
        samples = self._below.select(selector)
        results = self._live.results(selector.name)
        parts = [matching(result, selector.matchers) for result in results]
        return joined(self.symbols, [samples, *parts]) if parts else samples

    def operands(self, selector: Selector) -> Operands:
        """The operands of :meth:`select`: identical objects while its result is the same."""
        name = selector.name
        if not name:
            return (object(),)
        return (self._below.blocks_of(name), *self._live.results(name))

    def at(self, when: int) -> Source:
        """The series at another time, milliseconds since the epoch."""
        return self if when == self._now else _PastSource(self, self._live.history, when)

    def window(self, selector: Selector, span: Span) -> RangeVector:
        """The samples within ``span`` of the series that ``selector`` selects."""
        return self._live.history.window(selector, span)


class _PastSource:
    """The series at an earlier time, from the history."""

    def __init__(self, present: PresentSource, history: History, when: int) -> None:
        self.symbols = present.symbols
        self._present = present
        self._history = history
        self._when = when

    def select(self, selector: Selector) -> Vector:
        """The samples of the series that ``selector`` selects."""
        return self._history.vector(selector, self._when)

    def at(self, when: int) -> Source:
        """The series at another time, milliseconds since the epoch."""
        return self._present.at(when)

    def window(self, selector: Selector, span: Span) -> RangeVector:
        """The samples within ``span`` of the series that ``selector`` selects."""
        return self._history.window(selector, span)


def without_duplicates(result: Vector, others: Iterable[Vector]) -> tuple[Vector, bool]:
    """``result`` without the series of ``others``; also whether a value of these differs."""
    duplicate = np.zeros(result.size, bool)
    differs = False
    for other in others:
        values, present = np.zeros(other.table.rows), np.zeros(other.table.rows, bool)
        values[other.rows], present[other.rows] = other.values, True
        rows = result.table.rows_in(other.table)[result.rows]
        shared = np.flatnonzero((rows >= 0) & present[rows] & ~duplicate)
        same = np.isclose(
            values[rows[shared]], result.values[shared], rtol=0.0, atol=0.0, equal_nan=True
        )
        differs |= not bool(same.all())
        duplicate[shared] = True
    return (result.where(~duplicate) if duplicate.any() else result), differs


def _identical(left: tuple[Alert, ...], right: tuple[Alert, ...]) -> bool:
    return len(left) == len(right) and all(map(is_, left, right))


def _vector_of(symbols: Symbols, metric: str, name: str, alerts: Sequence[Alert]) -> Vector:
    """A rule's alerts as series, in the form in which Prometheus writes them."""
    if not alerts:
        return empty(symbols)
    is_state = metric == ALERTS
    sets = [
        {**alert.labels, ALERT_NAME: name} | ({_STATE: alert.state} if is_state else {})
        for alert in alerts
    ]
    names = sorted({label for labels in sets for label in labels})
    columns = {label: symbols.encode([labels.get(label, "") for labels in sets]) for label in names}
    table = Table(symbols, columns, len(sets), distinct=True)
    values = np.array([1.0 if is_state else alert.active_at for alert in alerts], np.float64)
    return Vector(table, table.all_rows, values, symbols.code(metric))
