"""Series of what people have marked numbers as, for those of which it is known."""

from collections.abc import Iterator

import numpy as np

from agent.model import Listing
from agent.series.context import SeriesContext, account_frame
from agent.states import Capability, MarkingTag
from exporters.block import Block
from exporters.family import FAMILIES

_FAMILY = "numwatch_number_marked"


def marking_blocks(context: SeriesContext) -> Iterator[Block]:
    """The block of the marks; none when the listing, which they come with, is stale."""
    listing = context.snapshot.listing
    if listing is not None and context.fresh(Capability.NUMBERS):
        yield from context.memo.of(_FAMILY, _blocks, context.owner, listing)


def _blocks(owner: tuple[str, str], listing: Listing) -> tuple[Block, ...]:
    """One block; none where no number is known to be marked or not."""
    known = [(it.number, it.marking) for it in listing.numbers if it.marking is not None]
    if not known:
        return ()
    names = [name for name, _ in known]
    tags = [marking.tag.value for _, marking in known]
    # Marked without a count is marked all the same.
    counts = [
        0.0 if marking.tag is MarkingTag.NONE else float(max(1, marking.count))
        for _, marking in known
    ]
    frame = account_frame(owner, ("number", "tag"), names, tags)
    return (Block(FAMILIES[_FAMILY], frame, np.array(counts, dtype=float)),)
