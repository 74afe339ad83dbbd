"""Expressions over columns: a node and a source in, a scalar, a text or a vector out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent.rules.promql.aggregation import aggregate
from agent.rules.promql.alignment import matrix_of, steps_of
from agent.rules.promql.binary import combine, compute, match_vectors, with_scalar
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
    Shift,
    Subquery,
    Text,
)
from agent.rules.promql.range_functions import RANGES
from agent.rules.promql.range_vector import RangeVector, Span
from agent.rules.promql.relabel import with_value_as_label
from agent.rules.promql.result_cache import Basis, Recall, Result
from agent.rules.promql.source import Source
from agent.rules.promql.vector import Vector, single

Value = float | str | Vector


@dataclass(frozen=True, slots=True)
class Instant:
    """What an expression is evaluated against: a source, as of ``now`` (epoch seconds)."""

    source: Source
    now: float
    start: int
    """When the query began and ended (``@ start()``, ``@ end()``). Milliseconds."""
    end: int
    recall: Recall | None = None
    """The results of former evaluations of the same nodes."""

    @property
    def stamp(self) -> int:
        """``now`` as Prometheus counts time. Milliseconds."""
        return round(self.now * 1000)

    def value(self, node: Node) -> Value:
        """What ``node`` gives.

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
        """The samples of a selector, each with the time at which it was taken."""
        when = self._moment(node.shift)
        if when != self.stamp:
            return self.source.at(when).select(node)
        basis = self.recall.basis_of(node) if self.recall else ()
        return self._again(node, basis, lambda: self.source.select(node))

    def _again(self, node: Node, basis: Basis, make: Callable[[], Result]) -> Result:
        return make() if self.recall is None else self.recall.of(node, basis, make)

    def _moment(self, shift: Shift) -> int:
        fixed = {"start": self.start, "end": self.end, None: self.stamp}
        moment = shift.at if isinstance(shift.at, int) else fixed[shift.at]
        return moment - shift.offset

    def matrix(self, node: Range | Subquery) -> RangeVector:
        """The samples of a range vector."""
        shift = node.selector.shift if isinstance(node, Range) else node.shift
        end = self._moment(shift)
        span = Span(end - node.length, end, node.closed)
        if isinstance(node, Range):
            return self.source.window(node.selector, span)
        times = steps_of(span, node.step)
        results = [self._earlier(time, node.operand) for time in times]
        return matrix_of(self.source.symbols, span, times, results)

    def _earlier(self, time: int, node: Node) -> Vector:
        source = self.source.at(time)
        return as_vector(Instant(source, time / 1000, self.start, self.end).value(node), source)

    def _argument(self, node: Node) -> Value | RangeVector:
        return self.matrix(node) if isinstance(node, Range | Subquery) else self.value(node)

    def _negate(self, node: Negate) -> Value:
        operand = self.value(node.operand)
        return self._again(node, (operand,), lambda: _negated(operand))

    def _binary(self, node: Binary) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        return self._again(node, (left, right), lambda: _combined(node, left, right))

    def _aggregate(self, node: Aggregate) -> Vector:
        operand = self.value(node.operand)
        parameter = None if node.parameter is None else self.value(node.parameter)
        basis = operand, parameter
        return self._again(node, basis, lambda: _aggregated(node, operand, parameter))

    def _call(self, node: Call) -> Value:
        arguments = [self._argument(argument) for argument in node.arguments]
        if node.function in TIME_DEPENDENT:
            return self._called(node, arguments)
        if any(isinstance(argument, RangeVector) for argument in arguments):
            # Other samples every time: kept for what rests on it, not to be given again.
            return self._again(node, (object(),), lambda: self._called(node, arguments))
        return self._again(node, (*arguments,), lambda: self._called(node, arguments))

    def _called(self, node: Call, arguments: list[Any]) -> Value:
        if node.function in ELEMENTWISE:
            (operand,) = arguments
            assert isinstance(operand, Vector)
            values = ELEMENTWISE[node.function](operand.values)
            return operand.nameless().with_values(values)
        if node.function in RANGES:
            return RANGES[node.function](self.stamp, node, arguments)
        context = CallContext(self.source.symbols, self.now)
        return FUNCTIONS[node.function](context, node, arguments)


def _negated(operand: Value) -> Value:
    if isinstance(operand, Vector):
        return operand.nameless().with_values(-operand.values)
    assert isinstance(operand, float)
    return -operand


def _combined(node: Binary, left: Value, right: Value) -> Value:
    if isinstance(left, Vector) and isinstance(right, Vector):
        if node.operator in SET_OPERATORS:
            return combine(node.operator, left, right, node.matching)
        return match_vectors(node, left, right)
    if isinstance(left, Vector) or isinstance(right, Vector):
        return with_scalar(node, left, right)
    assert isinstance(left, float)
    assert isinstance(right, float)
    return float(compute(node.operator, np.float64(left), np.float64(right)))


def _aggregated(node: Aggregate, operand: Value, parameter: Value | None) -> Vector:
    assert isinstance(operand, Vector)
    if isinstance(parameter, str):
        # The one aggregation with a text: the samples are grouped by their value, too.
        operand = with_value_as_label(operand, parameter)
        return aggregate(node, operand, None)
    assert parameter is None or isinstance(parameter, float)
    return aggregate(node, operand, parameter)


def evaluate(
    node: Node,
    source: Source,
    now: float,
    whole: tuple[float, float] | None = None,
    recall: Recall | None = None,
) -> Value:
    """What ``node`` gives as of ``now``; not-a-number and infinity are values like any other.

    ``whole`` is from when to when the query reaches that ``now`` is a step of. ``recall`` is of
    former evaluations of the same nodes.

    Raises:
        EvaluationError: where Prometheus would fail the query too.
    """
    start, end = (round(moment * 1000) for moment in whole or (now, now))
    with np.errstate(all="ignore"):
        return Instant(source, now, start, end, recall).value(node)


def as_vector(value: Value, source: Source) -> Vector:
    """A rule's result as a vector: a scalar becomes one sample without labels.

    Raises:
        ValueError: when ``value`` is a text; the loader refuses such rules.
    """
    if isinstance(value, Vector):
        return value
    if isinstance(value, str):
        raise ValueError("rule result is not a vector or scalar")  # noqa: TRY004 - a value, by Prometheus' words
    return single(source.symbols, {}, value)
