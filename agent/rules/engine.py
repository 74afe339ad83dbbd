"""The embedded rule engine: blocks of series in, alerts out.

Pure but for its memory of what is pending and firing; it never reads a clock and may be run in
a thread. A rule that fails keeps its alerts as they were and is told in :meth:`health`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from threading import Lock
from time import perf_counter
from typing import NamedTuple, Protocol

import numpy as np

from agent.model import Alert
from agent.rules import alert_state as memory
from agent.rules.alerting import AlertingState
from agent.rules.gotemplate.template import Sample
from agent.rules.history import reach_of
from agent.rules.live_source import Live
from agent.rules.promql.compile import parse
from agent.rules.promql.errors import EvaluationError
from agent.rules.promql.evaluate import as_vector, evaluate
from agent.rules.promql.result_cache import Recall, shared
from agent.rules.promql.source import Source
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector
from agent.rules.rule import AlertingRule, Group, RecordingRule, Rule, RuleHealth, RuleSet
from exporters.block import Block

DUPLICATE = "vector contains metrics with the same labelset after applying rule labels"


def recorded(rule: RecordingRule, result: Vector, limit: int) -> Vector:
    """The result under the rule's name and labels.

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
"""Seconds a restored alert is held while its series are not there yet (divided by the pace).

As long as Prometheus looks back for a sample after its own restart.
"""
_SPARE_SYMBOLS = 200_000


class Recorder(Protocol):
    """Takes what rules write."""

    def record(self, rule: str, result: Vector) -> None:
        """Put a recording rule's newest result in the place of its former one."""
        ...

    def alerts(self, rule: str, name: str, alerts: Iterable[Alert]) -> None:
        """Take an alerting rule's alerts as they stand after its evaluation."""
        ...


