"""Queries over the embedded engine: the samples are those the rules are evaluated on.

Everything here may take a while and belongs into a thread. The engine is held for one step at
a time, so that a long query never keeps the rules from their turn.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

import numpy as np

from agent.rules.durations import format_duration
from agent.rules.engine import RuleEngine
from agent.rules.history import LOOKBACK as LOOKBACK_MILLISECONDS
from agent.rules.history import reach_of
from agent.rules.live_source import ALERTS, ALERTS_FOR_STATE
from agent.rules.promql.compile import parse, parse_any
from agent.rules.promql.errors import RefusedError
from agent.rules.promql.evaluate import Instant, Value, evaluate
from agent.rules.promql.nodes import NOW, Kind, Node, Range, Selector, Subquery, kind_of
from agent.rules.promql.range_vector import RangeVector, Span
from agent.rules.promql.source import Source
from agent.rules.promql.vector import Vector
from agent.rules.queries.matrix import Matrix, TooLargeError
from agent.rules.rule import RecordingRule
from exporters.block import Block


class QueryTimeoutError(Exception):
    """The query took longer than it may."""


class Watched:
    """A source that gives nothing once ``until`` (monotonic seconds) has passed."""

    def __init__(self, below: Source, until: float, clock: Callable[[], float] = monotonic) -> None:
        self.symbols = below.symbols
        self._below = below
        self._until = until
        self._clock = clock

    def select(self, selector: Selector) -> Vector:
        """The samples that ``selector`` picks.

        Raises:
            QueryTimeoutError: when the query has had its time.
        """
        self.check()
        return self._below.select(selector)

    def at(self, when: int) -> Source:
        """The same series as of another instant, milliseconds since the epoch."""
        return Watched(self._below.at(when), self._until, self._clock)

    def window(self, selector: Selector, span: Span) -> RangeVector:
        """The samples within ``span`` that ``selector`` picks.

        Raises:
            QueryTimeoutError: when the query has had its time.
        """
        self.check()
        return self._below.window(selector, span)

    def check(self) -> None:
        """Raise when the query has had its time."""
        if self._clock() > self._until:
            raise QueryTimeoutError


LOOKBACK = 300.0
"""Seconds for which a sample stands for its series (Prometheus' default)."""
MOST_SERIES = 100_000
"""Series in one answer."""
SLACK = LOOKBACK_MILLISECONDS + 60_000
"""Milliseconds by which a question may reach further back than what is kept, unremarked."""


class Queries:
    """Answers queries by what the engine sees at this moment.

    Args:
        engine: The engine in use now.
        blocks: Gives all series as of now.
        clock: Epoch seconds.
        reach: Seconds into the past for which the series as of now still answer.
    """

    def __init__(
        self,
        engine: Callable[[], RuleEngine],
        blocks: Callable[[], Sequence[Block]],
        clock: Callable[[], float],
        reach: Callable[[], float],
    ) -> None:
        self.engine = engine
        self._blocks = blocks
        self._clock = clock
        self._reach = reach

    def instant(self, node: Node, at: float, until: float) -> Value | Matrix:
        """What ``node`` gives as of ``at``; ``until`` (monotonic seconds) ends its time.

        Raises:
            EvaluationError: where Prometheus would fail the query too.
            QueryTimeoutError: when it takes too long.
            TooLargeError: when there are more than ``MOST_SERIES`` series.
        """
        with self._reading(self._blocks(), at, until) as source:
            if isinstance(node, Range | Subquery):
                return _samples(node, source, at)
            value = evaluate(node, source, at)
        if isinstance(value, Vector) and value.size > MOST_SERIES:
            raise TooLargeError(
                f"the answer has {value.size} series, at most {MOST_SERIES} are given:"
                " add matchers, or aggregate"
            )
        return value

    def over(self, node: Node, steps: Sequence[float], until: float) -> Matrix:
        """What ``node`` gives at every one of ``steps``.

        Raises:
            As :meth:`instant` does.
        """
        found = Matrix()
        blocks = self._blocks()
        whole = (steps[0], steps[-1])
        for at in steps:
            with self._reading(blocks, at, until) as source:
                value = evaluate(node, source, at, whole)
            if isinstance(value, Vector):
                found.add(value, at)
            elif isinstance(value, float):
                found.add_scalar(value, at)
        return found

    def select(self, selectors: Iterable[Selector], until: float) -> Iterator[Vector]:
        """The series there are now that each of ``selectors`` picks, metric by metric."""
        blocks = self._blocks()
        names = self.metrics(blocks)
        for selector in selectors:
            for name in [selector.name] if selector.name else names:
                with self._reading(blocks, self._clock(), until) as source:
                    found = source.select(Selector(name, selector.matchers))
                if found.size:
                    yield found

    def metrics(self, blocks: Sequence[Block] | None = None) -> list[str]:
        """The names of the metrics there may be."""
        blocks = self._blocks() if blocks is None else blocks
        rules = (rule for group in self.engine().ruleset.groups for rule in group.rules)
        recorded = {rule.name for rule in rules if isinstance(rule, RecordingRule)}
        return sorted(
            {block.family.name for block in blocks} | recorded | {ALERTS, ALERTS_FOR_STATE}
        )

    def gaps(self, node: Node, start: float) -> list[str]:
        """What an answer about ``start`` and after must lack, because it is not remembered."""
        engine, now = self.engine(), self._clock()
        past = round(max(0.0, now - self._reach() - start) * 1000)
        found = []
        for name, length in sorted(reach_of((node,), past).items()):
            kept = engine.remembers(name)
            if length > kept + SLACK:
                of = f"{name}: " if name else ""
                found.append(f"{of}no more than the last {format_duration(kept / 1000)} are kept")
        return found

    @contextmanager
    def _reading(self, blocks: Sequence[Block], at: float, until: float) -> Iterator[Source]:
        engine = self.engine()
        with engine.reading(blocks) as source:
            present = self._is_present(engine, at)
            watched = Watched(source if present else source.at(round(at * 1000)), until)
            watched.check()
            yield watched

    def _is_present(self, engine: RuleEngine, at: float) -> bool:
        """Whether the series as of now answer for ``at``, rather than what is remembered."""
        now = self._clock()
        newer = at >= engine.evaluated_at or not engine.remembers("")
        return newer and now - self._reach() <= at < now + LOOKBACK


def _samples(node: Range | Subquery, source: Source, at: float) -> Matrix:
    """The samples of a range vector."""
    stamp = round(at * 1000)
    found = Matrix()
    with np.errstate(all="ignore"):
        found.add_windows(Instant(source, at, stamp, stamp).matrix(node))
    return found


def parse_query(text: str) -> Node:
    """The nodes of a query, which may be a range vector.

    Raises:
        RefusedError: with what is wrong with it.
    """
    return parse_any(text)


def parse_selector(text: str) -> Selector:
    """A series selector, as ``match[]`` takes one.

    Raises:
        RefusedError: when ``text`` is anything else.
    """
    node = parse(text)
    if not isinstance(node, Selector) or node.shift != NOW:
        raise RefusedError(f"{text!r} is not a series selector such as up{{job='numwatch'}}")
    return node


def is_plottable(node: Node) -> bool:
    """Whether ``node`` has one value per series at every instant."""
    return kind_of(node) in (Kind.SCALAR, Kind.VECTOR)


def steps_between(start: float, end: float, step: float) -> list[float]:
    """Every ``step`` seconds from ``start`` on, up to and including ``end``."""
    count = int((end - start) / step + 1e-9) + 1
    return [float(at) for at in np.round(start + step * np.arange(count), 3)]
