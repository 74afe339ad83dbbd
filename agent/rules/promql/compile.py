"""Compiles promql-parser's tree into the nodes of ``nodes.py``.

Features that the engine does not support are refused by name, so whatever compiles can be
evaluated completely.
"""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import promql_parser as parser

from agent.rules.promql.errors import RefusedError
from agent.rules.promql.functions import ELEMENTWISE, FUNCTIONS, NATIVE_HISTOGRAM_FUNCTIONS
from agent.rules.promql.lexer import (
    extract_times,
    place_of,
    prepare,
    refuse_newer,
    rename_smoothing,
    restore_times,
)
from agent.rules.promql.matchers import METRIC_NAME, Matcher, make_matcher
from agent.rules.promql.nodes import (
    AGGREGATIONS,
    COMPARISONS,
    OPERATORS,
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Kind,
    Matching,
    Negate,
    Node,
    Number,
    Range,
    Selector,
    Semantics,
    Subquery,
    Text,
    TimeModifier,
    kind_of,
)
from agent.rules.promql.range_functions import RANGES, SMOOTHING

if TYPE_CHECKING:
    from collections.abc import Callable


DEFAULT_STEP = 60.0
"""Seconds between the steps of a subquery that names no step (Prometheus' default)."""
MAX_STEPS = 11_000
"""The most steps of one subquery, as many as Prometheus gives points in one answer."""

_QUOTED_NAME = re.compile(r"'([A-Za-z_]\w*)'")
_MATCH_OPERATORS = {
    "MatchOp.Equal": "=",
    "MatchOp.NotEqual": "!=",
    "MatchOp.Re": "=~",
    "MatchOp.NotRe": "!~",
}
_CARDINALITIES = {
    "VectorMatchCardinality.OneToOne": Cardinality.ONE_TO_ONE,
    "VectorMatchCardinality.ManyToOne": Cardinality.MANY_TO_ONE,
    "VectorMatchCardinality.OneToMany": Cardinality.ONE_TO_MANY,
}


def parse(text: str, semantics: Semantics = Semantics.THREE, step: float = DEFAULT_STEP) -> Node:
    """Compile an expression; ``step`` is that of subqueries that name none, in seconds.

    Raises:
        RefusedError: when the expression is not valid, or uses what the engine does not support;
            the text says which, and where (line and column) as far as that is known.
    """
    node = parse_any(text, semantics, step)
    if kind_of(node) is Kind.RANGE:
        raise RefusedError("a range vector is no result, put a function around it")
    return node


def parse_any(
    text: str, semantics: Semantics = Semantics.THREE, step: float = DEFAULT_STEP
) -> Node:
    """Compile an expression as :func:`parse` does, but accept a range vector too.

    Raises:
        As :func:`parse` does.
    """
    try:
        tree, times = read(text, semantics)
        return _Compiler(semantics, round(step * 1000), times).compile(tree)
    except RefusedError as error:
        place = place_of(text, error.word) if error.word else ""
        raise RefusedError(f"{place}: {error}" if place else str(error)) from None


def read(text: str, semantics: Semantics) -> tuple[Any, list[float]]:
    """The parser's tree, and the times after ``@`` by the index that replaces each.

    Raises:
        RefusedError: when the expression is not valid.
    """
    if semantics is Semantics.TWO:
        refuse_newer(text)
    prepared, times = extract_times(rename_smoothing(prepare(text), semantics))
    if not prepared.strip():
        raise RefusedError("expression is empty")
    try:
        return parser.parse(prepared), times
    except ValueError as error:
        name = _QUOTED_NAME.search(str(error))
        raise RefusedError(str(error), name[1] if name else "") from None