class RuleEngine:
    """Evaluates a rule set again and again, and remembers its alerts.

    Of the series it remembers as much as the rules look back for, and ``keep`` seconds of all.
    """

    def __init__(
        self,
        ruleset: RuleSet,
        external_labels: Mapping[str, str] | None = None,
        keep: float = 0.0,
        external_url: str = "",
    ) -> None:
        self.ruleset = ruleset
        self._states: dict[str, AlertingState] = {}
        self._names: dict[int, str] = {}
        self._health: dict[int, RuleHealth] = {}
        self._due: dict[int, float] = {}
        rules = [rule for group in ruleset.groups for rule in group.rules]
        self._reach = reach_of([rule.node for rule in rules])
        self._live = Live(self._reach, round(keep * 1000))
        self._recall = Recall()
        self._nodes = dict(zip(map(id, rules), shared(rule.node for rule in rules), strict=True))
        self._symbols_at_start = 0
        self._written: dict[int, tuple[Vector, Vector]] = {}
        self._turn = Lock()
        self._enlist(external_labels or {}, external_url)

    def _enlist(self, external_labels: Mapping[str, str], external_url: str) -> None:
        taken: dict[str, int] = {}
        for group in self.ruleset.groups:
            for rule in group.rules:
                name = memory.identity(group, rule)
                count = taken[name] = taken.get(name, 0) + 1
                name = name if count == 1 else f"{name}#{count}"
                self._names[id(rule)] = name
                if isinstance(rule, AlertingRule):
                    grace = GRACE / self.ruleset.pace
                    self._states[name] = AlertingState(rule, external_labels, grace, external_url)

    def evaluate(self, blocks: Sequence[Block], now: float) -> tuple[Alert, ...]:
        """Evaluate every group that is due, and give all alerts, pending and firing.

        An alert that is over is simply no longer there. ``now`` is in epoch seconds.
        """
        with self._turn:
            self._renew_symbols()
            source = self._live.begin(now, blocks)
            self._recall.basis_of = source.basis
            for group in self.ruleset.groups:
                if self._is_due(group, now):
                    self.run(group, source, now, self._live, self._recall)
            return self.alerts()

    @contextmanager
    def reading(self, blocks: Sequence[Block]) -> Iterator[Source]:
        """What the rules see, for a reader in another thread; no rule is evaluated meanwhile.

        Keep it short: rules wait for it.
        """
        with self._turn:
            yield self._live.over(blocks)

    def standing(self) -> dict[int, tuple[Alert, ...]]:
        """The alerts by the ``id()`` of their rule, for a reader in another thread."""
        with self._turn:
            return {id(state.rule): state.alerts() for state in self._states.values()}

    def alerts(self) -> tuple[Alert, ...]:
        """All alerts as of the newest evaluation, in the order of the rules."""
        return tuple(chain.from_iterable(state.alerts() for state in self._states.values()))

    def health(self) -> tuple[RuleHealth, ...]:
        """How each rule's newest evaluation went, in the order of the rules."""
        rules = (id(rule) for group in self.ruleset.groups for rule in group.rules)
        return tuple(self._health[rule] for rule in rules if rule in self._health)

    def health_of(self) -> dict[int, RuleHealth]:
        """How each rule's newest evaluation went, by the ``id()`` of the rule."""
        return self._health.copy()

    def durations(self) -> dict[str, float]:
        """Seconds the newest evaluation of each group took, by the group's name."""
        spent: dict[str, float] = {}
        for one in self.health():
            spent[one.group] = spent.get(one.group, 0.0) + one.duration
        return spent

    def state(self) -> bytes:
        """What must survive a restart: every alert, with when it began."""
        return memory.dump(self._states, self.evaluated_at)

    def restore(self, content: bytes) -> int:
        """Take up the alerts of :meth:`state`; gives how many still have a rule.

        Raises:
            ValueError: when ``content`` is not such a state; nothing is restored then.
        """
        return memory.load(content, self._states)

    def inherit(self, former: "RuleEngine") -> None:
        """Go on from where the engine of other rules stopped: its alerts, and what it remembers."""
        memory.load(former.state(), self._states, interrupted=False)
        with former._turn:  # noqa: SLF001 - of its own kind
            self._live = former._live  # noqa: SLF001
            self._live.retain(self._reach, self._names.values())

    @property
    def evaluated_at(self) -> float:
        """When rules were last evaluated; 0 before the first time."""
        return self._live.newest / 1000

    def remembers(self, name: str) -> int:
        """For how many milliseconds the series of a metric are remembered."""
        return self._live.history.keeps(name)

    def history_bytes(self) -> int:
        """Memory taken by the samples that are remembered."""
        with self._turn:
            return self._live.history.bytes()

    def run(
        self,
        group: Group,
        source: Source,
        now: float,
        recorder: Recorder,
        recall: Recall | None = None,
    ) -> None:
        """Evaluate one group's rules in order.

        ``recall`` is of former evaluations over the same series, where there were any.
        """
        turn = _Turn(source, now, recorder, recall)
        for rule in group.rules:
            started = perf_counter()
            error = self._try(rule, group.limit, turn)
            spent = perf_counter() - started
            health = RuleHealth(
                group.file, group.name, rule.name, rule.expression, now, spent, error
            )
            self._health[id(rule)] = health

    def _try(self, rule: Rule, limit: int, turn: "_Turn") -> str:
        try:
            self._evaluate(rule, limit, turn)
        except EvaluationError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - one rule must never stop the others
            return f"internal error: {type(error).__name__}: {error}"
        return ""

    def _evaluate(self, rule: Rule, limit: int, turn: "_Turn") -> None:
        name, node = self._names[id(rule)], self._nodes[id(rule)]
        source, now = turn.source, turn.now
        result = as_vector(evaluate(node, source, now, recall=turn.recall), source)
        if isinstance(rule, RecordingRule):
            turn.recorder.record(name, self._recorded(rule, result, limit))
            return
        state = self._states[name]
        state.evaluate(result, now, limit, lambda text: _answer(text, source, now))
        turn.recorder.alerts(name, rule.name, state.alerts())

    def _recorded(self, rule: RecordingRule, result: Vector, limit: int) -> Vector:
        """The result as the rule writes it; the same series as before while it is the same."""
        former = self._written.get(id(rule))
        if former is None or former[0] is not result:
            former = self._written[id(rule)] = result, recorded(rule, result, limit)
        return former[1]

    def _is_due(self, group: Group, now: float) -> bool:
        """Whether a group with an interval of its own has come to its next slot."""
        if group.interval is None:
            return True
        slot = now // (group.interval / self.ruleset.pace)
        if self._due.get(id(group)) == slot:
            return False
        self._due[id(group)] = slot
        return True

    def _renew_symbols(self) -> None:
        """Start the texts anew once most of them must belong to series that are gone."""
        size = len(self._live.columns.symbols)
        if not self._symbols_at_start:
            self._symbols_at_start = size if size > 1 else 0
        elif size > 2 * self._symbols_at_start + _SPARE_SYMBOLS:
            self._live.renew()
            self._recall.forget()
            self._written.clear()
            self._symbols_at_start = 0


class _Turn(NamedTuple):
    """One evaluation of a group: what is read, as of when, and who takes what rules write."""

    source: Source
    now: float
    recorder: Recorder
    recall: Recall | None


def _answer(text: str, source: Source, now: float) -> list[Sample]:
    """The answer to a query in a template.

    Raises:
        ValueError: when it cannot be answered; the text is shown in the template's place.
    """
    try:
        found = as_vector(evaluate(parse(text), source, now), source)
    except EvaluationError as error:
        raise ValueError(str(error)) from None
    pairs = zip(found.label_sets(), found.values.tolist(), strict=True)
    return [Sample(labels, value) for labels, value in pairs]
