"""What rules see in the running agent: the newest series, what rules wrote, and the past."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

import numpy as np

from agent.model import Alert
from agent.rules.alerting import ALERT_NAME
from agent.rules.history import History
from agent.rules.promql.errors import DUPLICATE_SAMPLE, EvaluationError
from agent.rules.promql.nodes import Selector
from agent.rules.promql.range_vector import RangeVector, Span
from agent.rules.promql.result_cache import Basis
from agent.rules.promql.source import BlockSource, Columns, Source, matching
from agent.rules.promql.symbols import Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector, empty, joined
from exporters.block import Block

ALERTS = "ALERTS"
ALERTS_FOR_STATE = "ALERTS_FOR_STATE"
_STATE = "alertstate"


class Live:
    """Everything rules can read, evaluation after evaluation. It is also where rules write.

    A rule's newest results stay until the rule is evaluated again.
    """

    def __init__(self, reach: Mapping[str, int], floor: int = 0) -> None:
        self.columns = Columns()
        self.history = History(self.columns, reach, floor)
        self._now = 0
        self._results: dict[str, Vector] = {}
        self._names: dict[str, str] = {}
        self._of_name: dict[str, tuple[Vector, ...]] = {}
        self._alerts: dict[str, tuple[str, tuple[Alert, ...]]] = {}
        self._series: dict[tuple[str, str], tuple[tuple[Alert, ...], Vector]] = {}

    def begin(self, now: float, blocks: Sequence[Block]) -> "Present":
        """The source of an evaluation as of ``now`` (epoch seconds), which is kept as a tick."""
        self._now = round(now * 1000)
        self.history.take(self._now, blocks)
        return self.over(blocks)

    @property
    def newest(self) -> int:
        """When the newest tick was taken, milliseconds since the epoch; 0 without one."""
        return self._now

    def over(self, blocks: Sequence[Block]) -> "Present":
        """A source over ``blocks`` that leaves no tick."""
        return Present(self, BlockSource(self.columns, blocks), self._now)

    def record(self, rule: str, result: Vector) -> None:
        """Put a recording rule's newest result in the place of its former one.

        Raises:
            EvaluationError: where a rule before it gave the same series another value, which then
                holds.
        """
        others = self._before(rule, result)
        kept, differs = first_come(result, others) if others else (result, False)
        if kept is not self._results.get(rule):
            self._results[rule] = kept
            self._of_name.clear()
        if kept.size:
            self._names[rule] = self.columns.symbols.texts[kept.metric]
        if rule in self._names:
            self.history.write(rule, self._names[rule], self._now, kept)
        if differs:
            raise EvaluationError(DUPLICATE_SAMPLE)

    def _before(self, rule: str, result: Vector) -> list[Vector]:
        """What rules before this one gave as the same metric."""
        earlier = takewhile(lambda item: item[0] != rule, self._results.items())
        return [one for _, one in earlier if one.metric == result.metric and one.size]

    def alerts(self, rule: str, name: str, alerts: Iterable[Alert]) -> None:
        """Take an alerting rule's alerts; they are made into series when somebody asks."""
        self._alerts[rule] = (name, tuple(alerts))
        for metric in (ALERTS, ALERTS_FOR_STATE):
            if self.history.asks_for(metric):
                self.history.write(rule, metric, self._now, self._alert_series(rule, metric))

    def written(self, name: str) -> tuple[Vector, ...]:
        """What rules wrote as the metric ``name``; everything where that is empty."""
        if name not in self._of_name:
            code = self.columns.symbols.find(name) if name else None
            kept = (one for one in self._results.values() if not name or one.metric == code)
            self._of_name[name] = tuple(kept)
        found = self._of_name[name]
        for metric in (ALERTS, ALERTS_FOR_STATE):
            if name in {"", metric}:
                found += tuple(self._alert_series(rule, metric) for rule in self._alerts)
        return found

    def _alert_series(self, rule: str, metric: str) -> Vector:
        name, alerts = self._alerts[rule]
        known = self._series.get((rule, metric))
        if known is None or not _same(known[0], alerts):
            known = (alerts, _vector_of(self.columns.symbols, metric, name, alerts))
            self._series[rule, metric] = known
        return known[1]

    def retain(self, reach: Mapping[str, int], rules: Iterable[str]) -> None:
        """Forget what other rules wrote, and what nobody asks for any more."""
        known = frozenset(rules)
        for kept in (self._results, self._names, self._alerts):
            for rule in kept.keys() - known:
                del kept[rule]
        self._series.clear()
        self._of_name.clear()
        self.history.retain(reach, known)

    def renew(self) -> None:
        """Start the texts anew, those of series that are gone left out."""
        former = self.columns.symbols
        self.columns = Columns()
        symbols = self.columns.symbols
        self._results = {
            rule: result.translated(former, symbols) for rule, result in self._results.items()
        }
        self._series.clear()
        self._of_name.clear()
        self.history.renew(self.columns)


