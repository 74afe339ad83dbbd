"""Functions of native histograms, of which the agent has none: of plain samples they give nothing.

A query may ask them, as of Prometheus over the same samples; a rule may not, because it would
never fire.
"""

from agent.rules.promql.nodes import Call, Node, Semantics, children_of

_BOTH = frozenset({"histogram_count", "histogram_sum", "histogram_fraction"})
_NEWER = frozenset({"histogram_avg", "histogram_stddev", "histogram_stdvar"})

NATIVE = {Semantics.TWO: _BOTH, Semantics.THREE: _BOTH | _NEWER}
"""The functions each generation of Prometheus has."""


def native_function(node: Node) -> str:
    """The first function of native histograms in ``node``; empty where there is none."""
    if isinstance(node, Call) and node.function in NATIVE[Semantics.THREE]:
        return node.function
    return next(filter(None, map(native_function, children_of(node))), "")
