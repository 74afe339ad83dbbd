"""What is known of a frame's label sets by itself, so that a table of many is not looked through.

One frame of a large table changes, the others stand: that all rows of the table differ follows
from what is known of each frame.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.rules.promql.keys import group
from agent.rules.promql.symbols import Codes


class Traits(NamedTuple):
    """Of the label sets of one frame."""

    distinct: bool
    """Whether no two are the same."""
    constants: Mapping[str, int]
    """The labels that have one value in all of them."""


def traits(columns: Mapping[str, Codes], rows: int) -> Traits:
    """The traits of ``rows`` label sets."""
    if not rows:
        return Traits(distinct=True, constants={})
    first, _ = group([*columns.values()], rows)
    constants = {
        name: int(codes[0]) for name, codes in columns.items() if bool((codes == codes[0]).all())
    }
    return Traits(first.size == rows, constants)


def differ(frames: Sequence[Traits]) -> bool:
    """Whether the label sets of all ``frames`` surely differ; false when that is not known."""
    if not all(frame.distinct for frame in frames):
        return False
    names = set(frames[0].constants).intersection(*(frame.constants for frame in frames))
    return len({tuple(frame.constants[name] for name in sorted(names)) for frame in frames}) == len(
        frames
    )
