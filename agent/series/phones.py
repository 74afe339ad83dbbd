"""Series of the phones bound behind each number."""

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from agent.checks.columns import Rows
from agent.checks.lifecycle import Codes
from agent.checks.reachability import BINDING_STATES, reachable_column
from agent.series.numbers import ones, state_frame
from agent.series.source import Source, account_frame, sampled, worded
from agent.states import Capability
from exporters.block import Block, Frame

_WORDS = tuple(state.value for state in BINDING_STATES)
_STATE = "numwatch_binding_state"
_REACHABLE = "numwatch_binding_reachable"


def phone_blocks(source: Source) -> Iterator[Block]:
    """Blocks of the bound phones, where what is known of them is fresh."""
    if not source.fresh(Capability.REACHABILITY):
        return
    phones, memo, numbers = source.checked.phones, source.memo, source.number_frame()
    yield source.column("numwatch_number_bindings", numbers, phones.counts)
    yield source.column("numwatch_number_bindings_reachable", numbers, phones.reachable)
    rows = memo.of("phone rows", _phone_rows, phones.starts, source.picked)
    held = (source.owner, source.checked.names, phones.labels, source.picked)
    frame = memo.of("phone frame", _phone_frame, *held)
    states = memo.of("phone states", state_frame, frame, phones.states, _WORDS, rows)
    yield memo.of(_STATE, ones, _STATE, states)
    yield memo.of(_REACHABLE, _reachable_block, frame, phones.states, rows)


def _phone_rows(starts: Rows, picked: Rows | None) -> Rows | None:
    """The rows of the phones whose numbers have series."""
    if picked is None:
        return None
    stretches = [np.arange(starts[row], starts[row + 1]) for row in picked.tolist()]
    return np.concatenate([np.empty(0, dtype=np.intp), *stretches])


def _phone_frame(
    owner: tuple[str, str],
    names: Sequence[str],
    labels: Sequence[tuple[str, ...]],
    picked: Rows | None,
) -> Frame:
    return account_frame(owner, ("number", "binding"), *label_columns(names, labels, picked))


def label_columns(
    names: Sequence[str], labels: Sequence[tuple[str, ...]], picked: Rows | None
) -> tuple[Sequence[str], Sequence[str]]:
    """The number and the label of every phone of the numbers in ``picked``."""
    rows = range(len(names)) if picked is None else picked.tolist()
    owners = np.array([row for row in rows for _ in labels[row]], dtype=np.intp)
    shown = (label for row in rows for label in labels[row])
    return worded(names, owners), cast("Sequence[str]", np.fromiter(shown, dtype=object))


def _reachable_block(frame: Frame, states: Codes, rows: Rows | None) -> Block:
    return sampled(_REACHABLE, frame, reachable_column(states if rows is None else states[rows]))
