"""How far back rules look, by metric: what the live engine has to remember."""

from collections.abc import Iterable, Mapping

from agent.rules.promql.nodes import NOW, Node, Range, Selector, Shift, Subquery, children_of

LOOKBACK = 300_000
"""Milliseconds for which a sample stands for its series (Prometheus' default)."""
EVERY = ""
"""The metric of selectors that name none."""


def reach_of(nodes: Iterable[Node], before: int = 0) -> Mapping[str, int]:
    """Milliseconds to keep of each metric that any of ``nodes`` asks for in the past.

    ``before`` is how long ago they may be evaluated for.
    """
    reach: dict[str, int] = {}
    for node in nodes:
        for name, length in _walk(node, before):
            reach[name] = max(reach.get(name, 0), length)
    return reach


def _walk(node: Node, before: int) -> Iterable[tuple[str, int]]:
    """Metrics and milliseconds, for a node that is evaluated up to ``before`` ago."""
    match node:
        case Selector():
            if before or node.shift != NOW:
                yield node.name, _base(node.shift, before) + LOOKBACK
        case Range():
            yield node.selector.name, _base(node.selector.shift, before) + node.length
        case Subquery():
            yield from _walk(node.operand, _base(node.shift, before) + node.length)
        case _:
            for child in children_of(node):
                yield from _walk(child, before)


def _base(shift: Shift, before: int) -> int:
    # With @ start() and @ end() it is the evaluation itself again, however deep it stands.
    return max(0, shift.offset + (before if shift.at is None else 0))


def fixed_times(node: Node) -> bool:
    """Whether a node asks for a certain moment (``@ 1700000000``), wherever it stands."""
    shift = node.shift if isinstance(node, Selector | Subquery) else NOW
    return isinstance(shift.at, int) or any(map(fixed_times, children_of(node)))
