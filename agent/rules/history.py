"""The past that rules look at: series as they were at former evaluations.

Kept by metric and no longer than some rule asks for. A tick holds the blocks' own arrays, so
that series that did not change from poll to poll are in memory once, and adding a tick copies
nothing. What was absent at a tick is a gap.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.rules.promql.alignment import Alignment, Anchor, Part, Tick, part_of, stretch
from agent.rules.promql.nodes import NOW, Node, Range, Selector, Shift, Subquery, children_of
from agent.rules.promql.over_time import last_over_time
from agent.rules.promql.range_vector import RangeVector, Span, Stretch
from agent.rules.promql.source import Columns
from agent.rules.promql.symbols import Codes, Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector, joined
from exporters.block import Block

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


_POLLED = ""
"""The writer of the agent's own series; others are rules."""


class _Lane:
    """The ticks of one metric by one writer, and how their series were last aligned."""

    def __init__(self) -> None:
        self.ticks: deque[Tick] = deque()
        self.alignment: tuple[tuple[Anchor, ...], Alignment] | None = None

    def add(self, time: int, parts: tuple[Part, ...], oldest: int) -> None:
        while self.ticks and self.ticks[0].time < oldest:
            self.ticks.popleft()
        former = self.ticks[-1].parts if self.ticks else ()
        shared = tuple(
            _shared(part, former[place] if place < len(former) else None)
            for place, part in enumerate(parts)
        )
        self.ticks.append(Tick(time, shared))


