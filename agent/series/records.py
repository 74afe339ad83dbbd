"""Series of calls at once beside their limit, and of what lies recorded at the provider."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from agent.checks.concurrency import WINDOW, Load, load_of
from agent.checks.recordings import deletion_at
from agent.checks.unusual_calls import ComparedCalls
from agent.model import CallOutcome, Listing, Number, Routing
from agent.series.context import SeriesContext, account_frame
from agent.states import Capability
from exporters.block import Block
from exporters.family import FAMILIES

Owner = tuple[str, str]
Routings = Mapping[str, Routing]
_CALLS = "numwatch_number_concurrent_calls"
_LIMIT = "numwatch_number_concurrent_calls_limit"
_COMPARED = "numwatch_number_compared_calls"
_USUAL = "numwatch_number_compared_calls_limit"
_DELETION = "numwatch_number_recording_deletion_timestamp_seconds"
_STEP = 60.0
"""Seconds after which calls at once are counted again though no record is new."""
_LONGEST = 3600.0
"""Seconds: a number whose newest call began longer before the window has no series."""


def load_blocks(context: SeriesContext) -> Iterator[Block]:
    """Calls at once and their limit, of the numbers of which both are known."""
    if not (context.fresh(Capability.CALLS) and context.fresh(Capability.ROUTING)):
        return
    snapshot = context.snapshot
    at = context.now // _STEP * _STEP
    inputs = (snapshot.routings, snapshot.recent_calls, at)
    loads = context.memo.of("loads", _loads, *inputs)
    if context.number_rows is not None:
        # With series of few numbers only, those that are near their limit are among them.
        loads = {name: load for name, load in loads.items() if load.is_near}
    if loads:
        yield context.memo.of(_CALLS, _block, _CALLS, context.owner, *_columns(loads, _calls))
        yield context.memo.of(_LIMIT, _block, _LIMIT, context.owner, *_columns(loads, _limit))


def unusual_blocks(context: SeriesContext) -> Iterator[Block]:
    """Calls beside those that are usual, of the numbers of which enough is known."""
    if not context.fresh(Capability.CALLS):
        return
    every = [(number, it) for number, own in context.result.compared_calls.items() for it in own]
    if context.number_rows is not None:
        every = [(number, it) for number, it in every if it.is_unusual]
    if every:
        rows = tuple(every)
        yield context.memo.of(_COMPARED, _compared_block, _COMPARED, context.owner, rows, "calls")
        yield context.memo.of(_USUAL, _compared_block, _USUAL, context.owner, rows, "limit")


def record_blocks(context: SeriesContext) -> Iterator[Block]:
    """What the listing tells of recordings, voicemail and colour ring, where it tells it."""
    listing = context.snapshot.listing
    if listing is None or not context.fresh(Capability.NUMBERS):
        return
    shown = None if context.number_rows is None else context.number_names()
    yield from context.memo.of("listed facts", _fact_blocks, context.owner, listing, shown)
    if context.fresh(Capability.ROUTING):
        inputs = (context.owner, listing, context.snapshot.routings)
        yield context.memo.of(_DELETION, _deletion_block, *inputs)


def _loads(
    routings: Routings, recent: Mapping[str, tuple[CallOutcome, ...]], now: float
) -> dict[str, Load]:
    oldest = now - WINDOW - _LONGEST
    called = (name for name, calls in recent.items() if calls and calls[-1].started_at > oldest)
    loads = ((name, load_of(routings.get(name), recent[name], now)) for name in called)
    return {name: load for name, load in loads if load is not None}


def _compared_block(
    family: str, owner: Owner, rows: Sequence[tuple[str, ComparedCalls]], value: str
) -> Block:
    names, reasons = [name for name, _ in rows], [it.reason.value for _, it in rows]
    frame = account_frame(owner, ("number", "reason"), names, reasons)
    values = np.array([getattr(it, value) for _, it in rows], dtype=np.float64)
    return Block(FAMILIES[family], frame, values)


def _calls(load: Load) -> float:
    return float(load.calls)


def _limit(load: Load) -> float:
    return float(load.limit)


def _columns(
    loads: Mapping[str, Load], value: Callable[[Load], float]
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    return tuple(loads), tuple(map(value, loads.values()))


def _pending(number: Number) -> float | None:
    return number.recordings_pending


def _unread(number: Number) -> float | None:
    return number.voicemail_unread


def _colour_ring(number: Number) -> float | None:
    return number.colour_ring


_FACTS: Mapping[str, Callable[[Number], float | None]] = {
    "numwatch_number_recordings_pending": _pending,
    "numwatch_number_voicemail_unread": _unread,
    "numwatch_number_colour_ring": _colour_ring,
}


def _fact_blocks(owner: Owner, listing: Listing, shown: Sequence[str] | None) -> tuple[Block, ...]:
    """A block for each fact that is known of any number; most providers list none of them."""
    names = None if shown is None else frozenset(shown)
    numbers = [it for it in listing.numbers if names is None or it.number in names]
    blocks = []
    for family, read in _FACTS.items():
        known = [(it.number, float(value)) for it in numbers if (value := read(it)) is not None]
        if known:
            texts, values = [name for name, _ in known], [value for _, value in known]
            blocks.append(_block(family, owner, texts, values))
    return tuple(blocks)


def _deletion_block(owner: Owner, listing: Listing, routings: Routings) -> Block:
    dates = [(it.number, deletion_at(it, routings.get(it.number))) for it in listing.numbers]
    known = [(name, at) for name, at in dates if at is not None]
    return _block(_DELETION, owner, [name for name, _ in known], [at for _, at in known])


def _block(family: str, owner: Owner, names: Sequence[str], values: Sequence[float]) -> Block:
    frame = account_frame(owner, ("number",), names)
    return Block(FAMILIES[family], frame, np.array(values, dtype=np.float64))