class Present:
    """Series as of the evaluation."""

    def __init__(self, live: Live, below: BlockSource, now: int) -> None:
        self.symbols = below.symbols
        self._live = live
        self._below = below
        self._now = now

    def select(self, selector: Selector) -> Vector:
        """The samples that ``selector`` picks."""
        found = self._below.select(selector)
        written = self._live.written(selector.name)
        parts = [matching(one, selector.matchers) for one in written]
        return joined(self.symbols, [found, *parts]) if parts else found

    def basis(self, selector: Selector) -> Basis:
        """What :meth:`select` rests on: the very same objects while it gives the same."""
        name = selector.name
        if not name:
            return (object(),)
        return (self._below.blocks_of(name), *self._live.written(name))

    def at(self, when: int) -> Source:
        """The series as of another evaluation."""
        return self if when == self._now else _Past(self, self._live.history, when)

    def window(self, selector: Selector, span: Span) -> RangeVector:
        """The samples within ``span`` that ``selector`` picks."""
        return self._live.history.window(selector, span)


class _Past:
    """Series as they were."""

    def __init__(self, present: Present, history: History, when: int) -> None:
        self.symbols = present.symbols
        self._present = present
        self._history = history
        self._when = when

    def select(self, selector: Selector) -> Vector:
        """The samples that ``selector`` picks."""
        return self._history.vector(selector, self._when)

    def at(self, when: int) -> Source:
        """The series as of another evaluation."""
        return self._present.at(when)

    def window(self, selector: Selector, span: Span) -> RangeVector:
        """The samples within ``span`` that ``selector`` picks."""
        return self._history.window(selector, span)


def first_come(result: Vector, others: Iterable[Vector]) -> tuple[Vector, bool]:
    """``result`` without the series of ``others``, and whether one of them has another value."""
    taken = np.zeros(result.size, bool)
    differs = False
    for other in others:
        values, present = np.zeros(other.table.rows), np.zeros(other.table.rows, bool)
        values[other.rows], present[other.rows] = other.values, True
        ways = result.table.way_to(other.table)[result.rows]
        found = np.flatnonzero((ways >= 0) & present[ways] & ~taken)
        same = np.isclose(
            values[ways[found]], result.values[found], rtol=0.0, atol=0.0, equal_nan=True
        )
        differs |= not bool(same.all())
        taken[found] = True
    return (result.where(~taken) if taken.any() else result), differs


def _same(one: tuple[Alert, ...], other: tuple[Alert, ...]) -> bool:
    return len(one) == len(other) and all(map(_is, one, other))


def _is(one: object, other: object) -> bool:
    return one is other


def _vector_of(symbols: Symbols, metric: str, name: str, alerts: Sequence[Alert]) -> Vector:
    """A rule's alerts as series, as Prometheus writes them."""
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
