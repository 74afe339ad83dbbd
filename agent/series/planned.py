"""Which numbers are meant to change now; nothing is shown of the others."""

from collections.abc import Iterator, Sequence

from agent.baselines.planned import Plan, under_way
from agent.series.numbers import ones
from agent.series.source import Source
from exporters.block import Block

_FAMILY = "numwatch_number_change_planned"


def planned_blocks(source: Source, plans: Sequence[Plan]) -> Iterator[Block]:
    """The block of the numbers whose configuration may change at this time."""
    current = under_way(plans, source.now)
    if current:
        names = source.memo.of("planned", _planned, source.owner, source.number_names(), current)
        yield source.memo.of(_FAMILY, ones, _FAMILY, source.frame("planned", ("number",), names))


def _planned(
    owner: tuple[str, str], names: Sequence[str], plans: Sequence[Plan]
) -> tuple[str, ...]:
    return tuple(name for name in names if any(plan.concerns(*owner, name) for plan in plans))