class _Compiler:
    def __init__(self, semantics: Semantics, step: int, times: list[float]) -> None:
        self._semantics = semantics
        self._times = times
        self._closed = semantics is Semantics.TWO
        self._step = step
        self._makers: dict[type, Callable[[Any], Node]] = {
            parser.NumberLiteral: lambda tree: Number(tree.val),
            parser.StringLiteral: lambda tree: Text(tree.val),
            parser.ParenExpr: lambda tree: self.compile(tree.expr),
            parser.UnaryExpr: self._negate,
            parser.VectorSelector: self._selector,
            parser.MatrixSelector: self._range,
            parser.SubqueryExpr: self._subquery,
            parser.BinaryExpr: self._binary,
            parser.AggregateExpr: self._aggregate,
            parser.Call: self._call,
        }

    def compile(self, tree: Any) -> Node:
        make = self._makers.get(type(tree))
        if make is None:
            raise RefusedError(f"{type(tree).__name__} is not supported")
        return make(tree)

    def _negate(self, tree: Any) -> Node:
        operand = self.compile(tree.expr)
        return Negate(operand, kind_of(operand))

    def _range(self, tree: Any) -> Node:
        return Range(self._selector(tree.vector_selector), _milliseconds(tree.range), self._closed)

    def _subquery(self, tree: Any) -> Node:
        length = _milliseconds(tree.range)
        step = self._step if tree.step is None else _milliseconds(tree.step)
        if length > MAX_STEPS * step:
            raise RefusedError(f"a subquery has at most {MAX_STEPS} steps", "[")
        return Subquery(self.compile(tree.expr), length, step, self._modifier(tree), self._closed)

    def _selector(self, tree: Any) -> Selector:
        if tree.matchers.or_matchers:
            raise RefusedError("'or' between label matchers is not PromQL", "or")
        matchers = [self._matcher(matcher) for matcher in tree.matchers.matchers]
        name = tree.name or ""
        if not name:
            named = [m for m in matchers if m.label == METRIC_NAME and m.is_equality]
            name = named[0].value if named else ""
            matchers = [m for m in matchers if m not in named[:1]]
        return Selector(name, tuple(matchers), self._modifier(tree))

    def _modifier(self, tree: Any) -> TimeModifier:
        offset = 0 if tree.offset is None else _milliseconds(tree.offset)
        if tree.at is None:
            return TimeModifier(offset)
        kind = str(tree.at.type).removeprefix("AtModifierType.").lower()
        if kind in {"start", "end"}:
            return TimeModifier(offset, kind)
        return TimeModifier(offset, round(self._times[round(tree.at.at.timestamp())] * 1000))

    def _matcher(self, matcher: Any) -> Matcher:
        return make_matcher(
            _MATCH_OPERATORS[str(matcher.op)],
            matcher.name,
            matcher.value,
            dot_matches_newline=self._semantics is Semantics.THREE,
        )

    def _binary(self, tree: Any) -> Node:
        operator = str(tree.op)
        if operator not in OPERATORS:
            raise RefusedError(f"operator {operator} is not supported", operator)
        left, right = self.compile(tree.lhs), self.compile(tree.rhs)
        kinds = {kind_of(left), kind_of(right)}
        kind = Kind.VECTOR if Kind.VECTOR in kinds else Kind.SCALAR
        modifier = tree.modifier
        returns_bool = modifier is not None and modifier.return_bool
        keeps_name = self._keeps_name(operator) and not returns_bool
        return Binary(operator, left, right, kind, returns_bool, keeps_name, _matching(modifier))

    def _keeps_name(self, operator: str) -> bool:
        """Whether the result keeps the metric's name; in Prometheus 2 atan2 does, by mistake."""
        if operator == "atan2":
            return self._semantics is Semantics.TWO
        return operator in COMPARISONS or operator in SET_OPERATORS

    def _aggregate(self, tree: Any) -> Node:
        operator = str(tree.op)
        if operator not in AGGREGATIONS:
            raise RefusedError(f"aggregation {operator} is not supported", operator)
        modifier = tree.modifier
        without = modifier is not None and str(modifier.type) == "AggModifierType.Without"
        parameter = None if tree.param is None else self.compile(tree.param)
        labels = tuple(modifier.labels) if modifier is not None else ()
        if isinstance(parameter, Text) and not without:
            labels = (*labels, parameter.value)
        operand = self.compile(tree.expr)
        return Aggregate(operator, operand, parameter, labels, without, self._semantics)

    def _call(self, tree: Any) -> Node:
        name = tree.func.name
        if (
            name
            in NATIVE_HISTOGRAM_FUNCTIONS[Semantics.THREE]
            - NATIVE_HISTOGRAM_FUNCTIONS[self._semantics]
        ):
            raise RefusedError(f"Prometheus {self._semantics:d} has no function {name}", name)
        if tree.func.experimental and name != SMOOTHING:
            reason = f"function {name} is experimental in Prometheus and not supported"
            raise RefusedError(reason, name)
        if name not in ELEMENTWISE and name not in FUNCTIONS and name not in RANGES:
            raise RefusedError(f"function {name} is not supported", name)
        kind = Kind.SCALAR if str(tree.func.return_type) == "ValueType.Scalar" else Kind.VECTOR
        arguments = tuple(self.compile(argument) for argument in tree.args)
        return Call(name, arguments, kind, self._semantics)


def _milliseconds(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)


def _matching(modifier: Any) -> Matching:
    if modifier is None:
        return Matching()
    fill = modifier.fill_values
    if fill is not None and (fill.lhs is not None or fill.rhs is not None):
        raise RefusedError("fill() is not supported", "fill")
    matching = modifier.matching
    return Matching(
        on=matching is not None and str(matching.type) == "LabelModifierType.Include",
        labels=tuple(matching.labels) if matching is not None else (),
        cardinality=_CARDINALITIES.get(str(modifier.card), Cardinality.ONE_TO_ONE),
        include=tuple(modifier.group_labels or ()),
    )


def formatted(text: str, semantics: Semantics = Semantics.THREE) -> str:
    """``text`` formatted as by Prometheus.

    Raises:
        RefusedError: when it is not valid or not supported.
    """
    parse_any(text, semantics)
    tree, times = read(text, semantics)
    return restore_times(str(tree.prettify()), times)
