"""promql-parser's tree into our own nodes, refusing by name what is not supported.

This is the gate: whatever passes it can be evaluated whole.
"""

from typing import TYPE_CHECKING, Any

import promql_parser as parser

from agent.rules.promql.functions import ELEMENTWISE, SPECIAL
from agent.rules.promql.matchers import METRIC_NAME, Matcher, make_matcher
from agent.rules.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Kind,
    Matching,
    Negate,
    Node,
    Number,
    Selector,
    Semantics,
    Text,
    kind_of,
)
from agent.rules.promql.refusal import RefusedError
from agent.rules.promql.scan import prepare

if TYPE_CHECKING:
    from collections.abc import Callable

AGGREGATIONS = frozenset(
    (
        *("sum", "min", "max", "avg", "count", "group", "stddev", "stdvar"),
        *("topk", "bottomk", "quantile"),
    )
)
COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
SET_OPERATORS = frozenset(("and", "or", "unless"))
OPERATORS = COMPARISONS | SET_OPERATORS | {"+", "-", "*", "/", "%", "^", "atan2"}

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


def parse(text: str, semantics: Semantics = Semantics.THREE) -> Node:
    """The nodes of an expression.

    Raises:
        RefusedError: when the expression is not valid, or uses what the engine does not support;
            the text says which.
    """
    prepared = prepare(text)
    if not prepared.strip():
        raise RefusedError("expression is empty")
    try:
        tree = parser.parse(prepared)
    except ValueError as error:
        raise RefusedError(str(error)) from None
    return _Compiler(semantics).compile(tree)


class _Compiler:
    def __init__(self, semantics: Semantics) -> None:
        self._semantics = semantics
        self._makers: dict[type, Callable[[Any], Node]] = {
            parser.NumberLiteral: lambda tree: Number(tree.val),
            parser.StringLiteral: lambda tree: Text(tree.val),
            parser.ParenExpr: lambda tree: self.compile(tree.expr),
            parser.UnaryExpr: self._negate,
            parser.VectorSelector: self._selector,
            parser.BinaryExpr: self._binary,
            parser.AggregateExpr: self._aggregate,
            parser.Call: self._call,
        }

    def compile(self, tree: Any) -> Node:
        make = self._makers.get(type(tree))
        if make is None:
            raise RefusedError(f"{_NOUNS.get(type(tree).__name__, 'this')} is not supported")
        return make(tree)

    def _negate(self, tree: Any) -> Node:
        operand = self.compile(tree.expr)
        return Negate(operand, kind_of(operand))

    def _selector(self, tree: Any) -> Node:
        if tree.offset is not None:
            raise RefusedError("offset is not supported")
        if tree.at is not None:
            raise RefusedError("the @ modifier is not supported")
        if tree.matchers.or_matchers:
            raise RefusedError("'or' between label matchers is not PromQL")
        matchers = [self._matcher(matcher) for matcher in tree.matchers.matchers]
        name = tree.name or ""
        if not name:
            named = [m for m in matchers if m.label == METRIC_NAME and m.is_equality]
            name = named[0].value if named else ""
            matchers = [m for m in matchers if m not in named[:1]]
        return Selector(name, tuple(matchers))

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
            raise RefusedError(f"operator {operator} is not supported")
        left, right = self.compile(tree.lhs), self.compile(tree.rhs)
        kinds = {kind_of(left), kind_of(right)}
        kind = Kind.VECTOR if Kind.VECTOR in kinds else Kind.SCALAR
        modifier = tree.modifier
        returns_bool = modifier is not None and modifier.return_bool
        keeps_name = self._keeps_name(operator) and not returns_bool
        return Binary(operator, left, right, kind, returns_bool, keeps_name, _matching(modifier))

    def _keeps_name(self, operator: str) -> bool:
        """Prometheus 2 forgot to drop the metric's name for atan2."""
        if operator == "atan2":
            return self._semantics is Semantics.TWO
        return operator in COMPARISONS or operator in SET_OPERATORS

    def _aggregate(self, tree: Any) -> Node:
        operator = str(tree.op)
        if operator not in AGGREGATIONS:
            raise RefusedError(f"aggregation {operator} is not supported")
        modifier = tree.modifier
        parameter = None if tree.param is None else self.compile(tree.param)
        return Aggregate(
            operator,
            self.compile(tree.expr),
            parameter,
            tuple(modifier.labels) if modifier is not None else (),
            modifier is not None and str(modifier.type) == "AggModifierType.Without",
            self._semantics,
        )

    def _call(self, tree: Any) -> Node:
        name = tree.func.name
        if tree.func.experimental:
            raise RefusedError(f"function {name} is experimental in Prometheus and not supported")
        if name not in ELEMENTWISE and name not in SPECIAL:
            raise RefusedError(f"function {name} is not supported")
        kind = Kind.SCALAR if str(tree.func.return_type) == "ValueType.Scalar" else Kind.VECTOR
        return Call(name, tuple(self.compile(argument) for argument in tree.args), kind)


_NOUNS = {
    "MatrixSelector": "a range vector selector",
    "SubqueryExpr": "a subquery",
}


def _matching(modifier: Any) -> Matching:
    if modifier is None:
        return Matching()
    fill = modifier.fill_values
    if fill is not None and (fill.lhs is not None or fill.rhs is not None):
        raise RefusedError("fill() is not supported")
    matching = modifier.matching
    return Matching(
        on=matching is not None and str(matching.type) == "LabelModifierType.Include",
        labels=tuple(matching.labels) if matching is not None else (),
        cardinality=_CARDINALITIES.get(str(modifier.card), Cardinality.ONE_TO_ONE),
        include=tuple(modifier.group_labels or ()),
    )
