"""Results kept from one evaluation to the next, given again while what they rest on stands.

Nobody writes into a vector, so the very same operands give the same result. A result that was
worked out anew and says what the former one said gives way to the former, so that what rests on
it stands too: an evaluation costs as much as what changed reaches.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass, replace
from operator import is_
from typing import Any, NamedTuple, TypeVar

import numpy as np

from agent.rules.promql.nodes import Node, Range, Selector, Subquery
from agent.rules.promql.vector import Floats, Vector

Result = TypeVar("Result", bound=float | str | Vector)
Basis = tuple[object, ...]


class _Kept(NamedTuple):
    node: Node
    """Held, so that no other node can have its ``id()``."""
    basis: Basis
    result: Any


class Recall:
    """The newest result of each node of some expressions, whose vectors share their symbols."""

    def __init__(self) -> None:
        self._kept: dict[int, _Kept] = {}
        self.basis_of: Callable[[Selector], Basis] = _never_the_same
        """What the samples of a selector rest on in the present evaluation."""

    def of(self, node: Node, basis: Basis, make: Callable[[], Result]) -> Result:
        """What ``make`` gives; not asked again while ``basis`` is of the very same objects."""
        kept = self._kept.get(id(node))
        if kept is None:
            result = make()
        elif _same(kept.basis, basis):
            former: Result = kept.result
            return former
        else:
            result = settled(kept.result, make())
        self._kept[id(node)] = _Kept(node, basis, result)
        return result

    def forget(self) -> None:
        """Start anew, as when the symbols do."""
        self._kept.clear()


def _never_the_same(_selector: Selector) -> Basis:
    return (object(),)


def _same(one: Basis, other: Basis) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))


def settled(former: Result, found: Result) -> Result:
    """``former`` where ``found`` says the very same, sample by sample."""
    if isinstance(former, Vector) and isinstance(found, Vector):
        return former if _agree(former, found) else found
    return found


def _agree(one: Vector, other: Vector) -> bool:
    if one.size != other.size or one.metric != other.metric:
        return False
    if one.stamps is not None or other.stamps is not None:
        return False
    return _same_bits(one.values, other.values) and _same_labels(one, other)


def _same_bits(one: Floats, other: Floats) -> bool:
    """Not by value: NaN must be NaN again, and 0 differs from -0."""
    return one is other or np.array_equal(one.view(np.int64), other.view(np.int64))


def _same_labels(one: Vector, other: Vector) -> bool:
    mine, theirs = one.table, other.table
    if mine is theirs:
        return one.rows is other.rows or np.array_equal(one.rows, other.rows)
    if mine.symbols is not theirs.symbols or mine.names != theirs.names:
        return False
    return all(
        np.array_equal(mine.columns[name][one.rows], theirs.columns[name][other.rows])
        for name in mine.names
    )


def shared(nodes: Iterable[Node]) -> list[Node]:
    """The same expressions, in which equal parts are one object: worked out once for all."""
    known: dict[str, Any] = {}
    return [_shared(node, known) for node in nodes]


def _shared(part: Any, known: dict[str, Any]) -> Any:
    if isinstance(part, tuple):
        return tuple(_shared(one, known) for one in part)
    # The samples of a range are not kept, and those of a subquery are of other instants.
    if not is_dataclass(part) or isinstance(part, Range | Subquery):
        return part
    key = repr(part)
    if key not in known:
        parts = {field.name: getattr(part, field.name) for field in fields(part)}
        changed = {name: _shared(value, known) for name, value in parts.items()}
        known[key] = replace(part, **changed)  # type: ignore[type-var]
    return known[key]
