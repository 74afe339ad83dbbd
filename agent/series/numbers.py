"""Series of single numbers as their listing tells them."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from agent.checks.columns import Rows, gather
from agent.checks.lifecycle import NETWORK_CODES, NETWORK_STATES, NUMBER_STATES, Codes
from agent.checks.result import Change
from agent.series.source import Source, account_frame, extended, worded
from agent.states import Capability, NetworkState
from exporters.block import Block, Frame
from exporters.family import FAMILIES

_UNTOLD = NETWORK_CODES[NetworkState.UNKNOWN]
_NUMBER_WORDS = tuple(state.value for state in NUMBER_STATES)
_NETWORK_WORDS = tuple(state.value for state in NETWORK_STATES)
_ILLEGAL = "numwatch_number_illegal_transition_timestamp_seconds"


def number_blocks(source: Source) -> Iterator[Block]:
    """Blocks of the listing, where it is fresh."""
    if source.fresh(Capability.NUMBERS):
        yield from _listing_blocks(source)


def _listing_blocks(source: Source) -> Iterator[Block]:
    columns, frame, memo = source.checked.columns, source.number_frame(), source.memo
    held = (frame, columns.carriers, columns.grades, source.picked)
    info = memo.of("info frame", _info_frame, *held)
    yield memo.of("numwatch_number_info", ones, "numwatch_number_info", info)
    for family, column in (
        ("numwatch_number_up", columns.up),
        ("numwatch_number_realname_ok", columns.realname_ok),
        ("numwatch_number_contract_expiry_timestamp_seconds", columns.contract_end),
        ("numwatch_number_reclaim_timestamp_seconds", columns.reclaim_at),
    ):
        yield source.column(family, frame, column)
    yield _state_block(source, "numwatch_number_state", columns.states, _NUMBER_WORDS)
    # A provider that never tells a network state gets no family full of "unknown".
    if (columns.networks != _UNTOLD).any():
        family = "numwatch_number_network_state"
        yield _state_block(source, family, columns.networks, _NETWORK_WORDS)
    yield memo.of(_ILLEGAL, _illegal_block, source.owner, source.checked.illegal)


def _state_block(source: Source, family: str, codes: Codes, words: Sequence[str]) -> Block:
    held = (source.number_frame(), codes, words, source.picked)
    frame = source.memo.of("frame " + family, state_frame, *held)
    return source.memo.of(family, ones, family, frame)


def state_frame(frame: Frame, codes: Codes, words: Sequence[str], rows: Rows | None) -> Frame:
    """``frame`` with the label ``state``: the word for each code in ``rows``."""
    shown = codes if rows is None else codes[rows]
    return extended(frame, "state", worded(words, shown))


def ones(family: str, frame: Frame) -> Block:
    """A block that is 1 for every row of ``frame``."""
    return Block(FAMILIES[family], frame, np.ones(frame.rows))


def _info_frame(
    frame: Frame, carriers: Sequence[str], grades: Sequence[str], rows: Rows | None
) -> Frame:
    if rows is not None:
        carriers, grades = gather(carriers, rows), gather(grades, rows)
    return extended(extended(frame, "carrier", carriers), "grade", grades)


def _illegal_block(owner: tuple[str, str], illegal: Mapping[str, Change]) -> Block:
    names = sorted(illegal)
    changes = [illegal[name] for name in names]
    columns = (
        names,
        [before.value for before, _, _ in changes],
        [after.value for _, after, _ in changes],
    )
    frame = account_frame(owner, ("number", "from", "to"), *columns)
    return Block(FAMILIES[_ILLEGAL], frame, np.array([at for _, _, at in changes], dtype=float))
