"""Subqueries: an expression evaluated step by step, read as a range vector."""

from collections.abc import Mapping, Sequence

from agent.rules.promql.gather import Alignment, Anchor, Part, Tick, part_of, stretch
from agent.rules.promql.symbols import Codes, Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector
from agent.rules.promql.windows import Matrix, Span


def steps_of(span: Span, step: int) -> range:
    """The times of a subquery: the multiples of ``step`` within ``span``. Milliseconds."""
    return range(-(-span.first // step) * step, span.end + 1, step)


def matrix_of(
    symbols: Symbols, span: Span, times: Sequence[int], results: Sequence[Vector]
) -> Matrix:
    """The results of an expression at some times as a range vector."""
    metrics = {result.metric for result in results if result.size}
    metric = metrics.pop() if len(metrics) == 1 else 0
    ticks = [
        Tick(time, _parts(result if metric else result.named()))
        for time, result in zip(times, results, strict=True)
    ]
    found = stretch(ticks, metric, (), lambda anchors: Alignment(symbols, anchors, _columns_of))
    return Matrix(symbols, span, (found,))


def _columns_of(anchor: Anchor) -> Mapping[str, Codes]:
    assert isinstance(anchor, Table)
    return anchor.columns


def _parts(result: Vector) -> tuple[Part, ...]:
    return (part_of(result),) if result.size else ()
