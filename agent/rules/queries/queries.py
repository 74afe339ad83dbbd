"""Queries over the embedded engine, which read the same samples as the rules.

A query may take long and belongs in a thread. It has the engine for one step at a time, and gives
it up in the middle of a step when rules are due: that step is done again after them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TypeVar

import numpy as np

from agent.config.settings import Settings
from agent.config.web import WebQueries
from agent.rules.durations import format_duration
from agent.rules.engine import RuleEngine
from agent.rules.history import LOOKBACK as LOOKBACK_MILLISECONDS
from agent.rules.history import retention_of
from agent.rules.live_source import ALERTS, ALERTS_FOR_STATE
from agent.rules.promql.budget import SAMPLES_OF_A_TIME, GiveWayError, QueryBudget, limited_to
from agent.rules.promql.compile import parse, parse_any
from agent.rules.promql.errors import RefusedError
from agent.rules.promql.evaluate import Evaluation, Value, evaluate
from agent.rules.promql.nodes import NOW, Kind, Node, Range, Selector, Subquery, kind_of
from agent.rules.promql.range_vector import RangeVector, Span
from agent.rules.promql.source import Source
from agent.rules.promql.symbols import Symbols
from agent.rules.promql.vector import Vector
from agent.rules.queries.matrix import MAX_SERIES, Matrix, TooLargeError
from agent.rules.rule import RecordingRule
from exporters.block import Block

Result = TypeVar("Result")
HasDerived = Callable[[], bool]
"""Whether the symbols have texts that go with the step."""


class BudgetSource:
    """A source that charges what is read from it to a query's budget."""

    def __init__(self, below: Source, budget: QueryBudget) -> None:
        self.symbols = below.symbols
        self._below = below
        self._budget = budget

    def select(self, selector: Selector) -> Vector:
        """The samples of the series that ``selector`` selects.

        Raises:
            EvaluationError: when the budget has too few samples.
            QueryTimeoutError: when the deadline has passed.
        """
        self._budget.check_time()
        vector = self._below.select(selector)
        self._budget.charge_samples(vector.size)
        return vector

    def at(self, when: int) -> Source:
        """The same series at another time, milliseconds since the epoch.

        Raises:
            As :meth:`select` does: subqueries inside each other read at very many times.
        """
        self._budget.charge_samples(SAMPLES_OF_A_TIME)
        return BudgetSource(self._below.at(when), self._budget)

    def window(self, selector: Selector, span: Span) -> RangeVector:
        """The samples within ``span`` of the series that ``selector`` selects.

        Raises:
            QueryTimeoutError: when the deadline has passed.
        """
        self._budget.check_time()
        return self._below.window(selector, span)


@dataclass(frozen=True)
class QueryLimits:
    """The most that a query may take: one step of it, and the answer of all steps."""

    samples: int = 2_000_000
    label_bytes: int = 16 * 1024 * 1024

    @property
    def answer_label_bytes(self) -> int:
        """The most bytes of labels in the answer of all steps."""
        return 2 * self.label_bytes

    @classmethod
    def of(cls, queries: WebQueries) -> "QueryLimits":
        """The limits that the configuration sets."""
        return cls(queries.max_samples, queries.max_label_bytes)


STEP_SECONDS = 5.0
"""The longest that one step may take."""
LOOKBACK = 300.0
"""Seconds after which a sample is stale for an instant query (Prometheus' default)."""
SLACK = LOOKBACK_MILLISECONDS + 60_000
"""Milliseconds by which a query may reach beyond the history without a warning."""


