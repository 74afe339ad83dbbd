"""A recording rule's result into the metric that later rules read."""

import numpy as np

from agent.rules.promql.refusal import EvaluationError
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector
from agent.rules.rule import RecordingRule

DUPLICATE = "vector contains metrics with the same labelset after applying rule labels"


def recorded(rule: RecordingRule, result: Vector, limit: int) -> Vector:
    """The result under the rule's name and labels.

    Raises:
        EvaluationError: when two series become the same one, or there are more than ``limit``.
    """
    symbols = result.table.symbols
    columns = result.table.take(result.rows)
    columns.pop("__name__", None)
    for name, template in rule.labels.items():
        columns[name] = np.full(result.size, symbols.code(template.source), np.int32)
    projection = Table(symbols, columns, result.size).project(tuple(columns))
    if projection.table.rows != result.size:
        raise EvaluationError(DUPLICATE)
    if limit and result.size > limit:
        raise EvaluationError(f"exceeded limit of {limit} with {result.size} series")
    rows = projection.ids.astype(np.intp)
    return Vector(projection.table, rows, result.values, symbols.code(rule.name))
