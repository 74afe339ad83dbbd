"""Evaluation of expressions: a node and a source in; a scalar, a string or a vector out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent.rules.promql.aggregation import aggregate
from agent.rules.promql.alignment import subquery_range, subquery_times
from agent.rules.promql.binary import compute, match_vectors, set_operation, with_scalar
from agent.rules.promql.functions import (
    ELEMENTWISE,
    FUNCTIONS,
    TIME_DEPENDENT,
    CallContext,
)
from agent.rules.promql.nodes import (
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Negate,
    Node,
    Number,
    Range,
    Selector,
    Subquery,
    Text,
    TimeModifier,
)
from agent.rules.promql.range_functions import RANGES
from agent.rules.promql.range_vector import RangeVector, Span
from agent.rules.promql.relabel import with_value_as_label
from agent.rules.promql.result_cache import Operands, Result, ResultCache
from agent.rules.promql.source import Source
from agent.rules.promql.vector import Vector, single

Value = float | str | Vector


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation of an expression over a source at ``now``, seconds since the epoch."""

    source: Source
    now: float
    start: int
    """The start and end of the query (``@ start()``, ``@ end()``). Milliseconds."""
    end: int
    cache: ResultCache | None = None
    """Results of former evaluations of the same nodes."""

    @property
    def stamp(self) -> int:
        """``now`` in milliseconds, as Prometheus counts time."""
        return round(self.now * 1000)

    def value(self, node: Node) -> Value:
        """The result of ``node``.

        Raises:
            EvaluationError: where Prometheus would fail the query too.
        """
        match node:
            case Number() | Text():
                return node.value
            case Selector():
                return self.selected(node)
            case Range() | Subquery():
                raise TypeError("a range vector is no result")
            case Negate():
                return self._negate(node)
            case Binary():
                return self._binary(node)
            case Aggregate():
                return self._aggregate(node)
            case Call():
                return self._call(node)

    def selected(self, node: Selector) -> Vector:
        """The samples that a selector selects, each with its time."""
        when = self._time_of(node.modifier)
        if when != self.stamp:
            return self.source.at(when).select(node)
        operands = self.cache.operands_of(node) if self.cache else ()
        return self._cached(node, operands, lambda: self.source.select(node))

    def _cached(self, node: Node, operands: Operands, make: Callable[[], Result]) -> Result:
        return make() if self.cache is None else self.cache.of(node, operands, make)

    def _time_of(self, modifier: TimeModifier) -> int:
        fixed = {"start": self.start, "end": self.end, None: self.stamp}
        time = modifier.at if isinstance(modifier.at, int) else fixed[modifier.at]
        return time - modifier.offset

    def matrix(self, node: Range | Subquery) -> RangeVector:
        """The samples of a range vector."""
        modifier = node.selector.modifier if isinstance(node, Range) else node.modifier
        end = self._time_of(modifier)
        span = Span(end - node.length, end, node.closed)
        if isinstance(node, Range):
            return self.source.window(node.selector, span)
        times = subquery_times(span, node.step)
        results = [self._evaluated_at(time, node.operand) for time in times]
        return subquery_range(self.source.symbols, span, times, results)

    def _evaluated_at(self, time: int, node: Node) -> Vector:
        source = self.source.at(time)
        return as_vector(Evaluation(source, time / 1000, self.start, self.end).value(node), source)

    def _argument(self, node: Node) -> Value | RangeVector:
        return self.matrix(node) if isinstance(node, Range | Subquery) else self.value(node)

    def _negate(self, node: Negate) -> Value:
        operand = self.value(node.operand)
        return self._cached(node, (operand,), lambda: _negative(operand))

    def _binary(self, node: Binary) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        return self._cached(node, (left, right), lambda: _binary_result(node, left, right))

    def _aggregate(self, node: Aggregate) -> Vector:
        operand = self.value(node.operand)
        parameter = None if node.parameter is None else self.value(node.parameter)
        operands = operand, parameter
        return self._cached(node, operands, lambda: _aggregation(node, operand, parameter))

    def _call(self, node: Call) -> Value:
        arguments = [self._argument(argument) for argument in node.arguments]
        if node.function in TIME_DEPENDENT:
            return self._call_result(node, arguments)
        if any(isinstance(argument, RangeVector) for argument in arguments):
            # The samples differ every time, so nothing is reused; but an equal former result
            # replaces the new one, for the nodes above.
            return self._cached(node, (object(),), lambda: self._call_result(node, arguments))
        return self._cached(node, (*arguments,), lambda: self._call_result(node, arguments))

    def _call_result(self, node: Call, arguments: list[Any]) -> Value:
        if node.function in ELEMENTWISE:
            (operand,) = arguments
            assert isinstance(operand, Vector)
            values = ELEMENTWISE[node.function](operand.values)
            return operand.nameless().with_values(values)
        if node.function in RANGES:
            return RANGES[node.function](self.stamp, node, arguments)
        context = CallContext(self.source.symbols, self.now)
        return FUNCTIONS[node.function](context, node, arguments)


def _negative(operand: Value) -> Value:
    if isinstance(operand, Vector):
        return operand.nameless().with_values(-operand.values)
    assert isinstance(operand, float)
    return -operand


def _binary_result(node: Binary, left: Value, right: Value) -> Value:
    if isinstance(left, Vector) and isinstance(right, Vector):
        if node.operator in SET_OPERATORS:
            return set_operation(node.operator, left, right, node.matching)
        return match_vectors(node, left, right)
    if isinstance(left, Vector) or isinstance(right, Vector):
        return with_scalar(node, left, right)
    assert isinstance(left, float)
    assert isinstance(right, float)
    return float(compute(node.operator, np.float64(left), np.float64(right)))


def _aggregation(node: Aggregate, operand: Value, parameter: Value | None) -> Vector:
    assert isinstance(operand, Vector)
    if isinstance(parameter, str):
        # count_values: the samples are grouped by their value too.
        operand = with_value_as_label(operand, parameter)
        return aggregate(node, operand, None)
    assert parameter is None or isinstance(parameter, float)
    return aggregate(node, operand, parameter)


def evaluate(
    node: Node,
    source: Source,
    now: float,
    whole: tuple[float, float] | None = None,
    cache: ResultCache | None = None,
) -> Value:
    """The result of ``node`` at ``now``, seconds since the epoch; it may hold NaN and infinity.

    ``whole`` is the start and end of the range query of which ``now`` is a step. ``cache`` has
    results of former evaluations of the same nodes.

    Raises:
        EvaluationError: where Prometheus would fail the query too.
    """
    start, end = (round(time * 1000) for time in whole or (now, now))
    with np.errstate(all="ignore"):
        return Evaluation(source, now, start, end, cache).value(node)


def as_vector(value: Value, source: Source) -> Vector:
    """A result as a vector: a scalar becomes one sample without labels.

    Raises:
        ValueError: when ``value`` is a string; the loader refuses such rules.
    """
    if isinstance(value, Vector):
        return value
    if isinstance(value, str):
        raise ValueError("rule result is not a vector or scalar")  # noqa: TRY004 - a value, by Prometheus' words
    return single(source.symbols, {}, value)
