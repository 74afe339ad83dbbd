"""Expressions in Prometheus' format, and what is compiled of them by version."""

import pytest

from agent.rules.promql.compile import formatted, parse
from agent.rules.promql.errors import RefusedError
from agent.rules.promql.nodes import Aggregate, Semantics


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('sum(rate( x{a="b"}[300s]) )by(a)', 'sum by (a) (rate(x{a="b"}[5m]))'),
        ("x  offset 90s + y @ 1e3", "x offset 1m30s + y @ 1000.000"),
        ("x @ 0x10", "x @ 16.000"),
    ],
)
def test_an_expression_is_formatted_as_by_prometheus(text: str, expected: str) -> None:
    assert formatted(text) == expected
    assert formatted(expected) == expected


def test_what_is_not_valid_is_not_formatted() -> None:
    with pytest.raises(RefusedError, match=r"^invalid promql query"):
        formatted("x+")
    with pytest.raises(RefusedError, match="needs a unit in Prometheus 2"):
        formatted("x offset 60", Semantics.TWO)


@pytest.mark.parametrize("semantics", Semantics)
def test_an_aggregation_knows_its_version(semantics: Semantics) -> None:
    node = parse('count_values by (a) ("v", x)', semantics)
    assert isinstance(node, Aggregate)
    assert node.semantics is semantics
    assert (node.labels, node.without) == (("a", "v"), False)
    without = parse('count_values without (a) ("v", x)', semantics)
    assert isinstance(without, Aggregate)
    assert (without.labels, without.without) == (("a",), True)
