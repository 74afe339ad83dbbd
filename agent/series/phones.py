"""Series of the phones bound behind each number."""

from collections.abc import Iterator, Sequence

import numpy as np

from agent.checks.columns import Rows
from agent.checks.lifecycle import Codes
from agent.checks.reachability import BINDING_STATES, reachable_column
from agent.series.context import SeriesContext, account_frame, decode, sample_block
from agent.series.numbers import ones, state_frame
from agent.states import Capability
from exporters.block import Block, Frame

_STATE_NAMES = tuple(state.value for state in BINDING_STATES)
_STATE = "numwatch_binding_state"
_REACHABLE = "numwatch_binding_reachable"


def phone_blocks(context: SeriesContext) -> Iterator[Block]:
    """The blocks of the bound phones; none when their reachability is stale."""
    if not context.fresh(Capability.REACHABILITY):
        return
    phones, memo, numbers = context.result.phones, context.memo, context.number_frame()
    yield context.column("numwatch_number_bindings", numbers, phones.counts)
    yield context.column("numwatch_number_bindings_reachable", numbers, phones.reachable)
    rows = memo.of("phone rows", _phone_rows, phones.starts, context.number_rows)
    inputs = (context.owner, context.result.names, phones.labels, context.number_rows)
    frame = memo.of("phone frame", _phone_frame, *inputs)
    states = memo.of("phone states", state_frame, frame, phones.states, _STATE_NAMES, rows)
    yield memo.of(_STATE, ones, _STATE, states)
    yield memo.of(_REACHABLE, _reachable_block, frame, phones.states, rows)


def _phone_rows(starts: Rows, number_rows: Rows | None) -> Rows | None:
    """The rows of the phones whose numbers have series; ``None`` means all."""
    if number_rows is None:
        return None
    row_ranges = [np.arange(starts[row], starts[row + 1]) for row in number_rows.tolist()]
    return np.concatenate([np.empty(0, dtype=np.intp), *row_ranges])


def _phone_frame(
    owner: tuple[str, str],
    names: Sequence[str],
    labels: Sequence[tuple[str, ...]],
    number_rows: Rows | None,
) -> Frame:
    return account_frame(owner, ("number", "binding"), *label_columns(names, labels, number_rows))


def label_columns(
    names: Sequence[str], labels: Sequence[tuple[str, ...]], number_rows: Rows | None
) -> tuple[Sequence[str], Sequence[str]]:
    """The number and the label of every phone of the numbers in ``number_rows``."""
    rows = range(len(names)) if number_rows is None else number_rows.tolist()
    sizes = [len(labels[row]) for row in rows]
    owners = np.repeat(np.arange(len(names)) if number_rows is None else number_rows, sizes)
    # Ids of phones are often the same from number to number: each is in memory once.
    words: dict[str, int] = {}
    codes = (words.setdefault(label, len(words)) for row in rows for label in labels[row])
    shown = np.fromiter(codes, dtype=np.int32, count=owners.size)
    return decode(names, owners), decode(tuple(words), shown)


def _reachable_block(frame: Frame, states: Codes, rows: Rows | None) -> Block:
    return sample_block(
        _REACHABLE, frame, reachable_column(states if rows is None else states[rows])
    )