class Queries:
    """Answers queries from the engine's series and history.

    Args:
        engine: The engine in use now.
        blocks: Returns all blocks published now.
        clock: Returns seconds since the epoch.
        staleness: Seconds into the past for which the current series still answer.
        limits: Returns what one step of a query may take.
    """

    def __init__(
        self,
        engine: Callable[[], RuleEngine],
        blocks: Callable[[], Sequence[Block]],
        clock: Callable[[], float],
        staleness: Callable[[], float],
        limits: Callable[[], QueryLimits] = QueryLimits,
    ) -> None:
        self.engine = engine
        self._blocks = blocks
        self._clock = clock
        self._staleness = staleness
        self._limits = limits

    @classmethod
    def of(
        cls,
        engine: Callable[[], RuleEngine],
        blocks: Callable[[], Sequence[Block]],
        clock: Callable[[], float],
        settings: Callable[[], Settings],
    ) -> "Queries":
        """The queries that the configuration in force allows."""
        return cls(
            engine,
            blocks,
            clock,
            lambda: settings().rules.interval,
            lambda: QueryLimits.of(settings().web.queries),
        )

    def instant(self, node: Node, at: float, until: float) -> Value | Matrix:
        """The result of ``node`` at ``at``; ``until`` (monotonic seconds) is the deadline.

        Raises:
            EvaluationError: where Prometheus would fail the query too.
            QueryTimeoutError: when the deadline has passed.
            TooLargeError: when there are more than ``MAX_SERIES`` series.
        """

        def step(source: Source, has_derived: HasDerived) -> Value | Matrix:
            if isinstance(node, Range | Subquery):
                return _samples(node, source, at, self._matrix())
            value = evaluate(node, source, at)
            if isinstance(value, Vector) and has_derived():
                value = value.own().translated(source.symbols, Symbols())
            return value

        value = self._step(self._blocks(), at, until, step)
        if isinstance(value, Vector) and value.size > MAX_SERIES:
            raise TooLargeError(
                f"the answer has {value.size} series, at most {MAX_SERIES} are given:"
                " add matchers, or aggregate"
            )
        return value

    def range(self, node: Node, steps: Sequence[float], until: float) -> Matrix:
        """The results of ``node`` at all ``steps``.

        Raises:
            As :meth:`instant` does.
        """
        matrix = self._matrix()
        blocks = self._blocks()
        whole = (steps[0], steps[-1])
        for at in steps:

            def step(source: Source, _has_derived: HasDerived, at: float = at) -> None:
                value = evaluate(node, source, at, whole)
                if isinstance(value, Vector):
                    matrix.add(value, at)
                elif isinstance(value, float):
                    matrix.add_scalar(value, at)

            self._step(blocks, at, until, step)
        return matrix

    def select(self, selectors: Iterable[Selector], until: float) -> Iterator[Vector]:
        """The current series that each of ``selectors`` selects, metric by metric."""
        blocks = self._blocks()
        names = self.metrics(blocks)
        for selector in selectors:
            for name in [selector.name] if selector.name else names:
                wanted = Selector(name, selector.matchers)
                vector = self._step(blocks, self._clock(), until, partial(_selected, wanted))
                if vector.size:
                    yield vector

    def metrics(self, blocks: Sequence[Block] | None = None) -> list[str]:
        """The names of all metrics that can have series, sorted."""
        blocks = self._blocks() if blocks is None else blocks
        rules = (rule for group in self.engine().ruleset.groups for rule in group.rules)
        recorded = {rule.name for rule in rules if isinstance(rule, RecordingRule)}
        return sorted(
            {block.family.name for block in blocks} | recorded | {ALERTS, ALERTS_FOR_STATE}
        )

    def gaps(self, node: Node, start: float) -> list[str]:
        """Warnings about samples since ``start`` that are no longer in the history."""
        engine, now = self.engine(), self._clock()
        past = round(max(0.0, now - self._staleness() - start) * 1000)
        warnings = []
        for name, length in sorted(retention_of((node,), past).items()):
            retention = engine.retention_of(name)
            if length > retention + SLACK:
                of = f"{name}: " if name else ""
                warnings.append(
                    f"{of}no more than the last {format_duration(retention / 1000)} are kept"
                )
        return warnings

    def _matrix(self) -> Matrix:
        return Matrix(self._limits().answer_label_bytes)

    def _step(
        self,
        blocks: Sequence[Block],
        at: float,
        until: float,
        work: Callable[[Source, HasDerived], Result],
    ) -> Result:
        """The result of one step; when rules are due in the middle of it, it is done again."""
        while True:
            try:
                with self._reading(blocks, at, until) as (source, has_derived):
                    return work(source, has_derived)
            except GiveWayError:
                continue

    @contextmanager
    def _reading(
        self, blocks: Sequence[Block], at: float, until: float
    ) -> Iterator[tuple[Source, HasDerived]]:
        """One step: the source, and whether its symbols have texts that go with the step."""
        engine = self.engine()
        with engine.reading(blocks) as source, source.symbols.scratch() as has_derived:
            deadline = min(until, monotonic() + STEP_SECONDS)
            limits = self._limits()
            budget = QueryBudget(
                limits.samples, limits.label_bytes, deadline, lambda: engine.is_round_waiting
            )
            budget.check_time()
            present = self._is_present(engine, at)
            below = source if present else source.at(round(at * 1000))
            with limited_to(budget):
                yield BudgetSource(below, budget), has_derived

    def _is_present(self, engine: RuleEngine, at: float) -> bool:
        """Whether the current series answer for ``at``, rather than the history."""
        now = self._clock()
        newer = at >= engine.evaluated_at or not engine.retention_of("")
        return newer and now - self._staleness() <= at < now + LOOKBACK


def _selected(selector: Selector, source: Source, has_derived: HasDerived) -> Vector:
    vector = source.select(selector)
    if vector.size and has_derived():
        return vector.own().translated(source.symbols, Symbols())
    return vector


def _samples(node: Range | Subquery, source: Source, at: float, matrix: Matrix) -> Matrix:
    """The samples of a range vector at ``at``."""
    stamp = round(at * 1000)
    with np.errstate(all="ignore"):
        matrix.add_range(Evaluation(source, at, stamp, stamp).matrix(node))
    return matrix


def parse_query(text: str) -> Node:
    """Compile a query, which may be a range vector.

    Raises:
        RefusedError: when it is not valid or not supported.
    """
    return parse_any(text)


def parse_selector(text: str) -> Selector:
    """Compile a series selector, as in ``match[]``.

    Raises:
        RefusedError: when ``text`` is anything else.
    """
    node = parse(text)
    if not isinstance(node, Selector) or node.modifier != NOW:
        raise RefusedError(f"{text!r} is not a series selector such as up{{job='numwatch'}}")
    return node


def is_plottable(node: Node) -> bool:
    """Whether a range query of ``node`` is possible: it is a scalar or an instant vector."""
    return kind_of(node) in (Kind.SCALAR, Kind.VECTOR)


def steps_between(start: float, end: float, step: float) -> list[float]:
    """Every ``step`` seconds from ``start`` on, up to and including ``end``."""
    count = int((end - start) / step + 1e-9) + 1
    return [float(at) for at in np.round(start + step * np.arange(count), 3)]