class History:
    """Ticks by metric, for as long as ``reach`` says (milliseconds; ``floor`` for all others)."""

    def __init__(self, columns: Columns, reach: Mapping[str, int], floor: int = 0) -> None:
        self._columns = columns
        self._reach = reach
        self._floor = max(floor, reach.get(EVERY, 0))
        self._lanes: dict[str, dict[str, _Lane]] = {}

    def _kept(self, name: str) -> int:
        return max(self._floor, self._reach.get(name, 0))

    def keeps(self, name: str) -> int:
        """For how many milliseconds a metric is kept; "" asks about a metric nobody names."""
        return self._kept(name)

    def take(self, now: int, blocks: Sequence[Block]) -> None:
        """The agent's series as of ``now``, milliseconds since the epoch."""
        parts: dict[str, list[Part]] = {
            name: [] for name, lanes in self._lanes.items() if _POLLED in lanes
        }
        for block in blocks:
            if self._kept(block.family.name):
                part = Part(block.frame, block.values, block.rows)
                parts.setdefault(block.family.name, []).append(part)
        for name, found in parts.items():
            self._lane(name, _POLLED).add(now, tuple(found), now - self._kept(name))

    def write(self, rule: str, name: str, now: int, result: Vector) -> None:
        """What a rule gave for the metric ``name`` as of ``now``."""
        if self._kept(name):
            parts = (part_of(result),) if result.size else ()
            self._lane(name, rule).add(now, parts, now - self._kept(name))

    def _lane(self, name: str, writer: str) -> _Lane:
        return self._lanes.setdefault(name, {}).setdefault(writer, _Lane())

    def asks_for(self, name: str) -> bool:
        """Whether anything of a metric is kept."""
        return bool(self._kept(name))

    def vector(self, selector: Selector, when: int) -> Vector:
        """The samples that stood at ``when``, milliseconds since the epoch."""
        parts = []
        for name, lane in self._picked(selector):
            newest = next((tick for tick in reversed(lane.ticks) if tick.time <= when), None)
            if newest is not None and when - newest.time < LOOKBACK:
                parts.append(self._instant(name, lane, newest, selector))
        return joined(self._columns.symbols, parts)

    def _instant(self, name: str, lane: _Lane, tick: Tick, selector: Selector) -> Vector:
        found = self._stretch(name, lane, [tick], selector).reduced(last_over_time, 1)
        stamps = np.full(found.size, tick.time / 1000)
        return Vector(found.table, found.rows, found.values, found.metric, stamps)

    def window(self, selector: Selector, span: Span) -> RangeVector:
        """The samples within ``span``."""
        found = []
        for name, lane in self._picked(selector):
            ticks = [tick for tick in lane.ticks if span.first <= tick.time <= span.end]
            if any(tick.parts for tick in ticks):
                found.append(self._stretch(name, lane, ticks, selector))
        return RangeVector(self._columns.symbols, span, found)

    def _picked(self, selector: Selector) -> Iterator[tuple[str, _Lane]]:
        names = [selector.name] if selector.name else list(self._lanes)
        return ((name, lane) for name in names for lane in self._lanes.get(name, {}).values())

    def _stretch(
        self, name: str, lane: _Lane, ticks: Sequence[Tick], selector: Selector
    ) -> Stretch:
        def align(anchors: tuple[Anchor, ...]) -> Alignment:
            if lane.alignment is None or lane.alignment[0] != anchors:
                alignment = Alignment(self._columns.symbols, anchors, self._columns_of)
                lane.alignment = (anchors, alignment)
            return lane.alignment[1]

        return stretch(ticks, self._columns.symbols.code(name), selector.matchers, align)

    def _columns_of(self, anchor: Anchor) -> Mapping[str, Codes]:
        return anchor.columns if isinstance(anchor, Table) else self._columns.encoded(anchor)

    def retain(self, reach: Mapping[str, int], rules: frozenset[str]) -> None:
        """Keep what ``reach`` asks for from now on, of the agent's series and of ``rules``."""
        self._reach = reach
        for name in list(self._lanes):
            lanes = self._lanes[name] if self._kept(name) else {}
            kept = {one: lanes[one] for one in lanes if one in rules or one == _POLLED}
            self._lanes[name] = kept
            if not kept:
                del self._lanes[name]

    def renew(self, columns: Columns) -> None:
        """Go over to other columns, with the texts of ``columns.symbols``."""
        former, self._columns = self._columns.symbols, columns
        known: dict[Table, Table] = {}
        for lane in self._all_lanes():
            lane.alignment = None
            lane.ticks = deque(
                Tick(
                    tick.time,
                    tuple(_renewed(part, former, columns.symbols, known) for part in tick.parts),
                )
                for tick in lane.ticks
            )

    def _all_lanes(self) -> Iterator[_Lane]:
        return (lane for lanes in self._lanes.values() for lane in lanes.values())

    def bytes(self) -> int:
        """How much memory the samples take, those that are on the page now included."""
        arrays: dict[int, int] = {}
        for lane in self._all_lanes():
            for tick in lane.ticks:
                for array in _arrays(tick.parts):
                    arrays[id(array)] = array.nbytes
        return sum(arrays.values())


def _arrays(parts: Iterable[Part]) -> Iterator[npt.NDArray[Any]]:
    for part in parts:
        yield part.values
        if part.rows is not None:
            yield part.rows
        if isinstance(part.anchor, Table):
            yield from part.anchor.columns.values()


def _shared(part: Part, former: Part | None) -> Part:
    """``part`` with the arrays of the tick before where they say the same."""
    if former is None:
        return part
    anchor = former.anchor if _same_table(part.anchor, former.anchor) else part.anchor
    values = former.values if np.array_equal(part.values, former.values) else part.values
    rows = part.rows
    if rows is not None and former.rows is not None and np.array_equal(rows, former.rows):
        rows = former.rows
    return Part(anchor, values, rows)


def _same_table(one: Anchor, other: Anchor) -> bool:
    if one is other or not (isinstance(one, Table) and isinstance(other, Table)):
        return one is other
    return one.names == other.names and all(
        np.array_equal(one.columns[name], other.columns[name]) for name in one.names
    )


def _renewed(part: Part, former: Symbols, symbols: Symbols, known: dict[Table, Table]) -> Part:
    if not isinstance(part.anchor, Table):
        return part
    if part.anchor not in known:
        known[part.anchor] = part.anchor.translated(former, symbols)
    return Part(known[part.anchor], part.values, part.rows)
