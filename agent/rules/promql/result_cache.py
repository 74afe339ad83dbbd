"""Results reused from one evaluation to the next while their operands do not change.

Vectors are never modified, so the identical operands give an equal result. A new result that
equals the former one is replaced by it, so that the results computed from it can be reused too:
an evaluation costs as much as what the changes reach
(docs/adr/0009-rule-evaluation-is-incremental.md).
"""

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass, replace
from operator import is_
from typing import Any, NamedTuple, TypeVar

import numpy as np

from agent.rules.promql.nodes import Node, Range, Selector, Subquery
from agent.rules.promql.vector import Floats, Vector

Result = TypeVar("Result", bound=float | str | Vector)
Operands = tuple[object, ...]
"""The objects that a result was computed from, compared by identity."""


class _Entry(NamedTuple):
    node: Node
    """A reference, so that no other node can get its ``id()``."""
    operands: Operands
    result: Any


class ResultCache:
    """The newest result of each node of some expressions, whose vectors share one symbol table."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self.operands_of: Callable[[Selector], Operands] = _never_identical
        """The operands of a selector in the current evaluation."""

    def of(self, node: Node, operands: Operands, make: Callable[[], Result]) -> Result:
        """Return ``make()``, or the last result of ``node`` while its operands are identical."""
        entry = self._entries.get(id(node))
        if entry is None:
            result = make()
        elif _identical(entry.operands, operands):
            former: Result = entry.result
            return former
        else:
            result = reuse_if_equal(entry.result, make())
        self._entries[id(node)] = _Entry(node, operands, result)
        return result

    def clear(self) -> None:
        """Drop all results, as when the symbol table is renewed."""
        self._entries.clear()


def _never_identical(_selector: Selector) -> Operands:
    return (object(),)


def _identical(left: Operands, right: Operands) -> bool:
    return len(left) == len(right) and all(map(is_, left, right))


def reuse_if_equal(former: Result, result: Result) -> Result:
    """``former`` where ``result`` has the same samples, else ``result``."""
    if isinstance(former, Vector) and isinstance(result, Vector):
        return former if _equal(former, result) else result
    return result


def _equal(left: Vector, right: Vector) -> bool:
    if left.size != right.size or left.metric != right.metric:
        return False
    if left.stamps is not None or right.stamps is not None:
        return False
    return _same_bits(left.values, right.values) and _same_labels(left, right)


def _same_bits(left: Floats, right: Floats) -> bool:
    """Whether the floats have the same bits: NaN equals NaN then, and 0 differs from -0."""
    return left is right or np.array_equal(left.view(np.int64), right.view(np.int64))


def _same_labels(left: Vector, right: Vector) -> bool:
    table, other = left.table, right.table
    if table is other:
        return left.rows is right.rows or np.array_equal(left.rows, right.rows)
    if table.symbols is not other.symbols or table.names != other.names:
        return False
    return all(
        np.array_equal(table.columns[name][left.rows], other.columns[name][right.rows])
        for name in table.names
    )


def share_subtrees(nodes: Iterable[Node]) -> list[Node]:
    """The same expressions with equal subtrees as one object, so that each is evaluated once."""
    known: dict[str, Any] = {}
    return [_share(node, known) for node in nodes]


def _share(part: Any, known: dict[str, Any]) -> Any:
    if isinstance(part, tuple):
        return tuple(_share(item, known) for item in part)
    # Ranges are not cached, and the results inside a subquery are of other instants.
    if not is_dataclass(part) or isinstance(part, Range | Subquery):
        return part
    key = repr(part)
    if key not in known:
        parts = {field.name: getattr(part, field.name) for field in fields(part)}
        changed = {name: _share(value, known) for name, value in parts.items()}
        known[key] = replace(part, **changed)  # type: ignore[type-var]
    return known[key]
