"""Expressions written as Prometheus would write them."""

from agent.rules.promql.compile import parse_any, read
from agent.rules.promql.nodes import Semantics
from agent.rules.promql.scan import with_times


def formatted(text: str, semantics: Semantics = Semantics.THREE) -> str:
    """``text`` with the blanks, brackets and lines that Prometheus gives it.

    Raises:
        RefusedError: when it is not valid or not supported.
    """
    parse_any(text, semantics)
    tree, times = read(text, semantics)
    return with_times(str(tree.prettify()), times)
